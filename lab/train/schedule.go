package train

import (
	"math"

	"github.com/seeable-lab/seeable/lab/spec"
)

// rate is the learning rate of a step, counted from 0: a linear warm-up, then the decay.
func rate(t spec.Train, step int) float64 {
	warm := t.WarmUp * float64(t.Steps)
	if at := float64(step) + 1; at < warm {
		return t.LearningRate * at / warm
	}
	left := (float64(t.Steps) - float64(step)) / max(1, float64(t.Steps)-warm)
	left = min(1, left)
	switch t.Decay {
	case "cosine":
		return t.LearningRate * (1 - math.Cos(math.Pi*left)) / 2
	case "linear":
		return t.LearningRate * left
	}
	return t.LearningRate
}

// curriculum is the factor on the strength of the discrepancies: CurriculumFrom for the first quarter of its time, then
// falling geometrically to 1 at CurriculumEnd. Without it nets stay at chance, because at official strength the cue is
// too faint to be found; without the pause it has gone before it is learnt.
func curriculum(t spec.Train, step int) float64 {
	end := t.CurriculumEnd * float64(t.Steps)
	if float64(step) >= end {
		return 1
	}
	fall := max(0, (float64(step)/end-0.25)/0.75)
	return math.Pow(t.CurriculumFrom, 1-fall)
}

// share is the part of the training that is done before a step.
func share(t spec.Train, step int) float64 { return float64(step) / float64(t.Steps) }
