package pack_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/evaluation"
	_ "github.com/seeable-lab/seeable/lab/method" // the defaults name its methods
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

var update = flag.Bool("update", false, "write the golden files anew")

// packed writes a detector of two tensors and returns its folder.
func packed(t *testing.T) (dir string, d pack.Detector, weights safetensors.File) {
	t.Helper()
	s := spec.Default()
	s.Name = "mine"
	s.Data.Train = []string{"real/one", "real/two"}
	s.Encoder.Name, s.Encoder.Weights = "efficientnet-lite0", "imagenet"
	low, high := 0.45, 0.65
	r := store.Record{
		Run: "mine-" + s.Hash(), Name: "mine", Hash: s.Hash(), Score: "cosine",
		Versions: map[string]string{version.NumericsKey: "NUMERICS"},
		Sessions: []store.Session{{Host: "secret-host"}},
		Skipped:  []string{"/home/me/face.png: broken"},
		Train:    store.Training{Faces: 3248, People: 1962, Images: 51200},
		Tests: []store.Test{
			{Dataset: "DFDC", Method: evaluation.All, Level: store.LevelVideo, AUC: 0.7234, Low: 0.69, High: 0.76, NReal: 450, NFake: 450, RealPeople: 197, FakePeople: 197, Coverage: 1, Partial: true},
			{Dataset: "DFDC", Method: evaluation.All, Level: store.LevelFrame, AUC: 0.71, Low: 0.6, High: 0.8},
			{Dataset: "FF++ c40", Method: evaluation.All, Level: store.LevelVideo, AUC: 0.596, Low: 0.56, High: 0.63, NReal: 257, NFake: 485},
			{Dataset: "FF++ c40", Method: "Face2Face", Level: store.LevelVideo, AUC: 0.54, Low: 0.48, High: 0.59, NReal: 257, NFake: 108},
			store.Test{Dataset: "one", Method: evaluation.All, Level: store.LevelVideo, NReal: 3}.WithoutFigure("only real videos"),
		},
		Rivals: []store.Rival{{Name: rival.Names()[0], Dataset: "FF++ c40", Method: evaluation.All, AUC: 0.61, Low: &low, High: &high, Difference: &store.Difference{Value: -0.014, Low: -0.05, High: 0.03}}},
	}
	r.AUC = store.Headline(r.Tests)
	small, err := record.New(r, s, record.Development)
	if err != nil {
		t.Fatal(err)
	}
	weights = safetensors.File{Tensors: map[string]safetensors.Tensor{
		"/net/kernel": {Shape: []int{2, 2}, Data: []float32{1, 1.0 / 3, -2, 0}}, "/net/variance": {Shape: []int{2}, Data: []float32{1e-9, 1.0 / 3}},
	}}
	points := &operating.Points{Score: "cosine", Level: operating.Level}
	for i := range 40 {
		points.Real = append(points.Real, float64(i))
	}
	dir = filepath.Join(t.TempDir(), "detectors", "best")
	if d, err = pack.Write(dir, small, s, weights, points); err != nil {
		t.Fatal(err)
	}
	return dir, d, weights
}

func TestWriteAndOpen(t *testing.T) {
	dir, d, weights := packed(t)
	again, err := pack.Open("best", os.DirFS(dir))
	if err != nil || !reflect.DeepEqual(again.Record.Tests[0], d.Record.Tests[0]) || again.Spec.Hash() != d.Spec.Hash() || again.Bytes != d.Bytes || !reflect.DeepEqual(again.Points, d.Points) {
		t.Errorf("%+v, error %v, want %+v", again, err, d)
	}
	if again.Record.AUC["DFDC"] != 0.7234 || len(again.Record.Tests) != 4 {
		t.Errorf("%+v", again.Record)
	}
	s, r, err := pack.Read(os.DirFS(dir), store.WeightsFile)
	if err != nil || s.Hash() != d.Spec.Hash() || r.Score != "cosine" {
		t.Errorf("%+v, error %v", r, err)
	}
	// Matrices are rounded, and what is small stays as it is; what was given stays, too.
	file, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	if k, v := file.Tensors["/net/kernel"], file.Tensors["/net/variance"]; !k.Half || k.Data[1] != 0.333251953125 || v.Half || !reflect.DeepEqual(v, weights.Tensors["/net/variance"]) {
		t.Errorf("%+v, %+v", k, v)
	}
	if weights.Tensors["/net/kernel"].Half {
		t.Error("the tensors that were given have changed")
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("secret-host")) || bytes.Contains(text, []byte("/home/me")) {
			t.Errorf("%s names a machine or a file", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := pack.Write(dir, d.Record, d.Spec, weights, d.Points); err == nil || !strings.Contains(err.Error(), dir+" is there already") {
		t.Errorf("written twice: %v", err)
	}
}

func TestCard(t *testing.T) {
	dir, d, _ := packed(t)
	card, err := os.ReadFile(filepath.Join(dir, pack.CardFile))
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/card.md"
	found := strings.ReplaceAll(string(card), d.Spec.Hash(), "HASH")
	if *update {
		if err := os.WriteFile(golden, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || found != string(want) {
		t.Errorf("the card is not as %s (error %v):\n%s", golden, err, found)
	}
	// It shows what the record says.
	d.Record.Tests[0].AUC, d.Record.Kind, d.Points.Real = 0.8766, record.Final, nil
	for _, want := range []string{"0.877", "final sets", "no threshold: too few people"} {
		if strings.Contains(found, want) || !strings.Contains(d.Card(), want) {
			t.Errorf("%q is in the first card or not in the second", want)
		}
	}
}

// What lacks, or is not as it was written, is named in one line.
func TestDamaged(t *testing.T) {
	for what, c := range map[string]struct {
		damage func(dir string) error
		is     error
		want   string
	}{
		"no weights":      {func(dir string) error { return os.Remove(filepath.Join(dir, store.WeightsFile)) }, store.ErrDamaged, "weights.safetensors is missing"},
		"no card":         {func(dir string) error { return os.Remove(filepath.Join(dir, pack.CardFile)) }, store.ErrDamaged, "card.md is missing"},
		"no digests":      {func(dir string) error { return os.Remove(filepath.Join(dir, store.SumsFile)) }, fs.ErrNotExist, "has no SHA256SUMS"},
		"no record":       {func(dir string) error { return os.Remove(filepath.Join(dir, pack.RecordFile)) }, pack.ErrNone, "is not there"},
		"changed weights": {flip(store.WeightsFile), store.ErrDamaged, "weights.safetensors has changed"},
		"changed record":  {flip(pack.RecordFile), store.ErrDamaged, "record.json has changed"},
		"changed digests": {flip(store.SumsFile), store.ErrDamaged, "has changed"},
		"a file more":     {func(dir string) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) }, store.ErrDamaged, "x was added"},
	} {
		dir, _, _ := packed(t)
		if err := c.damage(dir); err != nil {
			t.Fatal(err)
		}
		_, err := pack.Open("best", os.DirFS(dir))
		_, _, readErr := pack.Read(os.DirFS(dir))
		for _, err := range []error{err, readErr} {
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want %v with %q", what, err, c.is, c.want)
			}
		}
	}
}

// flip changes a bit in the middle of a file.
func flip(name string) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text[len(text)/2] ^= 1
		return os.WriteFile(path, text, 0o600)
	}
}

func TestList(t *testing.T) {
	dir, _, _ := packed(t)
	folder := filepath.Dir(dir)
	if all, err := pack.List(os.DirFS(folder)); err != nil || all != nil {
		t.Errorf("without an order: %v, %v", all, err)
	}
	order := func(text string) ([]pack.Detector, error) {
		if err := os.WriteFile(filepath.Join(folder, pack.OrderFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return pack.List(os.DirFS(folder))
	}
	all, err := order("# a comment\n\nbest\n")
	if err != nil || len(all) != 1 || all[0].Name != "best" {
		t.Fatalf("%v, %v", all, err)
	}
	if _, ok := pack.Named(all, "best"); !ok {
		t.Error("best is not found by its name")
	}
	if _, ok := pack.Named(all, "bes"); ok {
		t.Error("a part of a name is found")
	}
	for text, want := range map[string]string{"best\nother\n": "other, which ORDER names", "..\n": "ORDER"} {
		if _, err := order(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
