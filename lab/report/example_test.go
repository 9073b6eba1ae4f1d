package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seeable-lab/seeable/lab/report"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// The figures of this record are made up.
func Example() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, store.ReportFile)
	err = report.Write(path, report.Data{
		Record: store.Record{Name: "demo", Run: "demo-1", Synthetic: true, Train: store.Training{Synthetic: true}},
		Spec:   spec.Default(),
	})
	text, _ := os.ReadFile(path)
	fmt.Println(err, strings.Contains(string(text), "<strong>SYNTHETIC.</strong>"), strings.Contains(string(text), "src="))
	// Output: <nil> true false
}
