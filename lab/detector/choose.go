package detector

import (
	"gonum.org/v1/gonum/stat"

	"github.com/seeable-lab/seeable/lab/method"
)

// Choose takes the few variants that shall stand for all, if the spec wants that, by faces of which all were made. told is
// the correlation of what they predict with the score.
func (d *Detector) Choose(score string, evidence [][][]float32) (told float64, err error) {
	n := d.Spec.Score.Variants
	seeable, ok := d.Method.(*method.SeeABLE)
	if n == 0 || !ok || score == "onepass" {
		return 0, nil
	}
	scores, predicted := make([]float64, len(evidence)), make([]float64, len(evidence))
	for i, outputs := range evidence {
		scores[i] = d.Method.Score(score, outputs, d.Calibration)
	}
	if d.Few, err = seeable.FitFew(score, n, evidence, scores); err != nil {
		return 0, err
	}
	for i, outputs := range evidence {
		predicted[i] = d.Score(score, outputs)
	}
	return stat.Correlation(predicted, scores, nil), nil
}
