package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// plantable is a copy of the drawn faces of release 0.5.0, and an experiment on them.
func plantable(t *testing.T) (e *env.Env, s spec.Spec, notes *[]string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("SEEABLE_CACHE", t.TempDir())
	if err := os.CopyFS(root, os.DirFS(filepath.Join("..", "testdata", "v0.5.0", "data"))); err != nil {
		t.Fatal(err)
	}
	e, notes = env.New(filepath.Join(t.TempDir(), "runs")), new([]string)
	e.Data, e.Mode = root, datasets.Strict
	e.Tell = func(event env.Event) {
		if event.Note != "" {
			*notes = append(*notes, event.Note)
		}
	}
	s = spec.Default()
	s.Name, s.Data.Train, s.Data.Test, s.Data.Holdout = "leaky", []string{"real/drawn"}, []string{"drawn"}, 0.3
	return e, s, notes
}

// plant adds a row to the face crops, and its file as the same pixels of another in another format.
func plant(t *testing.T, e *env.Env, pixels, row string) {
	t.Helper()
	m, err := face.Open(filepath.Join(e.Data, pixels))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	crops := filepath.Join(e.Data, "crops", "drawn")
	manifest := filepath.Join(crops, "manifest.csv")
	text, err := os.ReadFile(manifest)
	if err == nil {
		file, _, _ := strings.Cut(row, ",")
		err = errors.Join(os.WriteFile(filepath.Join(crops, file), b.Bytes(), 0o600), os.WriteFile(manifest, append(text, row+"\n"...), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestLeaksStopTheRun(t *testing.T) {
	find := func(e *env.Env, s spec.Spec) (inputs, error) {
		in, err := look(e, s)
		if err != nil {
			t.Fatal(err)
		}
		return in, in.findLeaks(t.Context(), e, s, true)
	}
	t.Run("none", func(t *testing.T) {
		e, s, notes := plantable(t)
		if in, err := find(e, s); err != nil || len(in.leaks) > 0 || len(*notes) > 0 {
			t.Errorf("%v, %v, %q", err, in.leaks, *notes)
		}
	})
	t.Run("near", func(t *testing.T) {
		e, s, _ := plantable(t)
		unlike(t, filepath.Join(e.Data, "real/drawn/real/train_003_0.jpg"), filepath.Join(e.Data, "near.png"))
		plant(t, e, "near.png", "x.png,0,original,new,0,new,,,,,")
		if in, err := find(e, s); err != nil || len(in.tests[0].Items) != 9 {
			t.Errorf("%v; nothing refuses by what only looks alike", err)
		}
	})
	t.Run("held out", func(t *testing.T) {
		e, s, _ := plantable(t)
		in, err := look(e, s)
		if err != nil {
			t.Fatal(err)
		}
		person := in.held.Items[0].Identity
		plant(t, e, "crops/drawn/swap/test_000_0.jpg", "x.png,1,swap,new,0,"+person+",,,,,")
		if _, err := find(e, s); !errors.Is(err, ErrLeaks) || !strings.Contains(err.Error(), "1 person that training knows: "+person) {
			t.Errorf("%s is chosen on: %v", person, err)
		}
	})
	const own, trained = "crops/drawn/original/test_000_0.jpg", "real/drawn/real/train_003_0.jpg"
	for _, c := range []struct {
		name, pixels, row string
		mark              string
		want              []string
		exclude           string // who, left out of training, cures it
	}{
		{
			"person", "", "x.png,1,swap,new,0,train_002,,,,,", "1 person",
			[]string{"drawn shows 1 person that training knows: train_002 (1 faces; drawn)"}, "train_002",
		},
		{
			"source", "", "x.png,1,swap,new,0,new,train_002,,,,", "1 person",
			[]string{"1 person, as the source of fakes, that training knows: train_002 (1 faces; drawn)"}, "train_002",
		},
		{
			"video", "", "x.png,0,other,train_002,0,new,,,,,", "1 video",
			[]string{"1 video that is trained on: drawn/other/train_002 (1 faces)"}, "train_002",
		},
		{
			"picture", trained, "x.png,0,original,new,0,new,,,,,", "1 picture",
			[]string{"1 picture that is trained on: drawn/original/new:x.png = drawn/real/train_003:real/train_003_0.jpg"}, "train_003",
		},
		{
			"labels", own, "x.png,1,swap,new,0,new,,,,,", "2 pictures under both labels",
			[]string{
				"2 pictures under both labels: ", "drawn/swap/new:x.png = drawn/original/test_000:original/test_000_0.jpg, which is real",
				"drawn/original/test_000:original/test_000_0.jpg = drawn/swap/new:x.png, which is fake", "put the labels right",
			}, "",
		},
		{
			"trained as real, tested as fake", trained, "x.png,1,swap,new,0,new,,,,,", "1 picture, 1 picture under both labels",
			[]string{"1 picture that is trained on: ", "which is real"}, "train_003",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, s, notes := plantable(t)
			if c.pixels == "" { // a picture of its own
				c.pixels = "crops/own.png"
				unlike(t, filepath.Join(e.Data, own), filepath.Join(e.Data, c.pixels))
			}
			plant(t, e, c.pixels, c.row)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // what is not refused trains for long
			defer cancel()
			_, err := Do(ctx, e, s)
			if !errors.Is(err, ErrLeaks) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v; want the leak", err)
			}
			for _, want := range append(c.want, "--allow-leaks") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %v", want, err)
				}
			}
			if entries, err := store.Scan(e.Results); err != nil || len(entries) > 0 {
				t.Errorf("there are runs: %v, %v", entries, err)
			}
			if found := regexp.MustCompile(`--set '(data\.exclude=.*?)'`).FindStringSubmatch(err.Error()); found != nil {
				cured := s
				if err := cured.Set(found[1]); err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprint(append(s.Data.Exclude, c.exclude)); fmt.Sprint(cured.Data.Exclude) != want {
					t.Errorf("the cure leaves out %v, want %v", cured.Data.Exclude, want)
				}
				if in, err := find(e, cured); err != nil || len(in.leaks) > 0 {
					t.Errorf("cured: %v, %v", err, in.leaks)
				}
			} else if c.exclude != "" {
				t.Errorf("no cure in %v", err)
			}

			e.AllowLeaks = true
			in, err := find(e, s)
			if err != nil || in.leaks["drawn"] != c.mark || len(*notes) != 1 || !strings.Contains((*notes)[0], "its figures are marked") {
				t.Errorf("allowed: %v, %v, want the mark %q; notes %q", err, in.leaks, c.mark, *notes)
			}
			record := store.Record{Tests: []store.Test{{Dataset: "drawn"}, {Dataset: "other"}, {Dataset: "drawn"}}}
			mark(&record, in.leaks)
			if record.Tests[0].Leaks != c.mark || record.Tests[1].Leaks != "" || record.Tests[2].Leaks != c.mark || fmt.Sprint(record.Leaks) != "[drawn]" {
				t.Errorf("marks %+v", record)
			}
		})
	}
}

// unlike writes a picture that differs in a pixel from another.
func unlike(t *testing.T, from, to string) {
	t.Helper()
	m, err := face.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	m.Pix[0] ^= 1
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Who learns from labelled fakes is not tested on the people of these; what else leaks stops it too.
func TestLeaksWithFakes(t *testing.T) {
	e, s, _ := plantable(t)
	s.Method, s.Data.Fakes = "sbi", false
	in, err := look(e, s)
	if err != nil {
		t.Fatal(err)
	}
	// The first real test person is trained on.
	known := in.tests[0].Items[0]
	in.train.Items = append(in.train.Items, known)
	if err := in.leaveOutSeen(e); err != nil {
		t.Fatal(err)
	}
	if err := in.findLeaks(t.Context(), e, s, true); err != nil || len(in.tests[0].Items) != 6 {
		t.Errorf("%v; %d faces are left, want 6 of 8", err, len(in.tests[0].Items))
	}
	copied := known
	copied.Identity, copied.Video = "somebody", "another"
	in.tests[0].Items = append(in.tests[0].Items, copied)
	if err := in.findLeaks(t.Context(), e, s, true); !errors.Is(err, ErrLeaks) || !strings.Contains(err.Error(), "1 picture that is trained on") {
		t.Errorf("a picture under another name: %v", err)
	}
}

// A run that was finished before anybody looked for leaks is not shown as if it had none.
func TestLeaksOfAFinishedRun(t *testing.T) {
	e, s, _ := plantable(t)
	unlike(t, filepath.Join(e.Data, "crops/drawn/original/test_000_0.jpg"), filepath.Join(e.Data, "own.png"))
	plant(t, e, "own.png", "x.png,0,original,new,0,train_002,,,,,")
	in, err := look(e, s)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := source.Digest(in.tests[0])
	if err != nil {
		t.Fatal(err)
	}
	record := store.Record{Versions: map[string]string{version.NumericsKey: version.Numerics, version.TrainingKey: version.Training}, Tests: []store.Test{{Dataset: "drawn", Digest: digest}}}
	show := func(r store.Record) (*Run, error) { return finished(t.Context(), e, "leaky", s, r, in, nil) }
	if _, err := show(record); !errors.Is(err, ErrLeaks) {
		t.Errorf("not marked: %v", err)
	}
	marked := record
	marked.Tests = []store.Test{{Dataset: "drawn", Digest: digest, Leaks: "1 person"}}
	marked.Leaks = []string{"drawn"}
	if r, err := show(marked); err != nil || r.Record.Tests[0].Leaks != "1 person" {
		t.Errorf("marked: %v", err)
	}
	e.AllowLeaks = true
	if r, err := show(record); err != nil || r.Record.Tests[0].Leaks != "1 person" {
		t.Errorf("allowed: %v, %+v", err, r)
	}
}
