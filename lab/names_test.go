package lab_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
)

// words are names that mean something else, too: only a text that is nothing but one counts.
var words = []string{"calibrated", "ce", "compact", "cosine", "figure", "logit", "min", "norm", "probability", "seeable", "triplet"}

// others are the files, by the end of their path, that may hold a name besides the one that registers it.
var others = map[string][]string{
	// What the method is made of besides.
	"method/few.go":   {"figure", "norm", "onepass"},
	"method/score.go": {"figure", "cosine", "norm", "min", "calibrated", "onepass"},
	// Another thing of that name: the decay of the rate, a term of a loss, a folder, a key of ECharts.
	"method/sbi.go":     {"ce"},
	"spec/default.go":   {"cosine"},
	"spec/validate.go":  {"cosine", "sladd"},
	"train/schedule.go": {"cosine"},
	"encoder/vit.go":    {"norm"},
	// UIA-ViT has such a score too, and SBI's samples.
	"networks/uiavit.go": {"ce", "logit", "sbi"},
	// A shape of regions is called as the method that it is of.
	"region/regions.go": {"sladd"},
	"spec/spec.go":      {"sladd"},
	"toolbox/cache.go":  {"seeable"},
	"look/chart.go":     {"min"},
	"figure/sphere.go":  {"min"},
	// Examples of commands.
	"cli/bench.go":   {"resnet18", "xray"},
	"cli/weights.go": {"resnet18"},
	"cli/makers.go":  {"xray"},
}

// allowed tells whether others let the file at path hold a name.
func allowed(path, name string) bool {
	for end, names := range others {
		if strings.HasSuffix(path, end) && slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// A method, an encoder, a loss and a score are named in one file, where they register: everything else asks the registry.
// Experiments and published results name what they are about, tests and notebooks what they look at.
func TestOneFileNamesAMethod(t *testing.T) {
	files := map[string][]string{} // by name
	var patterns []*regexp.Regexp
	var names []string
	add := func(name string) {
		names = append(names, name)
		pattern := `(^|[^\w/-])` + regexp.QuoteMeta(name) + `($|[^\w/-])`
		if slices.Contains(words, name) {
			pattern = `^` + name + `$`
		}
		patterns = append(patterns, regexp.MustCompile(pattern))
	}
	for _, info := range spec.Methods() {
		add(info.Name)
		for _, score := range info.Scores {
			add(score.Name)
		}
	}
	for _, info := range spec.Encoders() {
		add(info.Name)
	}
	for _, info := range spec.Losses() {
		add(info.Name)
	}
	read := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".") && path != ".." || slices.Contains([]string{"../experiments", "../results", "../notebooks"}, filepath.ToSlash(path)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		read++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		path = strings.TrimPrefix(filepath.ToSlash(path), "../")
		ast.Inspect(file, func(n ast.Node) bool {
			if _, is := n.(*ast.ImportSpec); is {
				return false
			}
			literal, is := n.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(literal.Value)
			for i, name := range names {
				if patterns[i].MatchString(text) && !allowed(path, name) && !slices.Contains(files[name], path) {
					files[name] = append(files[name], path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if len(files[name]) > 1 {
			t.Errorf("%q is named in %s; want the file that registers it only", name, strings.Join(files[name], ", "))
		}
	}
	// A walk that finds nothing would pass for nothing.
	if read < 100 || !slices.Contains(files["sbi"], "lab/method/sbi.go") {
		t.Errorf("read %d files and found sbi in %q", read, files["sbi"])
	}
}
