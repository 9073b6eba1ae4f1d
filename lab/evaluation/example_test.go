package evaluation_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/store"
)

// The scores of two runs on the same five videos, made up.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, store.ScoresFile)
	var faces []store.Item
	for i, scores := range [][]float64{{-1, 0}, {0, 2}, {1, 1}, {2, 3}, {-0.5, 2}} {
		faces = append(faces, store.Item{
			Dataset: "DFDC", Method: []string{"original", "fake"}[min(1, i/2)], Video: fmt.Sprint(i), Fake: i >= 2, Scores: scores,
		})
	}
	if err := store.WriteItems(path, []string{"cosine", "norm"}, slices.Values(faces)); err != nil {
		fmt.Println(err)
		return
	}
	sets, err := evaluation.Read(path, "cosine")
	if err != nil {
		fmt.Println(err)
		return
	}
	test, err := sets[0].Test(evaluation.All)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: AUC %.3f, %d real, %d fake, coverage %.2f\n", test.Dataset, test.AUC, test.NReal, test.NFake, test.Coverage)
	// Output: DFDC: AUC 0.833, 2 real, 3 fake, coverage 1.00
}

// What another tool has scored, a row a video. The scores are made up.
func ExampleReadForeign() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "theirs.csv")
	text := `dataset,method,video,fake,score
DFDC,original,0,0,0.1
DFDC,original,1,0,0.4
DFDC,original,2,0,0.5
DFDC,fake,0,1,0.9
DFDC,fake,1,1,0.45
DFDC,fake,2,1,
`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	f, err := evaluation.ReadForeign(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range f.Record.Tests {
		if t.Level == "video" {
			fmt.Printf("%s: %s, AUC %.3f, %d real, %d fake, coverage %.2f\n", f.Record.Name, t.Dataset, t.AUC, t.NReal, t.NFake, t.Coverage)
		}
	}
	// Output: theirs: DFDC, AUC 0.833, 3 real, 2 fake, coverage 0.83
}
