package method_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Training images of a drawn face: two views of one discrepancy for SeeABLE, a real and a self-blended one for SBI. A
// score needs the face and all its variants.
func Example() {
	people, _ := synthetic.Sets(1)
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
		layout := m.Layout()
		w, made := method.NewWorker(layout), method.NewSamples(layout, layout.Group())
		views := []method.Sample{made.At(0), made.At(1)}
		draw := method.Draw{Rand: stream.New(s.Seed, "example"), Strength: s.Train.CurriculumFrom}
		if err := m.Sample(w, views, face.Still(f), draw); err != nil {
			fmt.Println(err)
			return
		}
		score, tested := m.Scores()[0], &method.Samples{Layout: layout}
		if err := m.Probe(w, tested, score, method.Fit{}, face.Still(f), people.Items[0].ID()); err != nil {
			fmt.Println(err)
			return
		}
		classifier, _ := method.As[method.Classifier](m)
		fmt.Printf("%s: %d classes; labels %d %d; images for the score %s: %d\n",
			name, classifier.Classes(), views[0].Label, views[1].Label, score, tested.Len())
	}
	// Output:
	// seeable: 32 classes; labels 30 30; images for the score figure: 33
	// sbi: 2 classes; labels 0 1; images for the score logit: 1
}
