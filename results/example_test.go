package results_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/results"
)

func Example() {
	paper, err := results.Published()
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := paper.Table("cross-dataset")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range table.Rows {
		if row.Method != "SeeABLE" {
			continue
		}
		fmt.Printf("trained on %s; compression %s\n", row.Protocol.TrainedOn, row.Protocol.Compression)
		for _, cell := range row.Cells {
			fmt.Printf("%s %.1f, from %s\n", cell.Column, cell.AUC, cell.Source)
		}
	}
	// Output:
	// trained on FF++ real; compression not given
	// Celeb-DF v2 87.3, from slides-205
	// DFDC 75.9, from slides-205
	// DFDC preview 86.3, from slides-205
	// average 83.2, from slides-205
}
