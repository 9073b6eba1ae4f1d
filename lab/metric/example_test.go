package metric_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/metric"
)

// Faces become videos, videos an AUROC with an interval.
func Example() {
	var faces []metric.Face
	add := func(video string, fake bool, scores ...float64) {
		for _, s := range scores {
			faces = append(faces, metric.Face{Video: video, Fake: fake, Score: s})
		}
	}
	add("original/000", false, -1.2, -0.8)
	add("original/001", false, 0.1, 0.3)
	add("original/002", false, -0.5)
	add("Deepfakes/000_003", true, 0.9, 1.4)
	add("FaceSwap/000_003", true, 0.0, 0.2)
	faces = append(faces, metric.Face{Video: "Deepfakes/001_870", Fake: true, Missing: true})

	videos, err := metric.Pool(faces)
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, fake, _ := videos.Scored()
	auc, err := metric.Bootstrap(scores, fake, (*metric.Ranking).AUROC, metric.Resampling{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("video AUROC %.3f [%.3f, %.3f], %d real, %d fake, coverage %.2f\n",
		auc.Value, auc.Low, auc.High, auc.Reals, auc.Fakes, videos.Coverage())
	// Output: video AUROC 0.833 [0.333, 1.000], 3 real, 2 fake, coverage 0.83
}

// Ten people, of whom each has the face of the next put into a video of his own: perfect separation says less than it seems.
func ExampleAUC() {
	var scores []float64
	var fake []bool
	var who metric.Shown
	for person := range int32(10) {
		scores = append(scores, float64(person)/100, 1+float64(person)/100)
		fake = append(fake, false, true)
		who.People = append(who.People, [2]int32{person, -1}, [2]int32{person, (person + 1) % 10})
	}
	auc, err := metric.AUC(scores, fake, who)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("AUROC %.3f [%.3f, %.3f], %d real people, %d fake\n", auc.Value, auc.Low, auc.High, auc.RealPeople, auc.FakePeople)
	// Output: AUROC 1.000 [0.743, 1.000], 10 real people, 10 fake
}
