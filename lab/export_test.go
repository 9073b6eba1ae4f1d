package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

func TestExport(t *testing.T) {
	results, to := t.TempDir(), filepath.Join(t.TempDir(), "events")
	s := spec.Default()
	s.Name = "mine"
	id := finished(t, results, s)
	run := load(t, openLab(t, results), id)
	run.Record.Started, run.Record.Seconds = "2026-11-23T05:28:57Z", 60
	run.Record.Tests = []store.Test{{Dataset: "FF++ c40", Method: "all", Level: "video", AUC: 0.75}}
	if _, err := lab.Export(run, to); err == nil || !strings.Contains(err.Error(), store.TrainingFile) {
		t.Errorf("error %v of a run without its steps, want one that names the file", err)
	}
	steps := []store.Step{{Step: 1, Loss: 3, HeldOut: -1, At: 1}, {Step: 250, Loss: 2, HeldOut: 0.5, At: 50}}
	if err := store.WriteSteps(filepath.Join(run.Dir, store.TrainingFile), steps); err != nil {
		t.Fatal(err)
	}
	path, err := lab.Export(run, to)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(to, id, "events.out.tfevents.1795411737.seelab"); path != want {
		t.Errorf("written to %s, want %s", path, want)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{
		"train/loss": 2, "train/held_out_accuracy": 1, "test/FF++ c40/all/video/auc": 1, "_hparams_/session_start_info": 1,
		"loss.temperature": 1, "[loss]": 1,
	} {
		if got := bytes.Count(first, []byte(text)); got != times {
			t.Errorf("%q is there %d times, want %d", text, got, times)
		}
	}
	if _, err := lab.Export(run, to); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, first) {
		t.Errorf("exported again the file differs, error %v", err)
	}
	run.Record.Started = "yesterday"
	if _, err := lab.Export(run, to); err == nil || !strings.Contains(err.Error(), "yesterday") {
		t.Errorf("error %v of a run without a start", err)
	}
}
