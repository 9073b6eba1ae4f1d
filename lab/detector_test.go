package lab

import (
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/accel/graphs"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// untrained is a detector of random weights with a network of a moment: four cells, two types, 32 pixels.
func untrained(t *testing.T) (*detector, *Lab) {
	t.Helper()
	backend := acceltest.ForTest(t)
	s := spec.Default()
	s.Discrepancy.Rows, s.Discrepancy.Cols = 2, 2
	s.Encoder.Size, s.Encoder.Hidden, s.Encoder.Dim = 32, 8, 8
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	weights := model.NewStore()
	network, err := method.NewNetwork(backend, weights, m, s.Encoder.Size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Finalize)
	if err := declare(backend, s, m, weights); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return newDetector(s, m, weights, network), l
}

// A network that cannot be built is an error, with the stack of where GoMLX gave up.
func TestDeclareRefuses(t *testing.T) {
	s := spec.Default()
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Encoder.Size *= 2 // not the size of m's network
	err = declare(acceltest.PureGo(t), s, m, model.NewStore())
	panicked, ok := errors.AsType[*graphs.PanicError](err)
	if !ok || !strings.HasPrefix(err.Error(), "lab: cannot build the network of seeable with compact: ") || !strings.Contains(string(panicked.Stack), "encoder.Features") {
		t.Errorf("error %v, want one that names the network and has the stack", err)
	}
}

// Every face gets the outputs of its own variants, wherever its images lie in the passes: of all variants, of the few that
// were chosen, and of the plain face.
func TestEvidence(t *testing.T) {
	d, l := untrained(t)
	set, _ := datasets.Synthetic(1)
	const n = 40 // more than a chunk; 40 · 9 images do not fill their passes
	var faces []face.Face
	var ids []string
	for _, it := range set.Items[:n] {
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		faces, ids = append(faces, f), append(ids, it.ID())
	}
	all, err := l.evidence(t.Context(), "", d, allVariants, faces, ids)
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float64, n)
	for i, outputs := range all {
		scores[i] = d.score("cosine", outputs)
	}
	same := func(what string, got, want []float32) {
		t.Helper()
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-5*(1+math.Abs(float64(want[i]))) {
				t.Fatalf("%s: output %d is %v, want %v", what, i, got[i], want[i])
			}
		}
	}
	for _, i := range []int{0, 7, 33, n - 1} {
		alone, err := l.evidence(t.Context(), "", d, "figure", faces[i:i+1], ids[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if len(all[i]) != 9 || len(alone[0]) != 9 {
			t.Fatalf("%d and %d images of a face, want 9", len(all[i]), len(alone[0]))
		}
		for k, row := range alone[0] {
			same("alone", all[i][k], row)
		}
	}
	d.spec.Score.Variants = 3
	told, err := d.choose("cosine", all)
	if err != nil {
		t.Fatal(err)
	}
	few, err := l.evidence(t.Context(), "", d, "cosine", faces, ids)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := l.evidence(t.Context(), "", d, "onepass", faces, ids)
	if err != nil {
		t.Fatal(err)
	}
	full, err := l.evidence(t.Context(), "", d, allVariants, faces, ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, outputs := range few {
		if len(outputs) != 4 || len(plain[i]) != 1 || len(full[i]) != 9 {
			t.Fatalf("%d, %d and %d images of a face, want 4, 1 and 9", len(outputs), len(plain[i]), len(full[i]))
		}
		same("plain face", plain[i][0], all[i][0])
		same("plain face before few", outputs[0], all[i][0])
		for j, k := range d.few.Variants {
			same("one of few", outputs[1+j], all[i][1+k])
		}
		if got, again := d.score("cosine", outputs), d.score("cosine", full[i]); math.Abs(got-again) > 1e-4 || math.IsNaN(got) {
			t.Errorf("the few give face %d %v, all images of it %v", i, got, again)
		}
	}
	// What was fitted reduces what is left of the scores.
	var rest, spread, mean float64
	for i, s := range scores {
		mean += s / n
		rest += math.Pow(s-d.score("cosine", few[i]), 2)
	}
	for _, s := range scores {
		spread += math.Pow(s-mean, 2)
	}
	// What least squares explains is the squared correlation.
	if share := 1 - rest/spread; share < 0.5 || math.Abs(share-told*told) > 1e-3 {
		t.Errorf("few variants explain %v of the scores, and are said to correlate by %v", share, told)
	}
	if d.scored("norm", "cosine") || !d.scored("cosine", "cosine") || !d.scored("onepass", "cosine") {
		t.Error("of few variants only the score that they were chosen for and onepass can be made")
	}
}

// The calibration and the few variants lie beside the weights, and do not get into the network that another run adopts.
func TestFittedIsKept(t *testing.T) {
	d, _ := untrained(t)
	dir := t.TempDir()
	read := func() safetensors.File {
		t.Helper()
		if err := d.save(dir); err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Read(filepath.Join(dir, store.WeightsFile))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	bare := len(read().Tensors)
	d.calibration = &method.Calibration{Mean: []float64{0.5, -1}, Spread: []float64{0.25, 2}}
	d.few = &method.Few{Score: "calibrated", Variants: []int{5, 0, 2}, Weights: []float64{1, 0.5, -2, 0.25, 4}}
	file := read()
	again := &detector{spec: d.spec}
	if err := again.fitted(&file, "calibrated"); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.few, d.few) || !reflect.DeepEqual(again.calibration, d.calibration) {
		t.Errorf("got %+v and %+v, want %+v and %+v", again.few, again.calibration, d.few, d.calibration)
	}
	if len(file.Tensors) != bare {
		t.Errorf("%d tensors are left, want the %d of the network", len(file.Tensors), bare)
	}
	d.few.Variants = []int{5, 0, 8}
	file = read()
	if err := again.fitted(&file, "calibrated"); err == nil {
		t.Error("no error for variant 8 of 8")
	}
	d.few, d.calibration = nil, nil
	again = &detector{spec: d.spec}
	file = read()
	if err := again.fitted(&file, "figure"); err != nil || again.few != nil || again.calibration != nil || len(file.Tensors) != bare {
		t.Errorf("without them: %+v, %+v, %v", again.few, again.calibration, err)
	}
}
