package method

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// newSoft is an SBI with soft labels.
func newSoft(t *testing.T) *SBI {
	t.Helper()
	s := tiny()
	s.Discrepancy.SoftLabel = true
	return newTestSBI(t, s)
}

// The soft label of a fake is the ratio of its own draw, that of a real face 0; pictures and classes are those of hard labels.
func TestSoftLabelIsTheRatio(t *testing.T) {
	soft, hard := newSoft(t), newTestSBI(t, tiny())
	ratios := map[float64]int{}
	sampler := NewWorker(soft.Layout())
	const n = 300
	for seed := range uint64(n) {
		f := person(t, int(seed)%4)
		made := NewSamples(soft.Layout(), 2)
		for i := range made.Map {
			made.Map[i] = 77 // of a sample before
		}
		dst := []Sample{made.At(0), made.At(1)}
		if err := soft.Sample(sampler, dst, face.Still(f), Draw{Rand: stream.New(seed, "views"), Strength: 1}); err != nil {
			t.Fatal(err)
		}
		images, labels := views(t, hard, NewWorker(hard.Layout()), f, 2, 1, seed)
		if !bytes.Equal(dst[0].Images, images[0]) || !bytes.Equal(dst[1].Images, images[1]) || dst[0].Label != labels[0] || dst[1].Label != labels[1] {
			t.Fatalf("seed %d: other samples than with hard labels", seed)
		}
		if dst[0].Map[0] != 0 {
			t.Fatalf("seed %d: a real face is a fake to %d of 255", seed, dst[0].Map[0])
		}
		rng := stream.New(seed, "views")
		if _, err := soft.glance(f, rng); err != nil {
			t.Fatal(err)
		}
		soft.generator.Augment(NewWorker(soft.Layout()).Out, rng, &sampler.Workspace) // the draws before
		ratio := soft.generator.DrawSelfBlend(rng).Feather.Ratio
		if math.Abs(float64(dst[1].Map[0])/255-ratio) > 0.5/255 {
			t.Fatalf("seed %d: label %d of 255, ratio %v", seed, dst[1].Map[0], ratio)
		}
		ratios[ratio]++
	}
	for ratio, share := range map[float64]float64{0.25: 1. / 6, 0.5: 1. / 6, 0.75: 1. / 6, 1: 0.5} {
		near(t, "share of a ratio", float64(ratios[ratio])/n, share, 0.1)
	}

	held := NewSamples(soft.Layout(), 1)
	seen := []uint8{}
	for i := range 60 {
		dst := held.At(0)
		if err := soft.Check(sampler, &dst, face.Still(person(t, i%4)), stream.New(1, i)); err != nil {
			t.Fatal(err)
		}
		if (dst.Map[0] > 0) != (dst.Label == 1) {
			t.Fatalf("held-out face %d has label %d and is a fake to %d of 255", i, dst.Label, dst.Map[0])
		}
		seen = append(seen, dst.Map[0])
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 5 {
		t.Errorf("held-out faces have the soft labels %v, want 0 and four ratios", slices.Compact(seen))
	}
}

// The loss is the cross-entropy to (1 − ratio, ratio), by hand.
func TestSoftLabelLoss(t *testing.T) {
	m := newSoft(t)
	logits, shares := [][]float32{{0.5, -1}, {2, 0.25}, {-3, 4}}, []uint8{0, 64, 255}
	want := 0.0
	for i, x := range logits {
		total := math.Log(math.Exp(float64(x[0])) + math.Exp(float64(x[1])))
		fake := float64(shares[i]) / 255
		want -= ((1-fake)*(float64(x[0])-total) + fake*(float64(x[1])-total)) / 3
	}
	out, err := graph.CallOnceN(acceltest.PureGo(t), func(in []*graph.Node) []*graph.Node {
		terms := m.Loss(nil, in[:1], Inputs{Map: in[1]})
		if len(terms) != 1 || terms[0].Name != "ce" {
			t.Errorf("terms %v", terms)
		}
		return []*graph.Node{terms[0].Value}
	}, tensors.FromValue(logits), tensors.FromFlatDataAndDimensions(shares, 3, 1, 1))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	near(t, "loss", float64(tensors.ToScalar[float32](out[0])), want, 1e-6)
}

// No other method reads soft labels, and says so.
func TestSoftLabelIsOfSBI(t *testing.T) {
	for _, info := range spec.Methods() {
		s := spec.Default()
		s.Method = info.Name
		err := s.Set("discrepancy.soft_label=true")
		if (err == nil) != (info.Name == "sbi") {
			t.Errorf("%s: %v", info.Name, err)
		}
	}
}
