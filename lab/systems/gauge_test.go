package systems

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/seeable-lab/seeable/lab/method"
)

// overlap is the mean IoU of two sets over the samples that have anything, and beside it the best set of places that is the same for all.
func TestOverlap(t *testing.T) {
	maps := [][]uint8{{255, 128, 0, 0}, {0, 0, 0, 0}, {255, 0, 127, 0}}
	said := []method.Row{{{1, -1, 1, -1}}, {{1, 1, 1, 1}}, {{0, -1, -1, -1}}} // logits
	samples := method.NewSamples(method.Layout{Side: 1, Map: 2}, len(maps))
	for i, m := range maps {
		copy(samples.At(i).Map, m)
	}
	g, err := overlap("IoU", said, func(i int) []uint8 { return samples.At(i).Map })
	if err != nil || g.Name != "IoU" || g.N != 2 || math.Abs(g.Value-(1./3+1)/2) > 1e-12 || math.Abs(g.Blind-(1./2+1)/2) > 1e-12 {
		t.Errorf("%+v, %v; want 2 samples, IoU 2/3, blind 3/4", g, err)
	}
	none := method.NewSamples(method.Layout{Side: 1, Map: 2}, 1)
	if _, err := overlap("IoU", said[:1], func(int) []uint8 { return none.At(0).Map }); err == nil {
		t.Error("no sample has anything to predict, want an error")
	}
}

// No set of places is better than the constant one by more than a little, and it is one.
func TestConstantIsNearTheBest(t *testing.T) {
	const places = 9
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var truths [][]bool
		var areas []int
		for range 1 + rng.IntN(6) {
			truth, area := make([]bool, places), 0
			for p := range truth {
				if truth[p] = rng.IntN(3) == 0 || p == 0; truth[p] {
					area++
				}
			}
			truths, areas = append(truths, truth), append(areas, area)
		}
		best := 0.0
		for set := uint(1); set < 1<<places; set++ {
			mean := 0.0
			for i, truth := range truths {
				both := 0
				for p, is := range truth {
					if is && set>>p&1 == 1 {
						both++
					}
				}
				mean += float64(both) / float64(areas[i]+bits.OnesCount(set)-both) / float64(len(truths))
			}
			best = max(best, mean)
		}
		if got := constant(truths, areas); got > best+1e-12 || got < 0.9*best {
			t.Errorf("%v of %v: constant %.3f, the best of all sets %.3f", truths, areas, got, best)
		}
	}
}

// PCL's figure is the share of pairs of pairs of patches, one unlike and one like, that the consistency has in the right order.
func TestPCLGauge(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	samples := method.NewSamples(method.Layout{Side: 1, Map: 2}, 5)
	rows := make([]method.Row, samples.Len())
	var unlike, like []float64
	fakes := 0
	for i := range rows {
		samples.Labels[i] = int32(i % 2)
		shown := samples.At(i).Map
		for p := range shown {
			shown[p] = uint8(rng.IntN(2) * 255)
		}
		shown[0], shown[1] = 0, 128 // unlike by a hair
		logits := make([]float32, 16)
		for a := range 4 {
			for b := range a {
				x := rng.NormFloat64()
				logits[a*4+b], logits[b*4+a] = float32(x), float32(x)
				if i%2 == 0 {
					continue
				}
				if math.Abs(float64(shown[a])-float64(shown[b])) > 127.5 {
					unlike = append(unlike, float64(float32(x)))
				} else {
					like = append(like, float64(float32(x)))
				}
			}
		}
		fakes += i % 2
		rows[i] = method.Row{logits}
	}
	wins := 0.0
	for _, u := range unlike {
		for _, l := range like {
			if u < l {
				wins++
			}
		}
	}
	m := &PCL{}
	g, err := m.Gauge(samples, rows)
	if want := wins / float64(len(unlike)*len(like)); err != nil || g.N != fakes || math.Abs(g.Value-want) > 1e-12 || g.Blind < 0.5 {
		t.Errorf("%+v, %v; want %.4f of %d fakes", g, err, want, fakes)
	}
}
