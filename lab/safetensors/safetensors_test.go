package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// goldenFile is what testdata/golden.py writes with the Python package.
func goldenFile() File {
	kernel := make([]float32, 24)
	for i := range kernel {
		kernel[i] = float32(i)/8 - 1
	}
	return File{
		Metadata: map[string]string{"format": "np"},
		Tensors: map[string]Tensor{
			"stem/kernel": {Shape: []int{2, 3, 4}, Data: kernel},
			"empty":       {Shape: []int{0, 5}, Data: []float32{}},
			"scalar":      {Shape: []int{}, Data: []float32{-2.5e-40}},
			"größe \"'<&": {Shape: []int{2}, Data: []float32{math.MaxFloat32, 0x1p-126}},
		},
	}
}

func TestReadTakesWhatPythonWrote(t *testing.T) {
	got, err := Read("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if want := goldenFile(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestWriteGivesBackWhatWasRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	want := goldenFile()
	for range 2 { // the second time over an existing file
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want only the file", entries, err)
	}
}

// Encode gives the bytes of the file that Write writes, and Decode the file back.
func TestEncode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	want := File{Metadata: map[string]string{"a": "b"}, Tensors: map[string]Tensor{"x": {Shape: []int{2}, Data: []float32{1, -0.5}}, "y": {Shape: []int{}, Data: []float32{3}}}}
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Encode(&b, want); err != nil || !bytes.Equal(b.Bytes(), text) {
		t.Errorf("%d bytes, error %v; the file has %d", b.Len(), err, len(text))
	}
	if got, err := Decode(&b, int64(len(text))); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, error %v, want %v", got, err, want)
	}
	if _, err := Decode(bytes.NewReader(text[:len(text)-1]), int64(len(text)-1)); err == nil || !strings.HasPrefix(err.Error(), "safetensors: ") {
		t.Errorf("error %v of a file cut short", err)
	}
	want.Tensors["x"].Data[0] = float32(math.NaN())
	if err := Encode(&b, want); err == nil || !strings.HasPrefix(err.Error(), "safetensors: ") {
		t.Errorf("error %v of a NaN", err)
	}
}

func TestWriteIsDeterministicAndAligned(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for i := range 20 { // maps are walked in another order each time
		f := File{Metadata: map[string]string{}, Tensors: map[string]Tensor{}}
		for j := range 50 {
			f.Metadata[fmt.Sprint("key", j)] = "value"
			f.Tensors[fmt.Sprint("tensor", j)] = Tensor{Shape: []int{j}, Data: make([]float32, j)}
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := Write(path, f); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(data, first) {
			t.Fatal("the same content gave other bytes")
		}
	}
	if n := binary.LittleEndian.Uint64(first); n%8 != 0 {
		t.Errorf("the header has %d bytes: values are not aligned", n)
	}
}

// Values of more than one chunk must come back in order.
func TestLargeTensor(t *testing.T) {
	values := make([]float32, 3*chunk+17)
	for i := range values {
		values[i] = float32(i)
	}
	path := filepath.Join(t.TempDir(), "large")
	f := File{Tensors: map[string]Tensor{"a": {Shape: []int{len(values)}, Data: values}, "b": {Data: []float32{7}}}}
	if err := Write(path, f); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Tensors["a"].Data, values) || !slices.Equal(got.Tensors["b"].Data, []float32{7}) {
		t.Error("values came back changed")
	}
}

func TestWriteRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, c := range map[string]struct {
		tensors  map[string]Tensor
		metadata map[string]string
		want     string
	}{
		"NaN":           {map[string]Tensor{"w": {Shape: []int{3}, Data: []float32{0, 1, nan}}}, nil, `tensor "w": element 2 is NaN`},
		"infinity":      {map[string]Tensor{"w": {Shape: []int{1}, Data: []float32{inf}}}, nil, `tensor "w": element 0 is -Inf`},
		"few values":    {map[string]Tensor{"w": {Shape: []int{2, 2}, Data: []float32{1, 2, 3}}}, nil, `tensor "w": 3 values for shape [2 2], want 4`},
		"negative":      {map[string]Tensor{"w": {Shape: []int{-1, -1}, Data: []float32{1}}}, nil, "negative extent"},
		"overflow":      {map[string]Tensor{"w": {Shape: []int{1 << 31, 1 << 31, 4}}}, nil, "more elements than can be counted"},
		"reserved name": {map[string]Tensor{"__metadata__": {Shape: []int{0}}}, nil, "no tensor can be called"},
		"name":          {map[string]Tensor{"\xff": {Shape: []int{0}}}, nil, "not valid Unicode"},
		"metadata":      {nil, map[string]string{"k": "\xc3"}, "not valid Unicode"},
		"long header":   {nil, map[string]string{"k": strings.Repeat("x", maxHeader)}, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net")
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Write(path, File{Metadata: c.metadata, Tensors: c.tensors})
			wantError(t, err, c.want)
			entries, _ := os.ReadDir(filepath.Dir(path))
			if data, _ := os.ReadFile(path); string(data) != "before" || len(entries) != 1 {
				t.Errorf("the folder was changed: %q, %v", data, entries)
			}
		})
	}
}

func TestWriteLeavesNothingBehindWhenItCannotRename(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantError(t, Write(path, goldenFile()), "safetensors: cannot write "+path)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want what was there", entries, err)
	}
	wantError(t, Write(filepath.Join(dir, "missing", "net"), goldenFile()), "no such file")
}

// raw is a file with the header text and n bytes of values, all 0.
func raw(header string, n int) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), make([]byte, n)...)
}

func TestReadRefuses(t *testing.T) {
	const one = `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	valid := raw("{"+one+"}", 4)
	if _, err := decode(bytes.NewReader(valid), int64(len(valid)), nil); err != nil {
		t.Fatal(err)
	}
	patched := func(at int, b ...byte) []byte {
		data := bytes.Clone(valid)
		copy(data[at:], b)
		return data
	}
	nan := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "cut short"},
		"short length":      {valid[:7], "cut short"},
		"no header":         {valid[:8], "cut short"},
		"header cut":        {valid[:20], "cut short"},
		"values cut":        {valid[:len(valid)-1], "cut short"},
		"trailing byte":     {append(bytes.Clone(valid), 0), "the tensors have 4 bytes, the file has 5"},
		"length 2^63":       {patched(0, 0, 0, 0, 0, 0, 0, 0, 0x80), "9223372036854775808 bytes, at most"},
		"length 2^64-1":     {patched(0, 255, 255, 255, 255, 255, 255, 255, 255), "at most"},
		"header over cap":   {raw(strings.Repeat(" ", maxHeader+1), 0), "at most"},
		"pickle":            {[]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), "is this a safetensors file?"},
		"NaN":               {patched(len(valid)-4, nan...), `tensor "a": element 0 is NaN`},
		"infinity":          {patched(len(valid)-4, 0, 0, 0x80, 0x7f), `tensor "a": element 0 is +Inf`},
		"leading space":     {raw(` {`+one+`}`, 4), "not a JSON object"},
		"array":             {raw(`[]`, 0), "not a JSON object"},
		"half an object":    {raw(`{`+one, 4), "not valid JSON"},
		"two objects":       {raw(`{`+one+`}{}`, 4), "not valid JSON"},
		"trailing comma":    {raw(`{`+one+`,}`, 4), "not valid JSON"},
		"comment":           {raw(`{/**/`+one+`}`, 4), "not valid JSON"},
		"duplicate name":    {raw(`{`+one+`,`+one+`}`, 4), `the header holds "a" twice`},
		"escaped duplicate": {raw(`{`+one+`,"\u0061"`+one[3:]+`}`, 4), `the header holds "a" twice`},
		"duplicate field":   {raw(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), `holds "dtype" twice`},
		"lone surrogate":    {raw(`{"\ud800"`+one[3:]+`}`, 4), "not valid Unicode"},
		"unknown field":     {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), `unknown field "x"`},
		"case of a field":   {raw(`{"a":{"DType":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), `unknown field "DType"`},
		"no dtype":          {raw(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4), "lacks one of"},
		"no shape":          {raw(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), "lacks one of"},
		"no offsets":        {raw(`{"a":{"dtype":"F32","shape":[1]}}`, 4), "lacks one of"},
		"brain float":       {raw(`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, 4), `tensor "a" has elements of type BF16, want F32 or F16`},
		"half infinity":     {append(raw(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 0), 0x00, 0x7c), `tensor "a": element 0 is +Inf`},
		"unknown type":      {raw(`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), `unknown type "F31"`},
		"null shape":        {raw(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, 4), "want an array"},
		"null extent":       {raw(`{"a":{"dtype":"F32","shape":[null],"data_offsets":[0,4]}}`, 4), "want integers"},
		"text extent":       {raw(`{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4), "want integers"},
		"negative extent":   {raw(`{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}`, 4), "want integers"},
		"fractional extent": {raw(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), "want integers"},
		"nested extent":     {raw(`{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}`, 4), "want integers"},
		"wrong shape":       {raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), `tensor "a" has 4 bytes, want 8 for shape [2]`},
		"overflowing shape": {raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967297],"data_offsets":[0,4]}}`, 4), "more elements than can be counted"},
		"huge extent":       {raw(`{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}`, 4), "want integers"},
		"one offset":        {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}`, 4), "want a begin and an end"},
		"offsets reversed":  {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), "want a begin and an end"},
		"offset past end":   {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 4), "begins at byte 4 of the values, want 0"},
		"overlap":           {raw(`{`+one+`,"b"`+one[3:]+`}`, 4), "begins at byte 0 of the values, want 4"},
		"gap":               {raw(`{`+one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12), "begins at byte 8 of the values, want 4"},
		"tensor a number":   {raw(`{"a":1}`, 0), "want an object"},
		"metadata a number": {raw(`{"__metadata__":{"k":1}}`, 0), "want text"},
		"metadata a list":   {raw(`{"__metadata__":[]}`, 0), "want an object"},
		"metadata twice":    {raw(`{"__metadata__":{"k":"","k":""}}`, 0), `holds "k" twice`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Read(path)
			wantError(t, err, c.want)
			if f.Tensors != nil {
				t.Errorf("tensors %v came with the error", slices.Sorted(maps.Keys(f.Tensors)))
			}
		})
	}
	_, err := Read(t.TempDir())
	wantError(t, err, "not a regular file")
	_, err = Read("missing.safetensors")
	wantError(t, err, "no such file")
}

// Of a file with tensors of several types, ReadFloats takes those of floats and names the others; sizes are checked of
// both.
func TestReadFloats(t *testing.T) {
	header := `{"count":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},` +
		`"half":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}`
	data := raw(header, 22)
	binary.LittleEndian.PutUint32(data[len(data)-10:], math.Float32bits(2.5))
	path := filepath.Join(t.TempDir(), "mixed")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, others, err := ReadFloats(path)
	if err != nil || !slices.Equal(others, []string{"count", "half"}) {
		t.Errorf("others %v, error %v", others, err)
	}
	if want := map[string]Tensor{"w": {Shape: []int{2}, Data: []float32{0, 2.5}}}; !reflect.DeepEqual(f.Tensors, want) {
		t.Errorf("got %v, want %v", f.Tensors, want)
	}
	_, err = Read(path)
	wantError(t, err, `tensor "count" has elements of type I64, want F32`)

	if err := os.WriteFile(path, raw(strings.Replace(header, `"shape":[3]`, `"shape":[2]`, 1), 22), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = ReadFloats(path)
	wantError(t, err, `tensor "half" has 6 bytes, want 4`)
	if err := os.WriteFile(path, data[:len(data)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = ReadFloats(path)
	wantError(t, err, "cut short")
}

// A flipped byte is either seen or gives other tensors: nothing in the file is without a meaning but the padding.
func TestEveryByteCounts(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	want := goldenFile()
	for i := range data {
		if data[i] == ' ' {
			continue
		}
		flipped := bytes.Clone(data)
		flipped[i] ^= 1
		if got, err := decode(bytes.NewReader(flipped), int64(len(flipped)), nil); err == nil && reflect.DeepEqual(got, want) {
			t.Errorf("byte %d (%q) was flipped and nobody saw it", i, data[i])
		}
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "safetensors: ") {
		t.Errorf("got error %v, want one of safetensors with %q", err, want)
	}
}

// FuzzRead: whatever the bytes, reading neither panics nor takes much memory, and what it accepts it writes back to the
// same tensors.
func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile("testdata/golden.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"k":"v"}}  `, 4))
	f.Add(raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967297],"data_offsets":[0,4]}}`, 4))
	f.Add(raw(`{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4))
	f.Add(raw(`{}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := decode(bytes.NewReader(data), int64(len(data)), nil)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "net")
		if err := Write(path, file); err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Metadata) == 0 {
			file.Metadata = nil
		}
		if !reflect.DeepEqual(file, again) {
			t.Fatalf("read %v, then %v", file, again)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	values := make([]float32, 4<<20)
	path := filepath.Join(b.TempDir(), "net")
	if err := Write(path, File{Tensors: map[string]Tensor{"a": {Shape: []int{len(values)}, Data: values}}}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(values) * 4))
	for b.Loop() {
		if _, err := Read(path); err != nil {
			b.Fatal(err)
		}
	}
}
