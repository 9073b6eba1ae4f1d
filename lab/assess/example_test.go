package assess_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/assess"
	"github.com/seeable-lab/seeable/lab/store"
)

// A matrix of one detector; [assess.Makers] measures it of finished runs.
func ExampleMakerMatrix_Table() {
	m := assess.MakerMatrix{Faces: 256, People: 151, Makers: []string{"selfblend", "xray"}, Rows: []assess.MakerRow{
		{Run: "xray-0123", Method: "xray", Score: "class-odds", Figures: []store.Pseudo{
			{On: "selfblend/none", AUC: 0.75, Low: 0.7, High: 0.79, NReal: 256, NFake: 256, People: 151},
			{On: "xray/none", AUC: 0.875, Low: 0.84, High: 0.9, NReal: 256, NFake: 256, People: 151},
		}},
	}}
	fmt.Println(m.Table().Text())
	// Output:
	// Which pseudo-fakes teach what: AUC on those of each maker, 256 real faces of 151 people
	//
	// trained                                 selfblend          xray
	// -----------------------------------  ------------  ------------
	// xray-0123                                   0.750         0.875
	// score class-odds, no labelled fakes  [0.70, 0.79]  [0.84, 0.90]
	//
	// AUC with 95 % intervals by people; as many pseudo-fakes of each maker as real faces, the same ones for all. Compression: none.
}
