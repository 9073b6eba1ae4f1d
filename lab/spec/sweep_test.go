package spec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// bases are experiments to build on.
func bases(name string) (Spec, error) {
	s := Default()
	s.Name = name
	switch name {
	case "small":
		s.Discrepancy.Rows, s.Discrepancy.Cols, s.Encoder.Dim = 2, 2, 7
	case "binary":
		s.Method = "sbi"
	default:
		return Spec{}, errors.New("no experiment " + name)
	}
	return s, nil
}

func cellsOf(t *testing.T, text string) []Cell {
	t.Helper()
	w, err := ParseSweep("test", "test.toml", []byte(text), bases)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	return cells
}

func labels(cells []Cell) []string {
	var all []string
	for _, c := range cells {
		all = append(all, c.Label)
	}
	return all
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestSweepIsTheProductOfItsAxes(t *testing.T) {
	cells := cellsOf(t, `
train.steps = 9
[sweep]
axes = [{ discrepancy.rows = [2, 3], discrepancy.cols = [3, 4] }, { loss.lambda = [0, 0.5], }, { seed = [1, 2, 3] }]
`)
	equal(t, len(cells), 12)
	i := 0
	for _, grid := range [][2]int{{2, 3}, {3, 4}} {
		for _, lambda := range []float64{0, 0.5} {
			for seed := uint64(1); seed <= 3; seed++ {
				want := Default()
				want.Name = "test"
				want.Train.Steps, want.Seed, want.Loss.Lambda = 9, seed, lambda
				want.Discrepancy.Rows, want.Discrepancy.Cols = grid[0], grid[1]
				equal(t, cells[i], Cell{i, fmt.Sprintf("rows=%d, cols=%d, lambda=%v, seed=%d", grid[0], grid[1], lambda, seed), want})
				i++
			}
		}
	}
}

func TestSweepListsCells(t *testing.T) {
	cells := cellsOf(t, `
base = "small"
[train]
steps = 9
[sweep]
cells = [
	{},
	{ loss.name = "ce", discrepancy.types = ["frequency"] },
	{ "loss.temperature" = 0.2, loss = { name = "bcr" } },
	{ base = "binary", train.steps = 4 },
]
axes = [{ "data.exclude" = [[], ["a", "b"]] }]
`)
	equal(t, labels(cells), []string{
		"exclude=none", "exclude=a+b",
		"types=frequency, loss=ce, exclude=none", "types=frequency, loss=ce, exclude=a+b",
		"loss=bcr, temperature=0.2, exclude=none", "loss=bcr, temperature=0.2, exclude=a+b",
		"binary, steps=4, exclude=none", "binary, steps=4, exclude=a+b",
	})
	small, _ := bases("small")
	small.Train.Steps, small.Data.Exclude = 9, []string{}
	equal(t, cells[0].Spec, small)
	binary, _ := bases("binary")
	binary.Train.Steps, binary.Data.Exclude = 4, []string{"a", "b"}
	equal(t, cells[7].Spec, binary)
}

// What all cells share does not label them; keys that would look alike are written in full.
func TestLabels(t *testing.T) {
	equal(t, labels(cellsOf(t, "[sweep]\naxes = [{ loss.name = [\"ce\"] }, { augment.rgb_shift = [1, 2], discrepancy.rgb_shift = [3, 4] }]")),
		[]string{"discrepancy.rgb_shift=3, augment.rgb_shift=1", "discrepancy.rgb_shift=4, augment.rgb_shift=2"})
	equal(t, labels(cellsOf(t, "base = \"small\"\n[sweep]\ncells = [{}, { seed = 2 }]")), []string{"small", "seed=2"})
	equal(t, labels(cellsOf(t, "[sweep]\naxes = [{ score.flip = [true, false] }]")), []string{"flip=true", "flip=false"})
}

func TestFitDim(t *testing.T) {
	text := `
base = "small"
[sweep]
fit_dim = true
axes = [{ discrepancy.rows = [1, 2, 5], discrepancy.cols = [1, 2, 5] }]
cells = [{}, { encoder.dim = 60 }]
`
	dims := []int{}
	for _, c := range cellsOf(t, text) {
		dims = append(dims, c.Spec.Encoder.Dim)
	}
	equal(t, dims, []int{7, 7, 49, 60, 60, 60})

	w, err := ParseSweep("test", "test.toml", []byte(strings.Replace(text, "true", "false", 1)), bases)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Cells(); err == nil || !strings.Contains(err.Error(), "cell 2 (discrepancy.rows=5, discrepancy.cols=5): encoder.dim = 7") ||
		strings.Contains(err.Error(), "cell 1 ") {
		t.Errorf("found %v, want cell 2 alone refused for its dimension", err)
	}
}

func TestSweepSet(t *testing.T) {
	w, err := ParseSweep("test", "test.toml", []byte(`
[sweep]
axes = [{ base = ["small", "binary"] }, { seed = [4, 5] }]
`), bases)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Set("train.steps=3"); err != nil {
		t.Fatal(err)
	}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, labels(cells), []string{"small, seed=4", "small, seed=5", "binary, seed=4", "binary, seed=5"})
	for _, c := range cells {
		equal(t, c.Spec.Train.Steps, 3)
	}
	for assignment, want := range map[string]string{
		"seed=3": "varies seed", "train.stesp=3": `"train.steps"`, "seed": "varies seed", "train.steps": "key=value",
	} {
		if err := w.Set(assignment); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want an error with %q", assignment, err, want)
		}
	}
	again, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, again, cells)
}

// Cells do not share memory: changing one leaves the others.
func TestCellsAreIndependent(t *testing.T) {
	cells := cellsOf(t, "[sweep]\naxes = [{ seed = [1, 2] }]")
	cells[0].Spec.Data.Train[0] = "changed"
	equal(t, cells[1].Spec.Data.Train, Default().Data.Train)
}

func TestGoSweep(t *testing.T) {
	w := Sweep{Name: "go", Base: Default(), Axes: []Axis{
		Together(Vary("discrepancy.rows", 2, 3), Vary("discrepancy.cols", 2, 3, 4)),
		Vary("discrepancy.types", []string{"spatial"}, []string{"spatial", "frequency"}),
		Vary("loss.name", "ce", "bcr"),
		Vary("train.learning_rate", 1e-7, 0.5),
	}}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, len(cells), 16)
	equal(t, cells[5].Label, "rows=2, cols=2, types=spatial+frequency, loss=ce, learning_rate=0.5")
	equal(t, cells[5].Spec.Train.LearningRate, 0.5)
	equal(t, cells[0].Spec.Train.LearningRate, 1e-7)
	equal(t, Together(), Axis(nil))
}

func TestSweepErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"seed = 1":                                    {"no section [sweep]", "seelab run"},
		"[swep]\naxes = []":                           {`"swep"`, `"sweep"`},
		"bsae = \"small\"\n[sweep]":                   {`"bsae"`, `"base"`},
		"[sweep]":                                     {"neither axes nor cells"},
		"[sweep]\naxis = []":                          {`"sweep.axis"`, `"sweep.axes"`},
		"[sweep]\naxes = 3":                           {"axes"},
		"[sweep]\naxes = [3]":                         {"axes"},
		"[sweep]\naxes = [{ seed = 3 }]":              {"number 1", "seed = 3", "list"},
		"[sweep]\naxes = [{ seed = [] }]":             {"seed", "list"},
		"[sweep]\naxes = [{}]":                        {"axis 1 of 1", "no points"},
		"[sweep]\naxes = [{ train.stesp = [1] }]":     {`"train.stesp"`, `"train.steps"`},
		"[sweep]\naxes = [{ name = [\"a\"] }]":        {`"name"`},
		"[sweep]\ncells = [{ lambda = 1 }]":           {"number 1", `"lambda"`, `"loss.lambda"`},
		"[sweep]\ncells = [{ seed = 2 }, {seed = 2}]": {"cells 0 (seed=2) and 1 (seed=2)", "same"},
		"[sweep]\naxes = [{ discrepancy.rows = [2, 3], discrepancy.cols = [2] }]":     {"discrepancy.cols has 1 values", "2"},
		"[sweep]\naxes = [{ seed = [2, 3] }, { seed = [2] }]":                         {"seed is varied twice"},
		"[sweep]\naxes = [{ seed = [2, 3] }]\ncells = [{ seed = 4 }]":                 {"seed is varied twice"},
		"[sweep]\naxes = [{ base = [\"none\"] }]":                                     {"no experiment none"},
		"base = \"none\"\n[sweep]\naxes = [{ seed = [2] }]":                           {"no experiment none"},
		"[sweep]\naxes = [{ loss.name = [\"ce\", \"c\"] }, { train.steps = [1, 0] }]": {"cell 1 (", "cell 2 (", "cell 3 (", "train.steps = 0", `loss.name = "c"`},
		"[sweep]\naxes = [{ train.steps = [\"many\"] }]":                              {"cell 0", "train.steps"},
	} {
		w, err := ParseSweep("test", "test.toml", []byte(text), bases)
		if err == nil {
			_, err = w.Cells()
		}
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		for _, part := range append(want, "spec: ", "test") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q lacks %q", text, err, part)
			}
		}
	}
	many := make([]any, 400)
	for i := range many {
		many[i] = i
	}
	w := Sweep{Name: "many", Base: Default(), Axes: []Axis{Vary("seed", many...), Vary("train.steps", many...)}}
	if _, err := w.Cells(); err == nil || !strings.Contains(err.Error(), "100000") {
		t.Errorf("160,000 cells: %v", err)
	}
}

func TestParseOn(t *testing.T) {
	s, err := ParseOn("test", []byte("base = \"small\"\nseed = 3\n[loss]\nlambda = 0.5"), bases)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := bases("small")
	want.Name, want.Seed, want.Loss.Lambda = "", 3, 0.5
	equal(t, s, want)
	for text, want := range map[string]string{
		"base = \"none\"":                 "no experiment none",
		"[sweep]\naxes = [{seed = [1]}]":  "seelab sweep",
		"base = \"small\"\ntrain.step =1": `"train.steps"`,
		"base = 3":                        "base",
	} {
		if _, err := ParseOn("test.toml", []byte(text), bases); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "test.toml") {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
	if _, err := Parse("test.toml", []byte("base = \"small\"")); err == nil {
		t.Error("Parse took a base")
	}
}

// Training leaves out what training does not depend on and nothing else.
func TestTraining(t *testing.T) {
	base := Default().Training().Hash()
	for _, key := range Keys() {
		s := Default()
		v := reflect.ValueOf(&s).Elem()
		leaves(v, "", func(k string, v reflect.Value) {
			if k != key {
				return
			}
			switch v.Kind() {
			case reflect.String:
				v.SetString("other")
			case reflect.Bool:
				v.SetBool(!v.Bool())
			case reflect.Int:
				v.SetInt(v.Int() + 1)
			case reflect.Uint64:
				v.SetUint(v.Uint() + 1)
			case reflect.Float64:
				v.SetFloat(v.Float() + 1)
			case reflect.Slice:
				v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			case reflect.Array:
				v.Set(reflect.Zero(v.Type()))
			default:
				t.Fatalf("%s is a %v", key, v.Kind())
			}
		})
		free := key == "name" || key == "data.test" || strings.HasPrefix(key, "score.")
		if same := s.Training().Hash() == base; same != free {
			t.Errorf("%s: same training %v, want %v", key, same, free)
		}
	}
}

// Whatever parses expands to valid cells or an error, and twice to the same.
func FuzzParseSweep(f *testing.F) {
	f.Add("[sweep]\naxes = [{ seed = [1, 2] }, { discrepancy.rows = [2, 3], discrepancy.cols = [2, 3] }]")
	f.Add("base = \"small\"\n[sweep]\nfit_dim = true\ncells = [{}, { base = \"binary\", loss.name = \"ce\" }]")
	f.Add("[[sweep.axes]]\nloss.lambda = [0, 1e3]")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseSweep("fuzz", "fuzz.toml", []byte(text), bases)
		if err != nil {
			return
		}
		cells, err := w.Cells()
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range cells {
			if err := c.Spec.Validate(); err != nil {
				t.Fatal(err)
			}
			if seen[c.Spec.Hash()] {
				t.Fatal("a cell twice")
			}
			seen[c.Spec.Hash()] = true
		}
		if again, err := w.Cells(); err != nil || !reflect.DeepEqual(again, cells) {
			t.Fatalf("expanded again: %v", err)
		}
	})
}
