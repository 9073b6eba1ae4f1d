package spec_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/spec"
)

func ExampleSpec_Set() {
	s := spec.Default()
	for _, assignment := range []string{"discrepancy.rows=3", "discrepancy.cols=3", "loss.lambda=0.5", "train.stesp=100"} {
		if err := s.Set(assignment); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(s.Discrepancy.Classes(), "classes, λ =", s.Loss.Lambda)
	// Output:
	// spec: --set train.stesp=100: unknown key "train.stesp"; did you mean "train.steps"?
	// 18 classes, λ = 0.5
}
