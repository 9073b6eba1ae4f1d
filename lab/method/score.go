package method

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// calibration holds, for each variant of a face, the mean and the spread over held-out real faces of its cosine with its
// own prototype.
type calibration struct{ mean, spread []float64 }

// The names of a calibration in a [Fit].
const calibrationMean, calibrationSpread = "calibration/mean", "calibration/spread"

func calibrationOf(fit Fit) calibration {
	return calibration{fit.Values[calibrationMean], fit.Values[calibrationSpread]}
}

// onepass is the score that needs no variants.
const onepass = "onepass"

// look is what scores see of one look at a face: the outputs of the plain face, and those of its variants, each
// [|h|, cos_1 … cos_K].
type look struct {
	plain    []float32
	variants [][]float32
}

// own is the cosine of variant k with its own prototype.
func (v look) own(k int) float64 { return float64(v.variants[k][1+k]) }

// seeableScores are the anomaly scores of one look at a face, larger for fakes. The paper's figure draws a normality, so
// it and its parts are negated (spec section 7.1).
var seeableScores = map[string]func(m *SeeABLE, v look, c calibration) float64{
	// figure: −Σ_k |h_k|·(1 + cos(z_k, p_k)), the official one.
	"figure": func(_ *SeeABLE, v look, _ calibration) float64 {
		return -sum(v, func(k int) float64 { return float64(v.variants[k][0]) * (1 + v.own(k)) })
	},
	// cosine: −Σ_k cos(z_k, p_k).
	"cosine": func(_ *SeeABLE, v look, _ calibration) float64 {
		return -sum(v, v.own)
	},
	// norm: −Σ_k |h_k|.
	"norm": func(_ *SeeABLE, v look, _ calibration) float64 {
		return -sum(v, func(k int) float64 { return float64(v.variants[k][0]) })
	},
	// min: the worst variant, −min_k cos(z_k, p_k).
	"min": func(_ *SeeABLE, v look, _ calibration) float64 {
		worst := math.Inf(1)
		for k := range v.variants {
			worst = min(worst, v.own(k))
		}
		return -worst
	},
	// calibrated: each variant's cosine against what real faces reach (ours).
	"calibrated": func(_ *SeeABLE, v look, c calibration) float64 {
		return -sum(v, func(k int) float64 { return (v.own(k) - c.mean[k]) / c.spread[k] })
	},
	// onepass: how much the untouched face looks as if it carried some discrepancy, log Σ_k exp(scale·cos(z, p_k)), less
	// the same for the pristine prototype where there is one (ours, not the paper's).
	onepass: func(m *SeeABLE, v look, _ calibration) float64 {
		scale, cosines := m.spec.Score.Scale, v.plain[1:]
		if m.spec.Discrepancy.Pristine > 0 {
			last := len(cosines) - 1
			return logSumExp(scale, cosines[:last]) - scale*float64(cosines[last])
		}
		return logSumExp(scale, cosines)
	},
}

// Scores implements [Method].
func (m *SeeABLE) Scores() []string { return seeable.ScoreNames() }

// variants is the number of discrepancies that a face is tested with.
func (m *SeeABLE) variants() int {
	return m.spec.Discrepancy.Locations() * len(m.spec.Discrepancy.Types)
}

// Score implements [Method]. Rows are those of the samples that [SeeABLE.Probe] makes; two looks are averaged. The score
// that was chosen is predicted from few variants, where some were fitted.
func (m *SeeABLE) Score(score string, rows []Row, fit Fit) float64 {
	looks := m.looks(rows)
	if few := fewOf(fit); few != nil && score == fit.Score {
		return few.predict(looks)
	}
	if score != onepass && len(looks[0].variants) != m.variants() {
		return math.NaN()
	}
	c, total := calibrationOf(fit), 0.0
	if score == "calibrated" && len(c.mean) != m.variants() {
		return math.NaN()
	}
	for _, look := range looks {
		total += seeableScores[score](m, look, c)
	}
	return total / float64(len(looks))
}

func (m *SeeABLE) looks(rows []Row) []look {
	n := 1
	if m.spec.Score.Flip {
		n = 2
	}
	var looks []look
	for part := range slices.Chunk(rows, len(rows)/n) {
		l := look{plain: part[0][0]}
		for _, row := range part[1:] {
			l.variants = append(l.variants, row[0])
		}
		looks = append(looks, l)
	}
	return looks
}

// mirrored is the label that a variant of the mirrored face has where variant k of the face itself has its discrepancy.
func (m *SeeABLE) mirrored(k int) int {
	n := m.Regions().Len()
	return k/n*n + m.Regions().Mirror(k%n)
}

// Similarities implements [Prototyped]. There are none where a face was looked at in one pass, or with few variants.
func (m *SeeABLE) Similarities(rows []Row) []float64 {
	looks := m.looks(rows)
	if len(looks[0].variants) != m.variants() {
		return nil
	}
	mean := make([]float64, len(looks[0].variants))
	for side, look := range looks {
		for k := range mean {
			at := k
			if side == 1 {
				at = m.mirrored(k)
			}
			mean[k] += look.own(at) / float64(len(looks))
		}
	}
	return mean
}

// Fit implements [Fitter]: first it calibrates the variants on real faces; then, where the spec wants few of them, it
// chooses those that tell most of the score, on real faces and pseudo-fakes.
func (m *SeeABLE) Fit(fit Fit, real, fake [][]Row) (Fit, error) {
	out := Fit{Score: fit.Score, Values: maps.Clone(fit.Values)}
	if out.Values == nil {
		out.Values = map[string][]float64{}
	}
	if fit.Score == "" {
		if c := m.calibrate(real); c.mean != nil {
			out.Values[calibrationMean], out.Values[calibrationSpread] = c.mean, c.spread
		}
		return out, nil
	}
	n := m.spec.Score.Variants
	if n == 0 || fit.Score == onepass {
		return out, nil
	}
	faces := slices.Concat(real, fake)
	scores, predicted := make([]float64, len(faces)), make([]float64, len(faces))
	for i, rows := range faces {
		scores[i] = m.Score(fit.Score, rows, fit)
	}
	few, err := m.fitFew(fit.Score, n, faces, scores)
	if err != nil {
		return fit, err
	}
	few.put(out.Values)
	for i, rows := range faces {
		predicted[i] = m.Score(fit.Score, rows, out)
	}
	out.Note = fmt.Sprintf("variants %v stand for all: correlation %.3f with the score of all on those faces", few.variants, stat.Correlation(predicted, scores, nil))
	return out, nil
}

// CheckFit implements [Fitter].
func (m *SeeABLE) CheckFit(fit Fit) error {
	c, k := calibrationOf(fit), m.variants()
	if len(c.mean) != len(c.spread) || c.mean != nil && len(c.mean) != k {
		return fmt.Errorf("method: a calibration of %d means and %d spreads, want %d of each", len(c.mean), len(c.spread), k)
	}
	if few := fewOf(fit); few != nil {
		return few.check(k)
	}
	return nil
}

// calibrate measures the calibration on faces, each the rows of one face's variants.
func (m *SeeABLE) calibrate(faces [][]Row) calibration {
	var c calibration
	n := 0.0
	for _, rows := range faces {
		for _, look := range m.looks(rows) {
			if len(look.variants) == 0 {
				continue // looked at in one pass
			}
			if c.mean == nil {
				c.mean, c.spread = make([]float64, len(look.variants)), make([]float64, len(look.variants))
			}
			n++
			for k := range c.mean {
				// Welford's update: spread holds the sum of squares until the end.
				delta := look.own(k) - c.mean[k]
				c.mean[k] += delta / n
				c.spread[k] += delta * (look.own(k) - c.mean[k])
			}
		}
	}
	for k := range c.spread {
		// A variant that never varies would otherwise count without bound.
		c.spread[k] = max(math.Sqrt(c.spread[k]/n), 1e-3)
	}
	return c
}

func sum(v look, term func(k int) float64) float64 {
	total := 0.0
	for k := range v.variants {
		total += term(k)
	}
	return total
}

func logSumExp(scale float64, x []float32) float64 {
	top := float64(slices.Max(x))
	total := 0.0
	for _, v := range x {
		total += math.Exp(scale * (float64(v) - top))
	}
	return scale*top + math.Log(total)
}
