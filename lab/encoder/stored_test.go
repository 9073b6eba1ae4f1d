package encoder

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Weights that were imported are those of the file, without what lies behind the features, and are listed.
func TestImport(t *testing.T) {
	t.Setenv(toolbox.CacheEnv, t.TempDir())
	weights := timmWeights(readTimmGolden(t, "efficientnet-lite0").Names)
	dir := t.TempDir()
	path := filepath.Join(dir, "mine.safetensors")
	if err := safetensors.Write(path, weights); err != nil {
		t.Fatal(err)
	}
	stored, err := Import(t.Context(), path, "efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Import(t.Context(), path, "efficientnet-lite0"); again != stored || err != nil {
		t.Errorf("imported again it is %s, error %v, want %s", again, err, stored)
	}
	got, err := safetensors.Read(stored)
	if err != nil {
		t.Fatal(err)
	}
	for name := range weights.Tensors {
		if networks["efficientnet-lite0"].leavesOut("/" + name) {
			delete(weights.Tensors, name)
		}
	}
	if !reflect.DeepEqual(got.Tensors, weights.Tensors) {
		t.Error("the imported file holds other tensors")
	}
	list, err := Weights()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(stored)
	if err != nil {
		t.Fatal(err)
	}
	want := []Stored{
		{"efficientnet-lite0", stored, stored, info.Size()},
		{"efficientnet-lite0", "imagenet", "", toolbox.EfficientNetLite0.WheelSize},
	}
	if !slices.Equal(list, want) {
		t.Errorf("the list is %v, want %v", list, want)
	}
	if !strings.HasPrefix(filepath.Base(stored), "efficientnet-lite0-import-mine-") {
		t.Errorf("it is stored as %s", stored)
	}
}

// rawTimm is a file like timm's own: with counts of batches as integers. change may spoil the header's text and the
// values.
func rawTimm(t *testing.T, weights safetensors.File, change func(header map[string]any, values []byte)) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Encode(&b, weights); err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(b.Bytes())
	header, values := map[string]any{}, b.Bytes()[8+n:]
	if err := json.Unmarshal(b.Bytes()[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	end := len(values)
	header["bn1.num_batches_tracked"] = map[string]any{"dtype": "I64", "shape": []int{}, "data_offsets": []int{end, end + 8}}
	values = append(values, make([]byte, 8)...)
	change(header, values)
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), values...)
}

// Each of these files gives one error that says what is wrong, and leaves the cache as it was.
func TestImportRefuses(t *testing.T) {
	home := t.TempDir()
	t.Setenv(toolbox.CacheEnv, home)
	weights := timmWeights(readTimmGolden(t, "efficientnet-lite0").Names)
	same := func(map[string]any, []byte) {}
	swap := func(from, to string) func(map[string]any, []byte) {
		return func(header map[string]any, _ []byte) {
			header[to] = header[from]
			delete(header, from)
		}
	}
	for name, c := range map[string]struct {
		encoder, file string
		data          []byte
		want          string
	}{
		"flipped name": {"efficientnet-lite0", "x.safetensors", rawTimm(t, weights, swap("bn1.weight", "bn1.wejght")),
			"missing: bn1.weight; left over: bn1.wejght"},
		"wrong shape": {"efficientnet-lite0", "x.safetensors", rawTimm(t, weights, func(header map[string]any, _ []byte) {
			header["conv_stem.weight"].(map[string]any)["shape"] = []int{32, 3, 9, 1}
		}), "wrong shape: conv_stem.weight is [32 3 9 1], want [32 3 3 3]"},
		"NaN": {"efficientnet-lite0", "x.safetensors", rawTimm(t, weights, func(header map[string]any, values []byte) {
			at := int(header["bn1.running_var"].(map[string]any)["data_offsets"].([]any)[0].(float64))
			binary.LittleEndian.PutUint32(values[at+4:], math.Float32bits(float32(math.NaN())))
		}), `tensor "bn1.running_var": element 1 is NaN`},
		"header of 2^63 bytes": {"efficientnet-lite0", "x.safetensors", binary.LittleEndian.AppendUint64(nil, 1<<63), "9223372036854775808 bytes"},
		"integers": {"efficientnet-lite0", "x.safetensors", rawTimm(t, weights, swap("bn1.num_batches_tracked", "bn1.count")),
			"not of float32 or float16, bn1.count first"},
		"another network": {"resnet18", "x.safetensors", rawTimm(t, weights, same), "missing: "},
		"no such encoder": {"resnet19", "x.safetensors", nil, `unknown encoder "resnet19"`},
		"own encoder":     {"compact", "x.safetensors", nil, `"compact" is a network of our own`},
		"no such file":    {"resnet18", "", nil, "no such file"},
		"not a pickle":    {"resnet18", "x.pth", []byte("hello"), "cannot convert x.pth"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			switch c.file {
			case "":
				path = filepath.Join(path, "missing.safetensors")
			case "x.pth":
				needPython(t)
				fallthrough
			default:
				if err := os.WriteFile(path, c.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Import(t.Context(), path, c.encoder)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, c.want)
			}
		})
	}
	if found, _ := filepath.Glob(filepath.Join(home, "*", "*.safetensors")); len(found) > 0 {
		t.Errorf("the cache holds %v", found)
	}
}

// Export undoes Load for every network that timm has, and Load takes back what Export wrote.
func TestExport(t *testing.T) {
	names := slices.Sorted(timmEncoders())
	if testing.Short() {
		names = []string{"efficientnet-b0"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			cfg := spec.Encoder{Name: name}
			want := timmWeights(readTimmGolden(t, name).Names)
			store := model.NewStore()
			if err := Load(store.Scope("/net/backbone"), cfg, want); err != nil {
				t.Fatal(err)
			}
			saved, err := Save(store, "/net")
			if err != nil {
				t.Fatal(err)
			}
			got, err := Export(cfg, "/net/backbone", saved)
			if err != nil {
				t.Fatal(err)
			}
			for name := range want.Tensors {
				if networks[cfg.Name].leavesOut("/" + name) {
					delete(want.Tensors, name)
				}
			}
			if !reflect.DeepEqual(got.Tensors, want.Tensors) {
				t.Error("other tensors came back")
			}
			if err := Load(model.NewStore().Scope("/x"), cfg, got); err != nil {
				t.Error(err)
			}

			scale := ""
			for name := range saved.Tensors {
				if strings.HasSuffix(name, "/scale") {
					scale = max(scale, name)
				}
			}
			skale := strings.TrimSuffix(scale, "scale") + "skale"
			delete(saved.Tensors, scale)
			saved.Tensors[skale] = safetensors.Tensor{Shape: []int{1}, Data: []float32{0}}
			_, err = Export(cfg, "/net/backbone", saved)
			wantError(t, err, "missing: "+scale+"; left over: "+skale)
		})
	}
	_, err := Export(spec.Encoder{Name: "compact"}, "/net/backbone", safetensors.File{})
	wantError(t, err, `"compact" is a network of our own`)
}

// A checkpoint in the names of efficientnet_pytorch, as testdata/names.py lists them, fills the same variables as one in
// timm's.
func TestLoadEfficientNetPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/efficientnet_pytorch.json")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]string{}
	if err := json.Unmarshal(text, &theirs); err != nil {
		t.Fatal(err)
	}
	cfg := spec.Encoder{Name: "efficientnet-b1"}
	timms := timmWeights(readTimmGolden(t, cfg.Name).Names)
	renamed := safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for name, tensor := range timms.Tensors {
		renamed.Tensors[theirs[name]] = tensor
	}
	if len(renamed.Tensors) != len(timms.Tensors) {
		t.Fatalf("%d names for %d tensors", len(renamed.Tensors), len(timms.Tensors))
	}
	var saved [2]safetensors.File
	for i, file := range []safetensors.File{timms, renamed} {
		store := model.NewStore()
		if err := Load(store.RootScope(), cfg, file); err != nil {
			t.Fatal(err)
		}
		if saved[i], err = Save(store, "/"); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(saved[0], saved[1]) {
		t.Error("the two gave different networks")
	}
}
