package table_test

import (
	"fmt"

	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/table"
)

// The figures of this record are made up.
func Example() {
	fmt.Print(table.Tests(store.Record{
		Name: "demo", Score: "cosine", Synthetic: true, Train: store.Training{Synthetic: true},
		Tests: []store.Test{
			{Dataset: "synthetic", Method: "all", Level: "video", AUC: 0.8125, Low: 0.7, High: 0.9, NReal: 20, NFake: 80, RealPeople: 20, FakePeople: 20, Coverage: 1, Synthetic: true},
			{Dataset: "synthetic", Method: "swap", Level: "video", AUC: 0.75, Low: 0.6, High: 0.88, NReal: 20, NFake: 20, RealPeople: 20, FakePeople: 20, Coverage: 1, Synthetic: true},
		},
	}).Text())
	// Output:
	// demo: AUC of the anomaly score "cosine" with its 95 % interval (synthetic faces)
	//
	// dataset    method  level    AUC    low   high  real  fake  people  coverage  faces
	// ---------  ------  -----  -----  -----  -----  ----  ----  ------  --------  ---------
	// synthetic  all     video  0.812  0.700  0.900    20    80   20/20     1.000  synthetic
	// synthetic  swap    video  0.750  0.600  0.880    20    20   20/20     1.000  synthetic
}
