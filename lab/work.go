package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/loss"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/train"
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
	*Lab
	cell *store.Cell
	in   inputs
	run  *Run

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
	if err := w.begun(record.Run, w.cell, w.in); err != nil {
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
	computer, err := w.compute(ctx, true)
	if err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(w.run.Dir, store.SpecFile), []byte(s.Stored())); err != nil {
		return err
	}
	backend := computer.String()
	if w.devices > 1 {
		backend += fmt.Sprintf(", batches spread over %d devices", w.devices)
	}
	record.Started, record.Versions = w.start.UTC().Format(time.RFC3339), versions(backend)
	for _, p := range w.in.problems {
		record.Skipped = append(record.Skipped, p.Error())
	}
	if err := w.goOn(ctx); err != nil {
		return err
	}
	host, _ := os.Hostname() // for people: "" says as much
	record.Sessions = append(record.Sessions, store.Session{
		From: w.done, Started: w.start.UTC().Format(time.RFC3339), Host: host, Backend: record.Versions["backend"],
	})

	d, held, heldItems, err := w.train(ctx)
	if err != nil {
		return err
	}
	if err := w.choose(ctx, d, held, heldItems); err != nil {
		return err
	}
	if err := d.save(w.run.Dir); err != nil {
		return err
	}
	items, groups, err := w.test(ctx, w.run, d, w.in.tests, w)
	if err != nil {
		return err
	}
	if err := store.WriteItems(filepath.Join(w.run.Dir, store.ScoresFile), d.method.Scores(), items); err != nil {
		return err
	}
	record.Seconds = w.before + time.Since(w.start).Seconds()
	if err := w.writeReport(ctx, w.run, d, w.steps, items, groups, held); err != nil {
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
		w.note("a checkpoint cannot be used: %v; taking the one before", wrong)
	}
	if saved == nil {
		return w.pretrained(ctx, w.weights, s.Encoder)
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
		return fmt.Errorf("lab: checkpoint of %s after step %d: %w; make the run anew after seelab rm %s", record.Run, saved.Step, err, record.Run)
	}
	w.done, w.before, w.trained = saved.Step, p.Seconds, time.Duration(p.Training*float64(time.Second))
	record.Started, record.Sessions = p.Started, p.Sessions
	w.note("%s goes on after step %d of %d", record.Run, w.done, s.Train.Steps)
	for _, session := range p.Sessions {
		if session.Backend != record.Versions["backend"] {
			w.note("it was begun on another backend, %s: its figures will not be those of one alone", session.Backend)
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
		return nil, fmt.Errorf("lab: %w", err)
	}
	about, err := json.MarshalIndent(progress{
		Started: w.run.Record.Started, Seconds: w.before + time.Since(w.start).Seconds(), Training: trained.Seconds(),
		Sessions: w.run.Record.Sessions,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	return map[string][]byte{stateFile: b.Bytes(), store.TrainingFile: steps, progressFile: append(about, '\n')}, nil
}

// train loads the real faces and trains the run's network on them, as far as that has not been done.
func (w *work) train(ctx context.Context) (d *detector, held []face.Face, heldItems []datasets.Item, err error) {
	fail := func(err error) (*detector, []face.Face, []datasets.Item, error) { return nil, nil, nil, err }
	s, record := w.run.Spec, &w.run.Record
	m, err := method.New(s)
	if err != nil {
		return fail(err)
	}
	fit := method.Keep(s)
	faces, _, skipped, err := w.load(ctx, "reading faces", w.in.train, fit)
	if err != nil {
		return fail(err)
	}
	held, heldItems, heldSkipped, err := w.load(ctx, "reading held-out faces", w.in.held, fit)
	if err != nil {
		return fail(err)
	}
	record.Skipped = append(append(record.Skipped, skipped...), heldSkipped...)
	donor := ""
	if w.done == 0 {
		if donor, err = w.adopt(); err != nil {
			return fail(err)
		}
	}
	log, err := store.NewStepLog(filepath.Join(w.run.Dir, store.TrainingFile), w.steps)
	if err != nil {
		return fail(err)
	}
	network, err := method.NewNetwork(w.computer.Backend, w.weights, m, s.Encoder.Size)
	if err == nil && donor == "" {
		err = w.step(ctx, m, network, faces, held, log)
	}
	if err := errors.Join(err, log.Close()); err != nil {
		return fail(err)
	}
	record.Train = store.Training{
		Accuracy: w.steps[len(w.steps)-1].HeldOut, Chance: 1 / float64(m.Classes()), Loss: lastTenth(w.steps),
		Steps: s.Train.Steps, Images: s.Train.Steps * s.Train.Batch, Seconds: w.trained.Seconds(),
		Faces: len(faces), HeldOut: len(held), Fallback: fallbacks(faces),
		Synthetic: w.in.train.Synthetic, Data: w.in.trained, Donor: donor,
	}
	record.Synthetic = w.in.train.Synthetic
	if floor := loss.FloorOf(s.Loss.Name); floor != nil && s.Reads("loss.name") {
		if record.Train.Floor, err = balancedFloor(s, floor); err != nil {
			return fail(err)
		}
	}
	return newDetector(s, m, w.weights, network), held, heldItems, nil
}

// step makes the steps that are left.
func (w *work) step(ctx context.Context, m method.Method, network *method.Network, faces, held []face.Face, log *store.StepLog) error {
	var logged error
	err := train.Run(ctx, w.run.Spec, m, w.weights, faces, held, train.Options{
		Backend: w.computer.Backend, Network: network, Devices: w.devices, Done: w.done, After: w.trained, SaveEvery: w.saveEvery,
		Report: func(p train.Progress) {
			step := store.Step{
				Step: p.Step, Loss: p.Loss, Accuracy: p.Accuracy, HeldOut: p.HeldOut,
				Rate: p.Rate, Strength: p.Strength, At: p.Elapsed.Seconds(),
			}
			w.steps = append(w.steps, step)
			logged = errors.Join(logged, log.Append(step))
			w.report(Event{Stage: "training", Done: p.Step, Total: p.Steps, Training: &p})
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
	entries, err := store.Scan(w.dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Status != store.Finished || e.Head.Network != w.run.Record.Network {
			continue
		}
		dir := filepath.Join(w.dir, e.ID)
		r, err := store.ReadRecord(dir)
		if err != nil || r.Versions["backend"] != w.run.Record.Versions["backend"] || len(r.Train.Data) != len(w.in.trained) ||
			(origin{r.Versions["seelab"], r.Train.Data}).compare(w.in) != nil {
			continue
		}
		if err := store.Verify(dir); err != nil {
			w.note("%s has trained the network of this run, but: %v", e.ID, err)
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
		if err := (&detector{spec: w.run.Spec}).fitted(&file, ""); err != nil {
			return "", fmt.Errorf("lab: %s: %w", filepath.Join(dir, store.WeightsFile), err)
		}
		w.weights = model.NewStore() // without what pretrained weights brought
		if err := encoder.Restore(w.weights, file, "/net"); err != nil {
			return "", err
		}
		w.steps, w.done, w.trained = steps, w.run.Spec.Train.Steps, time.Duration(r.Train.Seconds*float64(time.Second))
		w.note("%s has trained the network of this run", e.ID)
		return e.ID, nil
	}
	return "", nil
}

// chosenStage names what choose keeps.
const chosenStage, chosenFile = "chosen", "score.json"

// chosen is the outcome of chooseScore.
type chosen struct {
	Score       string              `json:"score"`
	Selection   []store.Selection   `json:"selection"`
	Calibration *method.Calibration `json:"calibration"`
	Few         *method.Few         `json:"few,omitempty"`
}

// choose is chooseScore, unless that has been done.
func (w *work) choose(ctx context.Context, d *detector, held []face.Face, items []datasets.Item) error {
	r := w.run
	var c chosen
	if json.Unmarshal(w.cell.Kept(chosenStage)[chosenFile], &c) == nil {
		r.Record.Score, r.Record.Selection, d.calibration, d.few = c.Score, c.Selection, c.Calibration, c.Few
		return nil
	}
	if err := w.chooseScore(ctx, r, d, held, items); err != nil {
		return err
	}
	return w.keep(chosenStage, chosenFile, chosen{r.Record.Score, r.Record.Selection, d.calibration, d.few}, nil)
}

// keep keeps a value as JSON and perhaps another file.
func (w *work) keep(stage, name string, value any, more map[string][]byte) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("lab: %s: %w", stage, err)
	}
	files := map[string][]byte{name: append(text, '\n')}
	for name, text := range more {
		files[name] = text
	}
	return w.cell.Keep(stage, files)
}

const testedFile = "set.json"

// testStage names what is kept of a test set: its content, and the score that decides which variants are made.
func (w *work) testStage(digest string) string {
	sum := sha256.Sum256([]byte(digest + w.run.Record.Score))
	return "test-" + hex.EncodeToString(sum[:8])
}

// tested returns what is kept of a test set. It may be called on nil.
func (w *work) tested(set datasets.Set, digest string) (found scoredSet, ok bool) {
	if w == nil {
		return scoredSet{}, false
	}
	files := w.cell.Kept(w.testStage(digest))
	if files == nil || json.Unmarshal(files[testedFile], &found) != nil {
		return scoredSet{}, false
	}
	_, items, err := store.ParseItems(store.ScoresFile, files[store.ScoresFile])
	found.items = items
	return found, err == nil && len(items) == len(set.Items)
}

// keepTested keeps the scores of a test set. It may be called on nil.
func (w *work) keepTested(digest string, m method.Method, found scoredSet) error {
	if w == nil {
		return nil
	}
	scores, err := store.FormatItems(m.Scores(), found.items)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return w.keep(w.testStage(digest), testedFile, found, map[string][]byte{store.ScoresFile: scores})
}
