package method

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/stream"
)

// fewFaces are random outputs of the variants of faces, and what scores make of them.
func fewFaces(m *SeeABLE, rng *rand.Rand, looks, variants, k int, score string) (faces [][][]float32, scores []float64) {
	c := &Calibration{make([]float64, variants), make([]float64, variants)}
	for i := range variants {
		c.Mean[i], c.Spread[i] = rng.Float64(), 0.1+rng.Float64()
	}
	for range 60 {
		outputs := randomOutputs(rng, looks, variants, k)
		faces, scores = append(faces, outputs), append(scores, m.Score(score, outputs, c))
	}
	return faces, scores
}

// leastSquares fits scores by 1, |h| of the plain face and the terms of some variants, averaged over the looks.
func leastSquares(t *testing.T, faces [][][]float32, scores []float64, looks int, variants []int, term func(row []float32, k int) float64) (weights []float64, residual float64) {
	t.Helper()
	x := mat.NewDense(len(faces), 2+len(variants), nil)
	for i, outputs := range faces {
		x.Set(i, 0, 1)
		n := len(outputs) / looks
		for look := range looks {
			rows := outputs[look*n : (look+1)*n]
			x.Set(i, 1, x.At(i, 1)+float64(rows[0][0])/float64(looks))
			for j, k := range variants {
				x.Set(i, 2+j, x.At(i, 2+j)+term(rows[1+k], k)/float64(looks))
			}
		}
	}
	var w, fit mat.VecDense
	y := mat.NewVecDense(len(scores), slices.Clone(scores))
	if err := w.SolveVec(x, y); err != nil {
		t.Fatal(err)
	}
	fit.MulVec(x, &w)
	fit.SubVec(y, &fit)
	return w.RawVector().Data, mat.Dot(&fit, &fit)
}

// Each variant that is chosen leaves the least, by least squares done anew for every candidate; the weights are those of
// the last fit, and predictions are the same from the chosen variants and from all.
func TestFitFew(t *testing.T) {
	const variants, n = 8, 3
	rng := stream.New(3, "few")
	for _, score := range []string{"figure", "cosine", "norm", "min", "calibrated"} {
		for looks := 1; looks <= 2; looks++ {
			s := tiny()
			s.Score.Flip = looks == 2
			k := variants
			if looks == 2 {
				s.Discrepancy.Pristine = 0.2
				k++
			}
			m := seeable(t, s)
			faces, scores := fewFaces(m, rng, looks, variants, k, score)
			term := func(row []float32, k int) float64 {
				switch score {
				case "figure":
					return float64(row[0]) * (1 + float64(row[1+k]))
				case "norm":
					return float64(row[0])
				}
				return float64(row[1+k])
			}
			var want []int
			for range n {
				best, least := -1, 0.0
				for k := range variants {
					if slices.Contains(want, k) {
						continue
					}
					if _, rest := leastSquares(t, faces, scores, looks, append(slices.Clone(want), k), term); best < 0 || rest < least {
						best, least = k, rest
					}
				}
				want = append(want, best)
			}
			f, err := m.FitFew(score, n, faces, scores)
			if err != nil {
				t.Fatal(err)
			}
			if f.Score != score || !slices.Equal(f.Variants, want) {
				t.Errorf("%s, %d looks: chose %v, want %v", score, looks, f.Variants, want)
			}
			weights, _ := leastSquares(t, faces, scores, looks, f.Variants, term)
			for i, w := range weights {
				near(t, score+" weight", f.Weights[i], w, 1e-5*(1+max(w, -w)))
			}
			if err := f.Check(s.Discrepancy); err != nil {
				t.Error(err)
			}
			for _, outputs := range faces[:5] {
				wanted := 0.0
				var some [][]float32
				for look := range looks {
					rows := outputs[look*(1+variants):]
					some = append(some, rows[0])
					wanted += (f.Weights[0] + f.Weights[1]*float64(rows[0][0])) / float64(looks)
					for i, k := range f.Variants {
						some = append(some, rows[1+k])
						wanted += f.Weights[2+i] * term(rows[1+k], k) / float64(looks)
					}
				}
				near(t, score+" of few", f.Predict(m, some), wanted, 1e-9)
				near(t, score+" of all", f.Predict(m, outputs), wanted, 1e-9)
			}
		}
	}
}

// Where only some variants differ from face to face, they are found and say it all; a variant that says the same as
// another is left to the last.
func TestFitFewFindsWhatVaries(t *testing.T) {
	m := seeable(t, tiny())
	rng := stream.New(4, "few")
	faces, _ := fewFaces(m, rng, 1, 8, 8, "cosine")
	var scores []float64
	for _, outputs := range faces {
		for k := range 8 {
			if k != 2 && k != 5 {
				outputs[1+k][1+k] = 0.25
			}
		}
		outputs[1+5][1+5] *= 0.5 // says less
		outputs[1+7][1+7] = outputs[1+2][1+2]
		scores = append(scores, m.Score("cosine", outputs, nil))
	}
	f, err := m.FitFew("cosine", 3, faces, scores)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Variants[:2], []int{2, 5}) {
		t.Errorf("chose %v, want 2 and 5 first", f.Variants)
	}
	for i, outputs := range faces {
		near(t, "prediction", f.Predict(m, outputs), scores[i], 1e-6)
	}
}

func TestFewErrors(t *testing.T) {
	s := tiny()
	m := seeable(t, s)
	faces, scores := fewFaces(m, stream.New(5, "few"), 1, 8, 8, "cosine")
	for want, fit := range map[string]func() error{
		"onepass":        func() error { _, err := m.FitFew("onepass", 2, faces, scores); return err },
		"score.variants": func() error { _, err := m.FitFew("cosine", 3, faces[:9], scores[:9]); return err },
		"59 scores":      func() error { _, err := m.FitFew("cosine", 3, faces, scores[1:]); return err },
		"less than all":  func() error { _, err := m.FitFew("cosine", 8, faces, scores); return err },
		"variant 8":      func() error { return (&Few{"cosine", []int{1, 8}, make([]float64, 4)}).Check(s.Discrepancy) },
		"each once":      func() error { return (&Few{"cosine", []int{1, 1}, make([]float64, 4)}).Check(s.Discrepancy) },
		"3 weights":      func() error { return (&Few{"cosine", []int{1, 2}, make([]float64, 3)}).Check(s.Discrepancy) },
		"label -1": func() error {
			_, err := m.FewVariants(m.Sampler(), nil, &Few{"", []int{-1}, nil}, person(t, 0), "")
			return err
		},
		"0 landmarks": func() error {
			f := person(t, 0)
			f.Landmarks = nil
			_, err := m.FewVariants(m.Sampler(), nil, &Few{}, f, "")
			return err
		},
	} {
		if err := fit(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// The images are those of all variants, in the order of the choice.
func TestFewVariants(t *testing.T) {
	const row = 3 * 32 * 32
	for _, flip := range []bool{false, true} {
		s := tiny()
		s.Score.Flip = flip
		m := seeable(t, s)
		all, err := m.Variants(m.Sampler(), nil, "figure", person(t, 1), "someone")
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.FewVariants(m.Sampler(), []uint8{9}, &Few{Variants: []int{6, 0, 3}}, person(t, 1), "someone")
		if err != nil {
			t.Fatal(err)
		}
		want := []uint8{9}
		for look := range slices.Chunk(all, 9*row) {
			for _, at := range []int{0, 7, 1, 4} {
				want = append(want, look[at*row:(at+1)*row]...)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("flip %t: %d images are not those of the variants", flip, len(got)/row)
		}
	}
}
