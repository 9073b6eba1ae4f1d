package lab_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is this module's path.
const module = "github.com/seeable-lab/seeable/"

// importPlan is who may import whom in this module, tests apart. The data goes through the code in one direction: a package
// may import only those of its last column, and they stand above it. In that column "lab/" is left out, and a line that
// begins with a blank cell goes on with the package above. GoMLX says whether a package may link GoMLX, which needs a C
// compiler and a plugin; plots, whether it may link gonb, gonum/plot or go-echarts. A star marks a package that is still
// to come.
const importPlan = `
package                            | GoMLX | plots | may import
lab/stream                         | no    | no    |
lab/version                        | no    | no    |
lab/store                          | no    | no    | version
lab/shell                          | no    | no    |
lab/spec                           | no    | no    | stream
lab/safetensors                    | no    | no    |
lab/tensorboard                    | no    | no    |
lab/toolbox                        | no    | no    |
results                            | no    | no    |
experiments                        | no    | no    | spec
lab/metric                         | no    | no    | stream
lab/operating                      | no    | no    | metric
lab/hypersphere                    | no    | no    | stream
lab/face                           | no    | no    |
lab/internal/facetest              | no    | no    | stream
lab/detect/internal/cnn            | no    | no    |
lab/detect/internal/onnx           | no    | no    | detect/internal/cnn
lab/detect/internal/tflite         | no    | no    | detect/internal/cnn
lab/detect                         | no    | no    | detect/internal/cnn detect/internal/onnx
                                   |       |       | detect/internal/tflite face toolbox
lab/align *                        | no    | no    | face
lab/region                         | no    | no    | face spec
lab/localise                       | no    | no    | face metric region
lab/jpeg                           | no    | no    |
lab/poisson                        | no    | no    |
lab/discrepancy                    | no    | no    | face jpeg poisson region spec stream
lab/rival                          | no    | no    | face spec
datasets                           | no    | no    | face spec stream
datasets/datasetstest              | no    | no    | datasets
datasets/overlap                   | no    | no    | datasets face
datasets/layout                    | no    | no    | datasets datasets/overlap face
datasets/official                  | no    | no    | datasets datasets/layout
datasets/synthetic                 | no    | no    | datasets face stream
lab/video                          | no    | no    | toolbox
lab/robust                         | no    | no    | face stream video
lab/extract/extracttest            | no    | no    | toolbox video
lab/extract                        | no    | no    | datasets datasets/layout detect face store toolbox video
lab/evaluation                     | no    | no    | datasets metric rival store
lab/source                         | no    | no    | align datasets datasets/layout datasets/official datasets/overlap
                                   |       |       | datasets/synthetic detect evaluation extract face rival shell spec store stream toolbox video
lab/swap                           | no    | no    | face poisson region
lab/source/donor                   | no    | no    | face source
lab/cluster                        | no    | no    | shell spec store
lab/record                         | no    | no    | evaluation metric rival spec store version
lab/table                          | no    | no    | evaluation metric operating results rival spec store version
lab/pack                           | no    | no    | evaluation operating record safetensors spec store table version
lab/figure/look                    | no    | yes   |
lab/figure/curves                  | no    | yes   | figure/look metric store stream
lab/figure                         | no    | yes   | face figure/look hypersphere region toolbox
lab/report                         | no    | yes   | evaluation figure figure/curves metric region spec store table
lab/internal/browsertest           | no    | no    |
lab/internal/sharedtest            | no    | no    |
lab/internal/release050            | no    | no    |
lab/accel/malloc                   | no    | no    |
lab/accel/graphs                   | yes   | no    |
lab/accel/compiler                 | yes   | no    |
lab/accel/onednn                   | yes   | no    | accel/compiler
lab/accel                          | yes   | no    | accel/compiler accel/graphs accel/onednn toolbox
lab/accel/acceltest                | yes   | no    | accel toolbox
lab/encoder                        | yes   | no    | accel/graphs accel/onednn safetensors spec stream toolbox
lab/loss                           | yes   | no    | accel/graphs spec
lab/method                         | yes   | no    | accel/graphs discrepancy source/donor encoder face hypersphere loss region source
                                   |       |       | spec stream
lab/train                          | yes   | no    | accel/graphs accel/onednn source/donor encoder face method safetensors source spec stream
lab/method/methodtest              | yes   | no    | accel/acceltest datasets datasets/synthetic source/donor encoder face method safetensors
                                   |       |       | source spec stream train
lab/systems/networks               | yes   | no    | discrepancy encoder face loss method spec
lab/systems                        | yes   | no    | discrepancy encoder face loss method metric region spec stream swap systems/networks
lab/env                            | yes   | no    | accel datasets extract metric source store version
lab/prepare                        | yes   | no    | datasets encoder env method safetensors source spec stream
lab/sphere                         | yes   | yes   | source/donor figure hypersphere method source spec stream
lab/detector                       | yes   | no    | accel/graphs datasets datasets/layout detect encoder env extract face
                                   |       |       | method operating pack safetensors source spec store video
lab/detector/detectortest          | yes   | no    | accel/acceltest datasets datasets/synthetic detector env method source
                                   |       |       | spec
lab/explore                        | yes   | yes   | accel/graphs datasets detector encoder env figure figure/curves hypersphere
                                   |       |       | method prepare source spec sphere store train version
lab/yardstick                      | yes   | no    | discrepancy face method metric rival robust spec stream
lab/heatmap                        | yes   | yes   | datasets detector env evaluation extract face figure localise method metric
                                   |       |       | prepare source store stream
lab/run                            | yes   | yes   | accel datasets datasets/overlap detector source/donor encoder env evaluation face figure figure/curves heatmap
                                   |       |       | method metric operating pack prepare report rival safetensors source spec
                                   |       |       | sphere store stream train version
lab/assess                         | yes   | yes   | datasets datasets/layout detector env evaluation extract face figure method metric
                                   |       |       | operating prepare robust run source source/donor spec store stream table version yardstick
lab/bench                          | yes   | no    | accel/compiler accel/graphs datasets datasets/synthetic detector
                                   |       |       | discrepancy source/donor encoder env face method source spec stream train
lab                                | yes   | yes   | assess bench datasets datasets/layout
                                   |       |       | detector env evaluation explore extract figure figure/curves operating pack record report run source spec sphere
                                   |       |       | store systems table tensorboard
lab/notebook                       | no    | yes   | figure store toolbox
lab/nb                             | yes   | yes   | accel/malloc figure lab notebook
lab/terminal                       | yes   | yes   | assess bench cluster datasets datasets/layout detector env experiments explore extract figure
                                   |       |       | operating run spec store table version yardstick
lab/cli/command                    | yes   | yes   | extract lab source store table terminal
lab/cli/sweeps                     | yes   | yes   | cli/command cluster experiments extract lab results source spec store
                                   |       |       | terminal
lab/cli                            | yes   | yes   | accel/malloc cli/command cli/sweeps cluster encoder
                                   |       |       | experiments lab notebook operating pack record robust safetensors spec store
                                   |       |       | table terminal video yardstick
results/detectors                  | no    | no    |
lab/cmd/seelab                     | yes   | yes   | cli results/detectors
lab/cmd/render                     | yes   | no    | evaluation experiments method record rival spec store systems table version
notebooks                          | no    | no    |
`

// outside are the modules that the columns of the plan are about, as prefixes of import paths.
var outside = map[string][]string{
	"GoMLX": {"github.com/gomlx/"},
	"plots": {"github.com/janpfeifer/gonb/", "gonum.org/v1/plot", "github.com/go-echarts/"},
}

// room is a row of the plan.
type room struct {
	name    string
	may     map[string]bool // link what, by the name of the column
	imports []string        // names of rooms above
	planned bool
}

// readPlan reads a table like importPlan.
func readPlan(table string) (plan []room, err error) {
	yes := map[string]bool{"yes": true, "no": false}
	_, rows, _ := strings.Cut(strings.TrimSpace(table), "\n") // without the header
	for line := range strings.Lines(rows) {
		line, _, _ = strings.Cut(line, "#")
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			return nil, fmt.Errorf("the row %q has %d cells; want 4", line, len(cells))
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] != "" {
			name, planned := strings.CutSuffix(cells[0], " *")
			gomlx, ok := yes[cells[1]]
			plots, ok2 := yes[cells[2]]
			if !ok || !ok2 {
				return nil, fmt.Errorf("the row of %s says %q and %q; want yes or no", name, cells[1], cells[2])
			}
			plan = append(plan, room{name: name, may: map[string]bool{"GoMLX": gomlx, "plots": plots}, planned: planned})
		}
		last := &plan[len(plan)-1]
		for _, short := range strings.Fields(cells[3]) {
			at := slices.IndexFunc(plan[:len(plan)-1], func(r room) bool { return r.name == short || r.name == "lab/"+short })
			if at < 0 {
				return nil, fmt.Errorf("the row of %s allows %s, which is not above it: the data would go back and forth", last.name, short)
			}
			last.imports = append(last.imports, plan[at].name)
		}
	}
	return plan, nil
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	Imports           []string
}

// list returns the packages of the module and all that they link, by import path.
func list(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports", module+"...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string]listed{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// where returns the place of an import in a package's files.
func (p listed) where(path string) string {
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
		if err != nil {
			return err.Error()
		}
		for _, spec := range f.Imports {
			if spec.Path.Value == strconv.Quote(path) {
				return fmt.Sprintf("%s:%d", name, files.Position(spec.Pos()).Line)
			}
		}
	}
	return "no file"
}

// violations returns what the packages do that the plan does not allow, each by the import that is to blame.
func violations(plan []room, packages map[string]listed) (found []string) {
	rooms := map[string]room{} // by import path
	for _, r := range plan {
		path := module + r.name
		rooms[path] = r
		if _, ok := packages[path]; !ok && !r.planned {
			found = append(found, fmt.Sprintf("%s: there is no such package: delete its row", r.name))
		}
	}
	links := map[string]map[string]bool{} // by column, then by import path: is it linked by the package?
	for column := range outside {
		links[column] = map[string]bool{}
	}
	var reaches func(path, column string) bool
	reaches = func(path, column string) bool {
		known, ok := links[column][path]
		if !ok {
			known = slices.ContainsFunc(outside[column], func(prefix string) bool { return strings.HasPrefix(path, prefix) }) ||
				slices.ContainsFunc(packages[path].Imports, func(of string) bool { return reaches(of, column) })
			links[column][path] = known
		}
		return known
	}
	for _, path := range slices.Sorted(maps.Keys(packages)) {
		if !strings.HasPrefix(path, module) {
			continue
		}
		p, name := packages[path], strings.TrimPrefix(path, module)
		r, ok := rooms[path]
		if !ok {
			found = append(found, fmt.Sprintf("%s: the package is not in the plan: add a row that says whom it may import", name))
			continue
		}
		for _, to := range p.Imports {
			short := strings.TrimPrefix(to, module)
			inside := short != to
			if inside && !slices.Contains(r.imports, short) {
				found = append(found, fmt.Sprintf("%s → %s (%s): the plan does not allow the import", name, short, p.where(to)))
			}
			for column := range outside {
				// An import of a package that may not link it either is not to blame: that one's own import is.
				if !r.may[column] && (!inside || rooms[to].may[column]) && reaches(to, column) {
					found = append(found, fmt.Sprintf("%s → %s (%s): %s must not link %s", name, short, p.where(to), name, column))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestImportPlan(t *testing.T) {
	plan, err := readPlan(importPlan)
	if err != nil {
		t.Fatal(err)
	}
	packages := list(t)
	for _, what := range violations(plan, packages) {
		t.Error(what)
	}
	// A list that lacks what must be there would pass for nothing.
	for _, path := range []string{module + "lab/accel", "github.com/gomlx/compute", "gonum.org/v1/plot"} {
		if _, ok := packages[path]; !ok {
			t.Errorf("%s is not listed: the listing is broken", path)
		}
	}
}

// TestImportPlanNamesAPlantedImport gives the check what must not be and looks for the import's name, with its file.
func TestImportPlanNamesAPlantedImport(t *testing.T) {
	plan, err := readPlan(importPlan)
	if err != nil {
		t.Fatal(err)
	}
	packages := list(t)
	const gomlx, plot = "github.com/gomlx/compute", "gonum.org/v1/plot"
	for _, c := range []struct {
		from, to string   // the planted import
		want     []string // all that is found
	}{
		{module + "lab/metric", module + "lab/spec", []string{"lab/metric → lab/spec (planted.go:3): the plan does not allow the import"}},
		// Back, and by it a package without GoMLX links it.
		{module + "lab/store", module + "lab/train", []string{
			"lab/store → lab/train (planted.go:3): lab/store must not link GoMLX",
			"lab/store → lab/train (planted.go:3): the plan does not allow the import"}},
		// From outside, in a package that many import: it alone is to blame.
		{module + "lab/stream", gomlx, []string{"lab/stream → " + gomlx + " (planted.go:3): lab/stream must not link GoMLX"}},
		{module + "lab/train", plot, []string{"lab/train → " + plot + " (planted.go:3): lab/train must not link plots"}},
		// By way of a module that the plan says nothing about.
		{module + "lab/store", "example.org/wrapper", []string{"lab/store → example.org/wrapper (planted.go:3): lab/store must not link GoMLX"}},
		{module + "lab/new", "fmt", []string{"lab/new: the package is not in the plan: add a row that says whom it may import"}},
	} {
		planted := maps.Clone(packages)
		planted["example.org/wrapper"] = listed{ImportPath: "example.org/wrapper", Imports: []string{gomlx}}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "planted.go"), fmt.Appendf(nil, "package planted\n\nimport %q\n", c.to), 0o600); err != nil {
			t.Fatal(err)
		}
		p := packages[c.from]
		p.ImportPath, p.Dir, p.GoFiles, p.CgoFiles = c.from, dir, []string{"planted.go"}, nil
		p.Imports = append(slices.Clone(p.Imports), c.to)
		planted[c.from] = p
		if got := violations(plan, planted); !slices.Equal(got, c.want) {
			t.Errorf("%s → %s planted: found\n%s\nwant\n%s", c.from, c.to, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	gone := maps.Clone(packages)
	delete(gone, module+"lab/tensorboard")
	if got := violations(plan, gone); !slices.Contains(got, "lab/tensorboard: there is no such package: delete its row") {
		t.Errorf("a row without a package: found %q", got)
	}
	for table, want := range map[string]string{
		"head\na | no | no | b\nb | no | no |": "the row of a allows b, which is not above it",
		"head\na | no | maybe |":               `says "no" and "maybe"; want yes or no`,
		"head\na | no |":                       "has 3 cells; want 4",
	} {
		if _, err := readPlan(table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the plan %q: %v; want %q", table, err, want)
		}
	}
}
