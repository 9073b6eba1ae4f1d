package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

func same(a, b batch) bool {
	return a.step == b.step && bytes.Equal(a.Images, b.Images) && slices.Equal(a.Labels, b.Labels)
}

// A batch is a function of the seed and the step, whatever was made before and on however many cores.
func TestBatchIsAFunctionOfSeedAndStep(t *testing.T) {
	real := spec.Default()
	real.Encoder.Size, real.Train.Batch = 32, 12
	seeable, err := method.New(real)
	if err != nil {
		t.Fatal(err)
	}
	set, _ := synthetic.Sets(1)
	var faces []face.Face
	for i := range 3 { // fewer than in a batch
		f, err := datasets.Load(set.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, f)
	}
	for _, c := range []struct {
		what   string
		spec   spec.Spec
		method method.Method
		faces  source.Source
	}{{"toy", toySpec(), toy{}, toyFaces(10)}, {"seeable", real, seeable, source.Stills(faces)}} {
		want := newMaker(c.spec, c.method, c.faces, nil).make(t.Context(), 5)
		if want.err != nil {
			t.Fatal(want.err)
		}
		used := newMaker(c.spec, c.method, c.faces, nil)
		for step := range 5 {
			if same(used.make(t.Context(), step), want) {
				t.Errorf("%s: steps %d and 5 have one batch", c.what, step)
			}
		}
		if !same(used.make(t.Context(), 5), want) {
			t.Errorf("%s: another batch after steps 0 to 4", c.what)
		}
		for _, cores := range []int{1, 3} {
			before := runtime.GOMAXPROCS(cores)
			got := newMaker(c.spec, c.method, c.faces, nil).make(t.Context(), 5)
			runtime.GOMAXPROCS(before)
			if !same(got, want) {
				t.Errorf("%s: another batch on %d cores", c.what, cores)
			}
		}
		c.spec.Seed++
		if other := newMaker(c.spec, c.method, c.faces, nil).make(t.Context(), 5); bytes.Equal(other.Images, want.Images) {
			t.Errorf("%s: two seeds have one batch", c.what)
		}
	}
}

// Rows 0 to n−1 are the first views of n faces, rows n to 2n−1 the second views of the same faces, and so on; each view
// gets the step's factor.
func TestBatchIsViewMajor(t *testing.T) {
	s := toySpec()
	s.Train.Batch = 12
	const groups, row = 4, toySize * toySize * 3
	mk := newMaker(s, toy{views: 3}, toyFaces(10), nil)
	weak, strong := mk.make(t.Context(), 9), mk.make(t.Context(), 0)
	for i := range s.Train.Batch {
		group := i % groups
		if got, want := strong.Images[i*row], strong.Images[group*row]; got != want {
			t.Errorf("row %d shows face %d, row %d face %d", i, got, group, want)
		}
		if got := int(strong.Images[i*row+1]); got != i/groups {
			t.Errorf("row %d is view %d, want %d", i, got, i/groups)
		}
		if got, want := strong.Labels[i], int32(strong.Images[i*row]); got != want {
			t.Errorf("row %d has the label %d, want %d", i, got, want)
		}
	}
	if bytes.Equal(strong.Images[2:10], weak.Images[2:10]) {
		t.Error("the factor of the first step is that of the last")
	}
}

// Every epoch shows each face once, in another order; batches may span two.
func TestEpochs(t *testing.T) {
	const n, groups, row = 10, 4, toySize * toySize * 3
	for _, groupsEach := range []int{groups, 3 * n} { // small batches, and some that span several epochs
		s := toySpec()
		s.Train.Batch = groupsEach * s.Train.Views
		mk := newMaker(s, toy{}, toyFaces(n), nil)
		var shown []int
		for step := range 15 {
			b := mk.make(t.Context(), step)
			for i := range groupsEach {
				shown = append(shown, int(b.Images[i*row]))
			}
		}
		orders := map[string]bool{}
		epochs := 0
		for epoch := range slices.Chunk(shown, n) {
			if orders[fmt.Sprint(epoch)] {
				t.Errorf("the order %v was there before", epoch)
			}
			orders[fmt.Sprint(epoch)] = true
			sorted := slices.Sorted(slices.Values(epoch))
			for i, face := range sorted {
				if face != i {
					t.Fatalf("epoch %d shows the faces %v, want each of %d once", epochs, sorted, n)
				}
			}
			epochs++
		}
		if len(mk.orders) > 3 {
			t.Errorf("the maker keeps the orders of epochs %v", slices.Sorted(maps.Keys(mk.orders)))
		}
	}
}

// Batches come in order, are those of the maker, and end with the last step.
func TestBatches(t *testing.T) {
	s := toySpec()
	mk := newMaker(s, toy{}, toyFaces(10), nil)
	steps := 0
	for b := range batches(t.Context(), s, toy{}, toyFaces(10), nil, 0) {
		if b.step != steps || !same(b, mk.make(t.Context(), steps)) {
			t.Fatalf("batch %d is that of step %d, or another one", steps, b.step)
		}
		steps++
	}
	if steps != s.Train.Steps {
		t.Errorf("%d batches, want %d", steps, s.Train.Steps)
	}
}

// A loop over batches may break off, or its context may end: the bubble fails the test if a goroutine is left.
func TestBatchesLeaveNoGoroutine(t *testing.T) {
	s := toySpec()
	s.Train.Steps = 1e6
	for what, end := range map[string]func(stop context.CancelFunc) bool{
		"break":  func(context.CancelFunc) bool { return false },
		"cancel": func(stop context.CancelFunc) bool { stop(); return true },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			n := 0
			for range batches(ctx, s, toy{}, toyFaces(10), nil, 0) {
				if n++; n == 3 && !end(stop) {
					break
				}
			}
			if n != 3 {
				t.Errorf("%s: %d batches, want 3", what, n)
			}
		})
	}
}

// The error of a face names its step and place, the same on any number of cores, and ends the batches.
func TestBatchError(t *testing.T) {
	s := toySpec()
	s.Train.Batch = 16
	faces := toyFaces(40)
	order := newMaker(s, toy{}, faces, nil)
	// Two faces of step 3, so that two workers fail.
	for _, at := range []int{2*8 + 3, 2*8 + 6} {
		faces[order.clip(at)].Frames[0].Fallback = true
	}
	for _, cores := range []int{1, 2, 5} {
		before := runtime.GOMAXPROCS(cores)
		var last batch
		n := 0
		for b := range batches(t.Context(), s, toy{}, faces, nil, 0) {
			last = b
			n++
		}
		runtime.GOMAXPROCS(before)
		if n != 3 || !errors.Is(last.err, errBad) || !strings.Contains(last.err.Error(), "train: step 3, face 4 of its batch: ") {
			t.Errorf("%d cores: %d batches, the last with error %v", cores, n, last.err)
		}
	}
}
