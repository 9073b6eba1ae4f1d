package train

import (
	"fmt"
	"math"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

func TestRate(t *testing.T) {
	for _, c := range []struct {
		decay  string
		warmUp float64
		step   int
		want   float64
	}{
		{"cosine", 0.1, 0, 0.1}, {"cosine", 0.1, 4, 0.5}, {"cosine", 0.1, 9, 1}, {"cosine", 0.1, 10, 1},
		{"cosine", 0.1, 40, 0.75}, {"cosine", 0.1, 55, 0.5}, {"cosine", 0.1, 70, 0.25}, {"cosine", 0.1, 99, (1 - math.Cos(math.Pi/90)) / 2},
		{"linear", 0.1, 0, 0.1}, {"linear", 0.1, 9, 1}, {"linear", 0.1, 10, 1}, {"linear", 0.1, 55, 0.5}, {"linear", 0.1, 99, 1. / 90},
		{"constant", 0.1, 0, 0.1}, {"constant", 0.1, 50, 1}, {"constant", 0.1, 99, 1},
		{"cosine", 0, 0, 1}, {"linear", 0, 50, 0.5}, {"linear", 1, 49, 0.5}, {"linear", 1, 99, 1},
	} {
		train := spec.Train{Steps: 100, LearningRate: 3, WarmUp: c.warmUp, Decay: c.decay}
		near(t, fmt.Sprint(c), rate(train, c.step), 3*c.want, 1e-12)
	}
	// However short a run is, every step moves.
	for steps := 1; steps < 40; steps++ {
		for _, decay := range []string{"cosine", "linear", "constant"} {
			for _, warmUp := range []float64{0, 0.05, 0.5, 1} {
				train := spec.Train{Steps: steps, LearningRate: 3, WarmUp: warmUp, Decay: decay}
				for step := range steps {
					if r := rate(train, step); !(r > 0 && r <= 3) {
						t.Errorf("%+v: the rate of step %d is %v", train, step, r)
					}
				}
			}
		}
	}
}

func TestCurriculum(t *testing.T) {
	train := spec.Train{Steps: 200, CurriculumFrom: 16, CurriculumEnd: 0.4}
	for step, want := range map[int]float64{0: 16, 10: 16, 20: 16, 35: 8, 50: 4, 65: 2, 80: 1, 81: 1, 199: 1} {
		near(t, fmt.Sprint("factor of step ", step), curriculum(train, step), want, 1e-9)
	}
	for step := range 199 {
		if curriculum(train, step+1) > curriculum(train, step) {
			t.Errorf("the factor rises at step %d", step)
		}
	}
	train.CurriculumEnd = 0
	near(t, "factor without a curriculum", curriculum(train, 0), 1, 0)
	train.CurriculumEnd = 1
	near(t, "factor at the middle", curriculum(train, 125), 4, 1e-9)
}
