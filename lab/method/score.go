package method

import (
	"math"
	"slices"
)

// Calibration holds, for each variant of a face, the mean and the spread over held-out real faces of its cosine with its
// own prototype.
type Calibration struct {
	Mean, Spread []float64
}

// variantOutputs is what scores see of one look at a face: the outputs of the plain face, and those of its variants, each
// [|h|, cos_1 … cos_K].
type variantOutputs struct {
	plain    []float32
	variants [][]float32
}

// own is the cosine of variant k with its own prototype.
func (v variantOutputs) own(k int) float64 { return float64(v.variants[k][1+k]) }

// seeableScores are the anomaly scores of one look at a face, larger for fakes. The paper's figure draws a normality, so
// it and its parts are negated (spec section 7.1).
var seeableScores = map[string]func(m *SeeABLE, v variantOutputs, c *Calibration) float64{
	// figure: −Σ_k |h_k|·(1 + cos(z_k, p_k)), the official one.
	"figure": func(_ *SeeABLE, v variantOutputs, _ *Calibration) float64 {
		return -sum(v, func(k int) float64 { return float64(v.variants[k][0]) * (1 + v.own(k)) })
	},
	// cosine: −Σ_k cos(z_k, p_k).
	"cosine": func(_ *SeeABLE, v variantOutputs, _ *Calibration) float64 {
		return -sum(v, v.own)
	},
	// norm: −Σ_k |h_k|.
	"norm": func(_ *SeeABLE, v variantOutputs, _ *Calibration) float64 {
		return -sum(v, func(k int) float64 { return float64(v.variants[k][0]) })
	},
	// min: the worst variant, −min_k cos(z_k, p_k).
	"min": func(_ *SeeABLE, v variantOutputs, _ *Calibration) float64 {
		worst := math.Inf(1)
		for k := range v.variants {
			worst = min(worst, v.own(k))
		}
		return -worst
	},
	// calibrated: each variant's cosine against what real faces reach (ours).
	"calibrated": func(_ *SeeABLE, v variantOutputs, c *Calibration) float64 {
		return -sum(v, func(k int) float64 { return (v.own(k) - c.Mean[k]) / c.Spread[k] })
	},
	// onepass: how much the untouched face looks as if it carried some discrepancy, log Σ_k exp(scale·cos(z, p_k)), less
	// the same for the pristine prototype where there is one (ours, not the paper's).
	"onepass": func(m *SeeABLE, v variantOutputs, _ *Calibration) float64 {
		scale, cosines := m.spec.Score.Scale, v.plain[1:]
		if m.spec.Discrepancy.Pristine > 0 {
			last := len(cosines) - 1
			return logSumExp(scale, cosines[:last]) - scale*float64(cosines[last])
		}
		return logSumExp(scale, cosines)
	},
}

// Scores implements Method.
func (m *SeeABLE) Scores() []string {
	return []string{"figure", "cosine", "norm", "min", "calibrated", "onepass"}
}

// Score implements Method. Outputs come as [SeeABLE.Variants] makes the images; two looks are averaged.
func (m *SeeABLE) Score(score string, outputs [][]float32, c *Calibration) float64 {
	looks := m.looks(outputs)
	total := 0.0
	for _, look := range looks {
		total += seeableScores[score](m, look, c)
	}
	return total / float64(len(looks))
}

func (m *SeeABLE) looks(outputs [][]float32) []variantOutputs {
	n := 1
	if m.spec.Score.Flip {
		n = 2
	}
	var looks []variantOutputs
	for part := range slices.Chunk(outputs, len(outputs)/n) {
		looks = append(looks, variantOutputs{part[0], part[1:]})
	}
	return looks
}

// Similarities are the cosines of the variants of a face with their own prototypes, averaged over the looks.
func (m *SeeABLE) Similarities(outputs [][]float32) []float64 {
	looks := m.looks(outputs)
	mean := make([]float64, len(looks[0].variants))
	for _, look := range looks {
		for k := range mean {
			mean[k] += look.own(k) / float64(len(looks))
		}
	}
	return mean
}

// Calibrate measures the calibration on faces, each the outputs of one face's variants.
func (m *SeeABLE) Calibrate(faces [][][]float32) *Calibration {
	var c Calibration
	n := 0.0
	for _, outputs := range faces {
		for _, look := range m.looks(outputs) {
			if c.Mean == nil {
				c.Mean, c.Spread = make([]float64, len(look.variants)), make([]float64, len(look.variants))
			}
			n++
			for k := range c.Mean {
				// Welford's update: Spread holds the sum of squares until the end.
				delta := look.own(k) - c.Mean[k]
				c.Mean[k] += delta / n
				c.Spread[k] += delta * (look.own(k) - c.Mean[k])
			}
		}
	}
	for k := range c.Spread {
		// A variant that never varies would otherwise count without bound.
		c.Spread[k] = max(math.Sqrt(c.Spread[k]/n), 1e-3)
	}
	return &c
}

func sum(v variantOutputs, term func(k int) float64) float64 {
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
