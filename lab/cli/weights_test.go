package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/encoder"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// untrainedRun puts a run of an untrained network into the folder results and returns its id.
func untrainedRun(t *testing.T, results, name string) string {
	t.Helper()
	s := spec.Default()
	s.Encoder.Name = name
	weights := model.NewStore()
	g := graph.NewGraph(gobackend.GetBackend(), t.Name())
	encoder.Features(weights.Scope("/net"), s.Encoder, graph.Parameter(g, "images", shapes.Make(dtypes.Uint8, 1, s.Encoder.Size, s.Encoder.Size, 3)))
	file, err := encoder.Save(weights, "/net")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(results, "untrained-"+name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, store.SpecFile), []byte(s.TOML()))
	if err := safetensors.Write(filepath.Join(dir, store.WeightsFile), file); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteRecord(dir, store.Record{Run: filepath.Base(dir)}); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(dir)
}

// What a run learnt goes out in timm's names and comes back in.
func TestWeights(t *testing.T) {
	t.Setenv(toolbox.CacheEnv, t.TempDir())
	results := t.TempDir()
	id := untrainedRun(t, results, "resnet18")
	exported := filepath.Join(t.TempDir(), "mine.safetensors")
	if text := must(t, "weights", "export", id, exported, "--results", results); text != "" {
		t.Errorf("export prints %q", text)
	}
	file, err := safetensors.Read(exported)
	if err != nil {
		t.Fatal(err)
	}
	if shape := file.Tensors["layer1.0.conv1.weight"].Shape; !reflect.DeepEqual(shape, []int{64, 64, 3, 3}) || len(file.Tensors) != 100 {
		t.Errorf("%d tensors, layer1.0.conv1.weight %v; timm's resnet18 has 100 without its classifier, that one of 64×64×3×3", len(file.Tensors), shape)
	}
	stored := strings.TrimSpace(must(t, "weights", "import", exported, "--encoder", "resnet18"))
	if again, err := safetensors.Read(stored); err != nil || !reflect.DeepEqual(again, file) {
		t.Errorf("the imported file %s is another (%v)", stored, err)
	}
	list := must(t, "weights", "list")
	for _, want := range []string{"efficientnet-lite0  imagenet", "17.4  to be downloaded at the first use", "resnet18            " + stored, "in the cache"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}

	own := untrainedRun(t, results, "compact")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"export", id, exported, "--results", results}, failed, "is there already"},
		{[]string{"export", own, exported + "2", "--results", results}, failed, `"compact" is a network of our own`},
		{[]string{"export", "nothing", exported + "2", "--results", results}, failed, `no run "nothing"`},
		{[]string{"import", exported, "--encoder", "resnet50"}, failed, "missing: "},
		{[]string{"import", exported}, misused, `required flag(s) "encoder"`},
		{[]string{"import", exported + "2", "--encoder", "resnet18"}, failed, "no such file"},
		{[]string{"export", id}, misused, "a run and the file to write"},
		{[]string{"lisd"}, misused, `unknown command "lisd"`},
	} {
		code, stdout, stderr := seelab(t, append([]string{"weights"}, c.args...)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("seelab weights %q: exit code %d, want %d; %q, want %q", c.args, code, c.code, stderr+stdout, c.want)
		}
	}
}
