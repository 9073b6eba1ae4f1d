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
func fewFaces(m *SeeABLE, rng *rand.Rand, looks, variants, k int, name string) (faces [][][]float32, scores []float64) {
	c := calibration{make([]float64, variants), make([]float64, variants)}
	for i := range variants {
		c.mean[i], c.spread[i] = rng.Float64(), 0.1+rng.Float64()
	}
	for range 60 {
		outputs := randomOutputs(rng, looks, variants, k)
		faces, scores = append(faces, outputs), append(scores, score(m, name, outputs, c))
	}
	return faces, scores
}

func allRows(faces [][][]float32) (rows [][]Row) {
	for _, outputs := range faces {
		rows = append(rows, rowsOf(outputs))
	}
	return rows
}

// fitted has a few variants made for the score "".
func fitted(variants ...float64) Fit {
	return Fit{Values: map[string][]float64{fewVariants: variants, fewWeights: make([]float64, len(variants)+2)}}
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
			m := newTestSeeABLE(t, s)
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
			f, err := m.fitFew(score, n, allRows(faces), scores)
			if err != nil {
				t.Fatal(err)
			}
			if f.score != score || !slices.Equal(f.variants, want) {
				t.Errorf("%s, %d looks: chose %v, want %v", score, looks, f.variants, want)
			}
			weights, _ := leastSquares(t, faces, scores, looks, f.variants, term)
			for i, w := range weights {
				near(t, score+" weight", f.weights[i], w, 1e-5*(1+max(w, -w)))
			}
			if err := f.check(variants); err != nil {
				t.Error(err)
			}
			for _, outputs := range faces[:5] {
				wanted := 0.0
				var some [][]float32
				for look := range looks {
					rows := outputs[look*(1+variants):]
					some = append(some, rows[0])
					wanted += (f.weights[0] + f.weights[1]*float64(rows[0][0])) / float64(looks)
					for i, k := range f.variants {
						some = append(some, rows[1+k])
						wanted += f.weights[2+i] * term(rows[1+k], k) / float64(looks)
					}
				}
				near(t, score+" of few", f.predict(m.looks(rowsOf(some))), wanted, 1e-9)
				near(t, score+" of all", f.predict(m.looks(rowsOf(outputs))), wanted, 1e-9)
			}
		}
	}
}

// Where only some variants differ from face to face, they are found and say it all; a variant that says the same as
// another is left to the last.
func TestFitFewFindsWhatVaries(t *testing.T) {
	m := newTestSeeABLE(t, tiny())
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
		scores = append(scores, score(m, "cosine", outputs, calibration{}))
	}
	f, err := m.fitFew("cosine", 3, allRows(faces), scores)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.variants[:2], []int{2, 5}) {
		t.Errorf("chose %v, want 2 and 5 first", f.variants)
	}
	for i, outputs := range faces {
		near(t, "prediction", f.predict(m.looks(rowsOf(outputs))), scores[i], 1e-6)
	}
}

func TestFewErrors(t *testing.T) {
	s := tiny()
	m := newTestSeeABLE(t, s)
	faces, scores := fewFaces(m, stream.New(5, "few"), 1, 8, 8, "cosine")
	for want, fit := range map[string]func() error{
		"onepass":        func() error { _, err := m.fitFew("onepass", 2, allRows(faces), scores); return err },
		"score.variants": func() error { _, err := m.fitFew("cosine", 3, allRows(faces[:9]), scores[:9]); return err },
		"59 scores":      func() error { _, err := m.fitFew("cosine", 3, allRows(faces), scores[1:]); return err },
		"less than all":  func() error { _, err := m.fitFew("cosine", 8, allRows(faces), scores); return err },
		"variant 8":      func() error { return (&few{"cosine", []int{1, 8}, make([]float64, 4)}).check(8) },
		"each once":      func() error { return (&few{"cosine", []int{1, 1}, make([]float64, 4)}).check(8) },
		"3 weights":      func() error { return (&few{"cosine", []int{1, 2}, make([]float64, 3)}).check(8) },
		"label -1": func() error {
			_, err := probe(t, m, "", fitted(-1), person(t, 0), "")
			return err
		},
		"0 landmarks": func() error {
			f := person(t, 0)
			f.Landmarks = nil
			_, err := probe(t, m, "", fitted(), f, "")
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
		m := newTestSeeABLE(t, s)
		all, err := probe(t, m, "figure", Fit{}, person(t, 1), "someone")
		if err != nil {
			t.Fatal(err)
		}
		got, err := probe(t, m, "", fitted(6, 0, 3), person(t, 1), "someone")
		if err != nil {
			t.Fatal(err)
		}
		var want []uint8
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
