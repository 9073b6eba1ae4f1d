package method

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// few predicts a score that takes all variants of a face from a few of them and the plain face (score.variants; ours, the
// paper makes all). It is a linear function of what the score is made of, fitted to faces of which all were made.
type few struct {
	score    string    // what it predicts
	variants []int     // labels of the variants that are made, the most telling first
	weights  []float64 // of 1, of |h| of the plain face, and of the term of each variant
}

// The names of few variants in a [Fit].
const fewVariants, fewWeights = "few/variants", "few/weights"

// fewOf are the few variants that stand for all, nil if all are made.
func fewOf(fit Fit) *few {
	labels, ok := fit.Values[fewVariants]
	if !ok {
		return nil
	}
	f := &few{score: fit.Score, weights: fit.Values[fewWeights]}
	for _, k := range labels {
		f.variants = append(f.variants, int(k))
	}
	return f
}

func (f *few) put(values map[string][]float64) {
	labels := make([]float64, len(f.variants))
	for i, k := range f.variants {
		labels[i] = float64(k)
	}
	values[fewVariants], values[fewWeights] = labels, f.weights
}

// fewTerm is what variant k adds to a score. Offset and scale do not matter, they are in the weights; min and calibrated
// are made of the same cosines as cosine.
func fewTerm(score string, v []float32, k int) float64 {
	norm, own := float64(v[0]), float64(v[1+k])
	switch score {
	case "figure":
		return norm * (1 + own)
	case "norm":
		return norm
	}
	return own
}

// fitFew chooses n variants and their weights on faces, each the rows of all variants of one face: those that come
// nearest, by least squares, to their scores. It takes them one by one, each time the one that leaves the least of the
// scores unexplained (forward selection), the first of equals.
func (m *SeeABLE) fitFew(score string, n int, faces [][]Row, scores []float64) (*few, error) {
	if !slices.Contains(m.Scores(), score) || score == onepass {
		return nil, fmt.Errorf("method: score %q is not made of variants: want one of %q", score, m.Scores()[:len(m.Scores())-1])
	}
	if len(faces) < 2*(n+2) || len(faces) != len(scores) {
		return nil, fmt.Errorf("method: %d faces and %d scores to choose %d variants on: want at least %d faces; lower score.variants or raise data.holdout",
			len(faces), len(scores), n, 2*(n+2))
	}
	// Columns: 1, |h| of the plain face, then the candidates. A face's looks are averaged, as its scores are.
	count := len(m.looks(faces[0])[0].variants)
	if n >= count {
		return nil, fmt.Errorf("method: %d variants to be chosen of %d: want less than all", n, count)
	}
	columns := make([][]float64, 2+count)
	for c := range columns {
		columns[c] = make([]float64, len(faces))
	}
	for i, rows := range faces {
		looks := m.looks(rows)
		share := 1 / float64(len(looks))
		columns[0][i] = 1
		for _, look := range looks {
			columns[1][i] += share * float64(look.plain[0])
			for k, v := range look.variants {
				columns[2+k][i] += share * fewTerm(score, v, k)
			}
		}
	}
	f := &few{score: score}
	fit := newRegression(scores)
	fit.add(columns[0])
	fit.add(columns[1])
	for range n {
		best, gain := -1, 0.0
		for k, column := range columns[2:] {
			if g := fit.gain(column); !slices.Contains(f.variants, k) && (best < 0 || g > gain) {
				best, gain = k, g
			}
		}
		fit.add(columns[2+best])
		f.variants = append(f.variants, best)
	}
	for _, w := range fit.weights() {
		// As they are stored with the network's weights, so that a run scores the same when it is loaded.
		f.weights = append(f.weights, float64(float32(w)))
	}
	return f, nil
}

// predict makes the score of a face. Each look has the outputs of the plain face and, after it, of the variants in their
// order, or of all variants; NaN if it has neither.
func (f *few) predict(looks []look) float64 {
	total := 0.0
	for _, look := range looks {
		if len(look.variants) < len(f.variants) {
			return math.NaN()
		}
		score := f.weights[0] + f.weights[1]*float64(look.plain[0])
		for i, k := range f.variants {
			at := i
			if len(look.variants) > len(f.variants) {
				at = k
			}
			score += f.weights[2+i] * fewTerm(f.score, look.variants[at], k)
		}
		total += score
	}
	return total / float64(len(looks))
}

// check tells whether f stands for all variants.
func (f *few) check(all int) error {
	for i, k := range f.variants {
		if k < 0 || k >= all || slices.Contains(f.variants[:i], k) {
			return fmt.Errorf("method: variant %d among the few %d: want labels below %d, each once", k, f.variants, all)
		}
	}
	if len(f.weights) != len(f.variants)+2 || len(f.variants) == all {
		return fmt.Errorf("method: %d weights for a few of %d variants, want two more, and less variants than all", len(f.weights), len(f.variants))
	}
	return nil
}

// regression is least squares by modified Gram–Schmidt, one column at a time.
type regression struct {
	basis    [][]float64 // orthonormal; a zero column for one that depends on those before
	upper    [][]float64 // column j of R: of the j-th column added
	target   []float64   // coefficients of the target in the basis
	residual []float64
}

func newRegression(target []float64) *regression { return &regression{residual: slices.Clone(target)} }

// reduce returns what the basis leaves of a column, and its coefficients. Less than a millionth of the column is nothing
// but rounding.
func (r *regression) reduce(column []float64) (rest, coefficients []float64, length float64) {
	rest = slices.Clone(column)
	for _, q := range r.basis {
		c := floats.Dot(q, rest)
		coefficients = append(coefficients, c)
		floats.AddScaled(rest, -c, q)
	}
	length = math.Sqrt(floats.Dot(rest, rest))
	if length <= 1e-6*math.Sqrt(floats.Dot(column, column)) {
		clear(rest)
		length = 0
	}
	return rest, coefficients, length
}

// gain is how much of the sum of squares the column would explain.
func (r *regression) gain(column []float64) float64 {
	rest, _, length := r.reduce(column)
	if length == 0 {
		return 0
	}
	c := floats.Dot(rest, r.residual) / length
	return c * c
}

func (r *regression) add(column []float64) {
	rest, coefficients, length := r.reduce(column)
	if length > 0 {
		floats.Scale(1/length, rest)
	}
	c := floats.Dot(rest, r.residual)
	floats.AddScaled(r.residual, -c, rest)
	r.basis, r.upper, r.target = append(r.basis, rest), append(r.upper, append(coefficients, length)), append(r.target, c)
}

// weights solves R·w = target from the last column; one that depends on others gets 0.
func (r *regression) weights() []float64 {
	w := make([]float64, len(r.basis))
	for j := len(w) - 1; j >= 0; j-- {
		if r.upper[j][j] == 0 {
			continue
		}
		w[j] = r.target[j]
		for k := j + 1; k < len(w); k++ {
			w[j] -= r.upper[k][j] * w[k]
		}
		w[j] /= r.upper[j][j]
	}
	return w
}
