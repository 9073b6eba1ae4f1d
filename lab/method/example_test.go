package method_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Training images of a drawn face: two views of one discrepancy for SeeABLE, a real and a self-blended one for SBI. A
// score needs the face and all its variants.
func Example() {
	people, _ := datasets.Synthetic(1)
	f, err := datasets.Load(people.Items[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, info := range spec.Methods() {
		name := info.Name
		s := spec.Default()
		s.Method = name
		m, err := method.New(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		sampler, labels := m.Sampler(), make([]int32, 2)
		row := s.Encoder.Size * s.Encoder.Size * 3
		views := [][]uint8{make([]uint8, row), make([]uint8, row)}
		if err := m.Views(sampler, views, labels, f, s.Train.CurriculumFrom, stream.New(s.Seed, "example")); err != nil {
			fmt.Println(err)
			return
		}
		score := m.Scores()[0]
		variants, err := m.Variants(sampler, nil, score, f, people.Items[0].ID())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d classes; labels %d; images for the score %s: %d\n", name, m.Classes(), labels, score, len(variants)/row)
	}
	// Output:
	// seeable: 32 classes; labels [30 30]; images for the score figure: 33
	// sbi: 2 classes; labels [0 1]; images for the score logit: 1
}
