package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/heatmap"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
	"github.com/seeable-lab/seeable/lab/version"
)

// work is a run in the making. The order of going on:
//
//  1. the newest good checkpoint gives the network, the optimizer, the steps done and the log of them; without one, another
//     run may have trained the same network; else training begins with the first step
//  2. the score that was chosen, if it was
//  3. the test sets that were scored, one by one
//  4. what is cheap is done anew: figures, report
//
// Each of them is kept as soon as it is there, and the commit is the last.
type work struct {
	*env.Env
	cell *store.Cell
	in   inputs
	run  *Run

	computer *accel.Accel

	weights *model.Store
	done    int // training steps
	steps   []store.Step
	trained time.Duration // time the steps have taken
	before  float64       // seconds of earlier sessions
	start   time.Time     // of this session
}

// The files of a checkpoint.
const (
	stateFile    = "state.safetensors"
	progressFile = "progress.json"
)

// progress is what a checkpoint knows besides the state and the log of the steps.
type progress struct {
	Started  string          `json:"started"`
	Seconds  float64         `json:"seconds"`          // of all sessions
	Training float64         `json:"training_seconds"` // of the steps alone
	Sessions []store.Session `json:"sessions"`
}

func (w *work) do(ctx context.Context) error {
	w.start = time.Now()
	s, record := w.run.Spec, &w.run.Record
	if err := begun(record.Run, w.cell, w.in); err != nil {
		return err
	}
	if f := w.cell.Failure(); f != nil {
		if f.Kind == store.KindDiverged {
			return fmt.Errorf("%w on %s and would again; its last state is in %s; change the spec, or seelab rm %s to try once more: %s",
				ErrDiverged, f.When, w.cell.Path(fmt.Sprintf("bad-%d", f.Step)), record.Run, f.Error)
		}
		if err := w.cell.Retry(); err != nil {
			return err
		}
	}
	var err error
	if w.computer, err = w.Compute(ctx, true); err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(w.run.Dir, store.SpecFile), []byte(s.Stored())); err != nil {
		return err
	}
	backend := w.computer.String()
	if w.Devices > 1 {
		backend += fmt.Sprintf(", batches spread over %d devices", w.Devices)
	}
	record.Started, record.Versions = w.start.UTC().Format(time.RFC3339), env.Versions(backend, w.computer.Plugin())
	for _, p := range w.in.problems {
		record.Skipped = append(record.Skipped, p.Error())
	}
	if err := w.goOn(ctx); err != nil {
		return err
	}
	m, err := method.New(s)
	if err != nil {
		return err
	}
	if err := foresee(ctx, w.Env, m, w.in.tests, len(s.Data.Test) > 0 && w.done < s.Train.Steps); err != nil {
		return err
	}
	host, _ := os.Hostname() // for people: "" says as much
	record.Sessions = append(record.Sessions, store.Session{
		From: w.done, Started: w.start.UTC().Format(time.RFC3339), Host: host, Backend: record.Versions["backend"],
	})

	d, held, err := w.train(ctx)
	if err != nil {
		return err
	}
	defer held.Close()
	defer d.Close()
	if err := w.choose(ctx, d, held); err != nil {
		return err
	}
	if err := d.Save(w.run.Dir); err != nil {
		return err
	}
	items, groups, err := test(ctx, w.Env, w.run, d, w.in, w)
	if err != nil {
		return err
	}
	if err := store.WriteItems(filepath.Join(w.run.Dir, store.ScoresFile), columns(d.Method), items); err != nil {
		return err
	}
	maps, err := heatmap.Measure(ctx, w.Env, d, record, held, w.in.tests)
	if err != nil {
		return err
	}
	record.Seconds = w.before + time.Since(w.start).Seconds()
	if err := writeReport(ctx, w.Env, w.run, d, w.steps, items, groups, maps, held); err != nil {
		return err
	}
	return w.cell.Commit(*record)
}

// goOn takes up the newest good checkpoint, if there is one.
func (w *work) goOn(ctx context.Context) error {
	s, record := w.run.Spec, &w.run.Record
	w.weights = model.NewStore()
	w.weights.RootScope().SetParam(encoder.SeedParam, s.Seed)
	saved, damaged, err := w.cell.Checkpoint()
	if err != nil {
		return err
	}
	for _, wrong := range damaged {
		w.Note("a checkpoint cannot be used: %v; taking the one before", wrong)
	}
	if saved == nil {
		return prepare.Weights(ctx, w.Env, w.weights, s.Encoder)
	}
	state := saved.Files[stateFile]
	file, err := safetensors.Decode(bytes.NewReader(state), int64(len(state)))
	if err == nil {
		err = train.RestoreState(w.weights, file)
	}
	var p progress
	if err == nil {
		err = json.Unmarshal(saved.Files[progressFile], &p)
	}
	if err == nil {
		w.steps, err = store.ParseSteps(store.TrainingFile, saved.Files[store.TrainingFile])
	}
	if err == nil && len(w.steps) != saved.Step {
		err = fmt.Errorf("%s has %d steps", store.TrainingFile, len(w.steps))
	}
	if err != nil {
		return fmt.Errorf("run: checkpoint of %s after step %d: %w; make the run anew after seelab rm %s", record.Run, saved.Step, err, record.Run)
	}
	w.done, w.before, w.trained = saved.Step, p.Seconds, time.Duration(p.Training*float64(time.Second))
	record.Started, record.Sessions = p.Started, p.Sessions
	w.Note("%s goes on after step %d of %d", record.Run, w.done, s.Train.Steps)
	for _, session := range p.Sessions {
		if session.Backend != record.Versions["backend"] {
			w.Note("it was begun on another backend, %s: its figures will not be those of one alone", session.Backend)
			break
		}
	}
	return nil
}

// save keeps the state after a step.
func (w *work) save(done int, trained time.Duration) error {
	file, err := train.State(w.weights)
	if wrong, ok := errors.AsType[*train.NotFiniteError](err); ok {
		return fmt.Errorf("%w: after step %d of %d there are %w", ErrDiverged, done, w.run.Spec.Train.Steps, wrong)
	}
	if err != nil {
		return err
	}
	files, err := w.files(file, trained)
	if err != nil {
		return err
	}
	if err := w.cell.SaveCheckpoint(store.Checkpoint{Step: done, Files: files}); err != nil {
		return err
	}
	w.done, w.trained = done, trained
	return nil
}

// files are those of a checkpoint.
func (w *work) files(state safetensors.File, trained time.Duration) (map[string][]byte, error) {
	var b bytes.Buffer
	if err := safetensors.Encode(&b, state); err != nil {
		return nil, err
	}
	steps, err := store.FormatSteps(w.steps)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	about, err := json.MarshalIndent(progress{
		Started: w.run.Record.Started, Seconds: w.before + time.Since(w.start).Seconds(), Training: trained.Seconds(),
		Sessions: w.run.Record.Sessions,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	return map[string][]byte{stateFile: b.Bytes(), store.TrainingFile: steps, progressFile: append(about, '\n')}, nil
}

// train opens the real faces and trains the run's network on them, as far as that has not been done.
func (w *work) train(ctx context.Context) (d *detector.Detector, held *source.Set, err error) {
	s, record := w.run.Spec, &w.run.Record
	m, err := method.New(s)
	if err != nil {
		return nil, nil, err
	}
	clips, skipped, err := prepare.Training(ctx, w.Env, s, m, "reading faces", w.in.train, w.in.trained[w.in.train.Name])
	if err != nil {
		return nil, nil, err
	}
	defer clips.Close()
	opened, heldSkipped, err := prepare.Training(ctx, w.Env, s, m, "reading held-out faces", w.in.held, w.in.trained[w.in.held.Name])
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	record.Skipped = append(append(record.Skipped, skipped...), heldSkipped...)
	donor := ""
	if w.done == 0 {
		if donor, err = w.adopt(); err != nil {
			return nil, nil, err
		}
	}
	log, err := store.NewStepLog(filepath.Join(w.run.Dir, store.TrainingFile), w.steps)
	if err != nil {
		return nil, nil, err
	}
	network, err := method.NewNetwork(w.computer.Backend, w.weights, m)
	if err == nil && donor == "" {
		err = w.step(ctx, m, network, clips, opened, log)
	}
	if err := errors.Join(err, log.Close()); err != nil {
		return nil, nil, err
	}
	record.Train = store.Training{
		Loss: lastTenth(w.steps), Steps: s.Train.Steps, Images: s.Train.Steps * s.Train.Batch, Seconds: w.trained.Seconds(),
		Faces: clips.Len(), HeldOut: opened.Len(), Fallback: clips.Fallbacks(),
		Synthetic: w.in.train.Synthetic, Data: w.in.trained, Donor: donor,
	}
	record.Train.Made = made(w.Env, w.in.train.Cut, s.Data.Train, s)
	people := map[string]bool{}
	for i := range clips.Len() {
		it := clips.Item(i)
		people[it.Identity] = true
		if it.Fake {
			record.Train.Fakes++
		}
	}
	record.Train.People = len(people)
	last := w.steps[len(w.steps)-1].HeldOut
	if classifier, ok := method.As[method.Classifier](m); ok {
		record.Train.Accuracy, record.Train.Chance = last, 1/float64(classifier.Classes())
	} else {
		record.Train.HeldOutLoss = last
		if measurer, ok := method.As[method.Measurer](m); ok {
			record.Train.Measured = measurer.Measured()
		}
		if first := slices.IndexFunc(w.steps, store.Step.Measured); first >= 0 {
			record.Train.AtFirst = w.steps[first].HeldOut
		}
	}
	record.Synthetic = w.in.train.Synthetic
	if bounded, ok := method.As[method.Bounded](m); ok {
		if record.Train.Floor, err = bounded.Floor(); err != nil {
			return nil, nil, err
		}
	}
	return detector.New(w.Env, s, m, w.weights, network), opened, nil
}

// step makes the steps that are left.
func (w *work) step(ctx context.Context, m method.Method, network *method.Network, clips, held source.Source, log *store.StepLog) error {
	var logged error
	memory := int64(0) // that of other devices is not known
	if w.computer.OnHost() {
		memory = source.AvailableMemory()
	}
	err := train.Run(ctx, w.run.Spec, m, w.weights, clips, held, train.Options{
		Backend: w.computer.Backend, Network: network, Devices: w.Devices, Memory: memory, Done: w.done, After: w.trained, SaveEvery: w.SaveEvery,
		Report: func(p train.Progress) {
			step := store.Step{
				Step: p.Step, Loss: p.Loss, Accuracy: p.Accuracy, HeldOut: p.HeldOut,
				Rate: p.Rate, Strength: p.Strength, At: p.Elapsed.Seconds(),
			}
			if !step.Classified() {
				step.HeldOut = p.HeldOutLoss
			}
			w.steps = append(w.steps, step)
			logged = errors.Join(logged, log.Append(step))
			w.Report(env.Event{Stage: "training", Done: p.Step, Total: p.Steps, Training: &step})
		},
		Save: func(done int, trained time.Duration) error {
			if logged != nil {
				return logged
			}
			return w.save(done, trained)
		},
	})
	if !errors.Is(err, ErrDiverged) {
		return err
	}
	// The state is for a look only, as far as it is finite.
	state, _ := train.State(w.weights)
	files, wrong := w.files(state, w.trained)
	if wrong == nil {
		wrong = w.cell.Quarantine(store.Checkpoint{Step: len(w.steps), Files: files}, err.Error())
	}
	return errors.Join(err, wrong)
}

// adopt takes the trained network of a finished run that was trained as this one would be, and returns that run's id, ""
// if there is none.
func (w *work) adopt() (donor string, err error) {
	entries, err := store.Scan(w.Results)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Status != store.Finished || e.Head.Network != w.run.Record.Network {
			continue
		}
		dir := filepath.Join(w.Results, e.ID)
		r, err := store.ReadRecord(dir)
		if err != nil || otherBackend(r.Versions, w.run.Record.Versions) || len(r.Train.Data) != len(w.in.trained) ||
			originOf(r).compare(w.in) != nil {
			continue
		}
		if err := store.Verify(dir); err != nil {
			w.Note("%s has trained the network of this run, but: %v", e.ID, err)
			continue
		}
		steps, err := store.ReadSteps(filepath.Join(dir, store.TrainingFile))
		if err != nil {
			return "", err
		}
		file, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
		if err != nil {
			return "", err
		}
		detector.TakeFit(&file, "")
		w.weights = model.NewStore() // without what pretrained weights brought
		if err := encoder.Restore(w.weights, file, "/net"); err != nil {
			return "", err
		}
		w.steps, w.done, w.trained = steps, w.run.Spec.Train.Steps, time.Duration(r.Train.Seconds*float64(time.Second))
		w.Note("%s has trained the network of this run", e.ID)
		return e.ID, nil
	}
	return "", nil
}

// otherBackend tells whether two runs were computed by different backends. Versions before 0.6 did not note the plugin.
func otherBackend(a, b map[string]string) bool {
	plugin, other := a[version.PluginKey], b[version.PluginKey]
	return a[version.BackendKey] != b[version.BackendKey] || plugin != "" && other != "" && plugin != other
}

// chosenStage names what choose keeps; other numerics may choose another score.
const chosenStage, chosenFile = "chosen-" + version.Numerics, "score.json"

// chosen is the outcome of chooseScore.
type chosen struct {
	Score     string               `json:"score"`
	Selection []store.Selection    `json:"selection"`
	Choice    *store.Choice        `json:"choice"`
	Pseudo    []store.Pseudo       `json:"pseudo"`
	Fit       map[string][]float64 `json:"fit"`
	Points    *operating.Points    `json:"points"` // since 0.6.0
	Own       *store.Pseudo        `json:"own"`
	Gauge     *store.Gauge         `json:"gauge"`
}

// choose is chooseScore, measureOwn and calibrate, unless that has been done.
func (w *work) choose(ctx context.Context, d *detector.Detector, held *source.Set) error {
	r := w.run
	var c chosen
	_, reporting := prepare.Halves(held, r.Spec)
	if readKept(w.cell.Kept(chosenStage), chosenFile, &c) && c.Choice != nil && c.Points != nil && (c.Own != nil || len(reporting) == 0) {
		r.Record.Train.Own, r.Record.Train.Gauge = c.Own, c.Gauge
		r.Record.Score, r.Record.Selection, r.Record.Choice, r.Record.Pseudo = c.Score, c.Selection, c.Choice, c.Pseudo
		d.Record.Score, d.Fit, d.Points = c.Score, method.Fit{Score: c.Score, Values: c.Fit}, c.Points
		return nil
	}
	if err := chooseScore(ctx, w.Env, r, d, held); err != nil {
		return err
	}
	if len(reporting) > 0 {
		if err := measureOwn(ctx, w.Env, w.computer.Backend, r, d, held, reporting); err != nil {
			return err
		}
	}
	if err := calibrate(ctx, w.Env, r, d, held); err != nil {
		return err
	}
	c = chosen{r.Record.Score, r.Record.Selection, r.Record.Choice, r.Record.Pseudo, d.Fit.Values, d.Points, r.Record.Train.Own, r.Record.Train.Gauge}
	return w.keep(chosenStage, chosenFile, c, nil)
}

// keep keeps a value as JSON and perhaps another file.
func (w *work) keep(stage, name string, value any, more map[string]func(io.Writer) error) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("run: %s: %w", stage, err)
	}
	files := map[string]func(io.Writer) error{name: store.Bytes(append(text, '\n'))}
	maps.Copy(files, more)
	return w.cell.Keep(stage, files)
}

// readKept reads a value that keep has kept; false if there is none.
func readKept(kept fs.FS, name string, value any) bool {
	if kept == nil {
		return false
	}
	text, err := fs.ReadFile(kept, name)
	return err == nil && json.Unmarshal(text, value) == nil
}

const testedFile = "set.json"

// testStage names what is kept of a test set: its content, the score that decides which variants are made, and the numerics.
func (w *work) testStage(digest string) string {
	sum := sha256.Sum256([]byte(digest + w.run.Record.Score + version.Numerics))
	return "test-" + hex.EncodeToString(sum[:8])
}

// tested returns what is kept of a test set. It may be called on nil.
func (w *work) tested(set datasets.Set, m method.Method, digest string) (found scoredSet, ok bool) {
	if w == nil {
		return scoredSet{}, false
	}
	kept := w.cell.Kept(w.testStage(digest))
	if !readKept(kept, testedFile, &found) {
		return scoredSet{}, false
	}
	rows, err := kept.Open(store.ScoresFile)
	if err != nil {
		return scoredSet{}, false
	}
	defer rows.Close()
	names, items, err := store.ParseItems(store.ScoresFile, rows)
	if err != nil || !slices.Equal(names, columns(m)) { // kept by a method of other scores
		return scoredSet{}, false
	}
	found.faces, found.scores = set.Items, make([]float64, 0, len(names)*len(set.Items))
	n := 0
	for it, err := range items {
		if err != nil || n == len(set.Items) || !same(it, set.Items[n]) {
			return scoredSet{}, false
		}
		found.scores = append(found.scores, it.Scores...)
		n++
	}
	return found, n == len(set.Items)
}

// same tells whether a row is that of a face of a set.
func same(row store.Item, it datasets.Item) bool {
	return row.File == it.File && row.Frame == it.Frame && row.Video == it.Video && row.Method == it.Method
}

// keepTested keeps the scores of a test set. It may be called on nil.
func (w *work) keepTested(digest string, m method.Method, found scoredSet) error {
	if w == nil {
		return nil
	}
	return w.keep(w.testStage(digest), testedFile, found, map[string]func(io.Writer) error{
		store.ScoresFile: func(out io.Writer) error { return store.FormatItems(out, columns(m), found.items()) },
	})
}
