package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// tinySpec writes the tiny experiment, some keys of it changed.
func tinySpec(t *testing.T, sets ...string) (path string, s spec.Spec) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tiny.toml")
	write(t, path, []byte(tiny))
	s, err := experiments.Load(path)
	for _, set := range sets {
		err = errors.Join(err, s.Set(set))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte(s.TOML()))
	return path, s
}

// runUntil runs s and stops it at the first event that stop says.
func runUntil(t *testing.T, results, data string, s spec.Spec, stop func(lab.Event) bool) (run *lab.Run, notes string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := lab.Open(results, lab.WithData(data), lab.WithBackend("xla:cpu"), lab.WithCheckpoints(time.Nanosecond), lab.WithReport(func(e lab.Event) {
		if e.Note != "" {
			notes += e.Note + "\n"
		}
		if stop != nil && stop(e) {
			cancel()
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	run, err = l.Run(ctx, s)
	return run, notes, err
}

// A run that is interrupted in its training and in its tests goes on where it was, and finds to the bit what an undisturbed
// one finds. A run of the same network takes it.
func TestResume(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles five times")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	path, s := tinySpec(t, "score.name=calibrated")
	var want store.Record
	undisturbed := t.TempDir()
	if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", undisturbed, "--json")), &want); err != nil {
		t.Fatal(err)
	}
	whole := folder(t, filepath.Join(undisturbed, want.Run))

	results := t.TempDir()
	atStep := func(n int) func(lab.Event) bool {
		return func(e lab.Event) bool { return e.Training != nil && e.Training.Step == n }
	}
	_, _, err := runUntil(t, results, data, s, atStep(2))
	if stopped, ok := errors.AsType[*lab.StoppedError](err); !ok || stopped.Done != 2 || stopped.Steps != 6 || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want one of 2 steps done of 6", err)
	}
	if text := must(t, "runs", "--results", results); !strings.Contains(text, want.Run) || !strings.Contains(text, "half done") || !strings.Contains(text, "step 2 of 6") {
		t.Errorf("runs prints %s", text)
	}
	if text := must(t, "verify", "--results", results); !strings.Contains(text, "as written") {
		t.Errorf("verify prints %s", text)
	}
	if _, notes, err := runUntil(t, results, data, s, atStep(5)); err == nil || !strings.Contains(notes, "goes on after step 2 of 6") {
		t.Fatalf("error %v, notes %s", err, notes)
	}
	_, notes, err := runUntil(t, results, data, s, func(e lab.Event) bool { return strings.HasPrefix(e.Stage, "testing ") })
	if stopped, ok := errors.AsType[*lab.StoppedError](err); !ok || stopped.Done != 6 || !strings.Contains(notes, "goes on after step 5 of 6") {
		t.Fatalf("error %v, notes %s", err, notes)
	}
	code, stdout, stderr := seelab(t, "run", path, "--data", data, "--results", results, "--json")
	if code != 0 || !strings.Contains(stderr, "goes on after step 6 of 6") {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	var got store.Record
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if !sameTests(got.Tests, want.Tests) || !reflect.DeepEqual(got.Rivals, want.Rivals) || !reflect.DeepEqual(got.Selection, want.Selection) || got.Train.Loss != want.Train.Loss || got.Train.Accuracy != want.Train.Accuracy {
		t.Errorf("%+v\nundisturbed %+v", got, want)
	}
	from := []int{}
	for _, session := range got.Sessions {
		from = append(from, session.From)
	}
	if !reflect.DeepEqual(from, []int{0, 2, 5, 6}) && !reflect.DeepEqual(from, []int{0, 2, 5}) {
		t.Errorf("sessions from %v", from)
	}
	parts := folder(t, filepath.Join(results, got.Run))
	for _, name := range []string{store.ScoresFile, store.WeightsFile, store.SpecFile} {
		if parts[name] != whole[name] || parts[name] == "" {
			t.Errorf("%s differs from that of an undisturbed run", name)
		}
	}
	if left, err := filepath.Glob(filepath.Join(results, "*")); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %q, error %v", left, err)
	}

	t.Run("same network", func(t *testing.T) {
		path, _ := tinySpec(t, "score.name=min")
		var shared store.Record
		if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", results, "--json")), &shared); err != nil {
			t.Fatal(err)
		}
		if shared.Train.Donor != got.Run || shared.Run == got.Run || shared.Score != "min" {
			t.Errorf("donor %q of %s with score %s, want %q", shared.Train.Donor, shared.Run, shared.Score, got.Run)
		}
		// Both hold every score of every face.
		scores := func(run string) (column []float64) {
			names, items, err := store.ReadItems(filepath.Join(results, run, store.ScoresFile))
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range items {
				if score := it.Scores[slices.Index(names, "min")]; score == score { // a face that cannot be read has NaN
					column = append(column, score)
				}
			}
			return column
		}
		if a, b := scores(got.Run), scores(shared.Run); !slices.Equal(a, b) || len(a) != 15 {
			t.Errorf("with the network of another run the scores are %v, of that run %v", b, a)
		}
	})
	t.Run("verify", func(t *testing.T) {
		path := filepath.Join(results, got.Run, store.ScoresFile)
		text := []byte(parts[store.ScoresFile])
		text[len(text)/2] ^= 1
		write(t, path, text)
		code, stdout, stderr := seelab(t, "verify", got.Run, "--results", results, "--json")
		if code != failed || !strings.Contains(stdout, `"damaged"`) || !strings.Contains(stdout, "scores.csv has changed") || !strings.Contains(stderr, "1 of 1") {
			t.Errorf("exit code %d: %s %s", code, stdout, stderr)
		}
	})
}

// A run whose loss is not finite is marked, keeps the state for a look, and is not tried again.
func TestDiverged(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	path, s := tinySpec(t, "train.optimizer=sgd", "train.learning_rate=10", "train.warm_up=0", "train.weight_decay=1", "train.decay=constant", "train.steps=80")
	for _, want := range []string{"diverged at step ", "would again"} {
		code, _, stderr := seelab(t, "run", path, "--data", data, "--results", results)
		if code != failed || !strings.Contains(stderr, want) {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	text := must(t, "show", "tiny", "--results", results, "--json")
	var got struct {
		Status  string
		Failure store.Failure
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Status != "diverged" || got.Failure.Kind != "diverged" || got.Failure.Step < 2 {
		t.Errorf("error %v: %s", err, text)
	}
	bad, err := filepath.Glob(filepath.Join(results, store.UnfinishedFolder, lab.ID(s), "attempt-*", "bad-*", "*.safetensors"))
	if err != nil || len(bad) != 1 {
		t.Errorf("quarantine %q, error %v", bad, err)
	}
	if text := must(t, "rm", "tiny", "--results", results); text != "removed "+lab.ID(s)+"\n" {
		t.Errorf("rm prints %q", text)
	}
	if text := must(t, "runs", "--results", results, "--json"); text != "[]\n" {
		t.Errorf("runs prints %s", text)
	}
}

// finishedRun writes the run folder that s on data would have, without its making.
func finishedRun(t *testing.T, results, data string, s spec.Spec, change func(*store.Record)) string {
	t.Helper()
	id := lab.ID(s)
	tests, _, err := datasets.Tests(data, s.Data.Test, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	train, held, _, err := datasets.Train(data, s.Data, s.Seed, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	r := store.Record{Run: id, Name: s.Name, Seconds: 61, Score: "cosine", Versions: map[string]string{"seelab": lab.Version, "numerics": lab.Numerics, "training": version.Training}, Train: store.Training{Data: map[string]string{}}}
	for _, set := range append(tests, train, held) {
		digest, err := datasets.Digest(set)
		if err != nil {
			t.Fatal(err)
		}
		if set.Name == tests[0].Name {
			r.Tests = append(r.Tests, store.Test{Dataset: set.Name, Method: "all", Level: "video", AUC: 0.625, Digest: digest})
		} else {
			r.Train.Data[set.Name] = digest
		}
	}
	r.AUC = store.Headline(r.Tests)
	if change != nil {
		change(&r)
	}
	c, err := store.Claim(t.Context(), results, id, 0)
	if err == nil {
		err = errors.Join(store.WriteFile(filepath.Join(c.Dir(), store.SpecFile), []byte(s.TOML())), c.Commit(r))
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A finished run is returned only while the data and the numerics are those that it was made with.
func TestFinishedRunAndChanges(t *testing.T) {
	data, truncated := drawData(t)
	path, s := tinySpec(t)
	run := func(results, data string) (code int, stdout, stderr string) {
		return seelab(t, "run", path, "--data", data, "--results", results, "--json")
	}
	results := t.TempDir()
	id := finishedRun(t, results, data, s, nil)
	if code, stdout, stderr := run(results, data); code != 0 || !strings.Contains(stdout, `"auc": 0.625`) || !strings.Contains(stderr, "finished already") {
		t.Errorf("exit code %d: %s %s", code, stdout, stderr)
	}
	if code, stdout, stderr := run(results, filepath.Join(data, "none")); code != 0 || !strings.Contains(stdout, `"auc": 0.625`) || !strings.Contains(stderr, "is not known") {
		t.Errorf("without data: exit code %d: %s %s", code, stdout, stderr)
	}
	older := t.TempDir()
	finishedRun(t, older, data, s, func(r *store.Record) {
		r.Versions = map[string]string{"seelab": "0.5.0", "numerics": lab.Numerics, "training": version.Training}
	})
	if code, stdout, stderr := run(older, data); code != 0 || !strings.Contains(stdout, `"auc": 0.625`) || !strings.Contains(stderr, "finished already") {
		t.Errorf("an older release with the same numerics: exit code %d: %s %s", code, stdout, stderr)
	}
	other := t.TempDir()
	finishedRun(t, other, data, s, func(r *store.Record) { r.Versions = map[string]string{"seelab": "0.0.9"} })
	if code, stdout, stderr := run(other, data); code != failed || stdout != "" || !strings.Contains(stderr, "with numerics of version 0.0.9, this lab has "+lab.Numerics) || !strings.Contains(stderr, "seelab rm "+id) {
		t.Errorf("another version: exit code %d: %s %s", code, stdout, stderr)
	}
	text, err := os.ReadFile(truncated)
	if err != nil {
		t.Fatal(err)
	}
	write(t, truncated, text[:len(text)-1])
	if code, stdout, stderr := run(results, data); code != failed || stdout != "" || !strings.Contains(stderr, "another content of drawn (digest ") {
		t.Errorf("another test face: exit code %d: %s %s", code, stdout, stderr)
	}
	write(t, truncated, text)
	if code, _, stderr := run(results, data); code != 0 {
		t.Errorf("the old faces again: exit code %d: %s", code, stderr)
	}
	faces, err := filepath.Glob(filepath.Join(data, "real/drawn/*/*.jpg"))
	if err != nil || len(faces) == 0 {
		faces, err = filepath.Glob(filepath.Join(data, "real/drawn/*.jpg"))
	}
	if err != nil || len(faces) == 0 {
		t.Fatal(faces, err)
	}
	if text, err = os.ReadFile(faces[0]); err != nil {
		t.Fatal(err)
	}
	write(t, faces[0], append(text, 0))
	if code, stdout, stderr := run(results, data); code != failed || stdout != "" || !strings.Contains(stderr, "another content of real/drawn") {
		t.Errorf("another training face: exit code %d: %s %s", code, stdout, stderr)
	}
}

// While a process makes a run, others are told which, and cannot remove it.
func TestBusy(t *testing.T) {
	data, _ := drawData(t)
	path, s := tinySpec(t)
	results := t.TempDir()
	c, err := store.Claim(t.Context(), results, lab.ID(s), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _, err = runUntil(t, results, data, s, nil)
	if busy, ok := errors.AsType[*lab.BusyError](err); !ok || !errors.Is(err, lab.ErrBusy) || busy.Owner.PID != os.Getpid() {
		t.Errorf("error %v", err)
	}
	for _, line := range [][]string{{"run", path, "--data", data}, {"rm", "tiny"}} {
		code, _, stderr := seelab(t, append(line, "--results", results)...)
		if code != failed || !strings.Contains(stderr, fmt.Sprintf("process %d on ", os.Getpid())) {
			t.Errorf("%s: exit code %d: %s", line[0], code, stderr)
		}
	}
	if text := must(t, "runs", "--results", results); !strings.Contains(text, "running") {
		t.Errorf("runs prints %s", text)
	}
}

// The list says what in each spec is its own, in runs of an experiment and in others; damaged and old folders do not
// disturb it.
func TestRunsDifferences(t *testing.T) {
	data, _ := drawData(t)
	results := t.TempDir()
	demo, err := experiments.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	changed := demo
	if err := errors.Join(changed.Set("train.steps=77"), changed.Set("seed=5")); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	want[finishedRun(t, results, data, demo, nil)] = []string{}
	want[finishedRun(t, results, data, changed, nil)] = []string{"seed=5", "train.steps=77"}
	for i, set := range []string{"seed=1", "seed=2", "loss.lambda=0.5"} {
		_, s := tinySpec(t, set)
		id := finishedRun(t, results, data, s, nil)
		want[id] = [][]string{{}, {"seed=2"}, {"loss.lambda=0.5"}}[i]
	}
	write(t, filepath.Join(results, "damaged", store.RecordFile), []byte("{"))
	var got []struct {
		Run, Status, Error string
		Differences        []string
		AUC                map[string]float64
	}
	if err := json.Unmarshal([]byte(must(t, "runs", "--results", results, "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want)+1 {
		t.Errorf("%d runs, want %d", len(got), len(want)+1)
	}
	for _, r := range got {
		if r.Run == "damaged" {
			if r.Status != "unreadable" || !strings.Contains(r.Error, filepath.Join("damaged", store.RecordFile)) {
				t.Errorf("%+v", r)
			}
		} else if !reflect.DeepEqual(r.Differences, want[r.Run]) || r.Status != "finished" || len(r.AUC) != 1 {
			t.Errorf("%+v, want the differences %v", r, want[r.Run])
		}
	}
	text := must(t, "runs", "--results", results)
	for _, want := range []string{"seed=5 train.steps=77\n", "1m1s", " 0.625", "unreadable"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	text = must(t, "show", lab.ID(changed), "--results", results)
	if !strings.Contains(text, "Differs in seed=5 train.steps=77.") || !strings.Contains(text, "0.625") {
		t.Errorf("show prints %s", text)
	}
}
