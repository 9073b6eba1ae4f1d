package tensorboard

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file anew; run read_events.py on it after that")

var started = time.Date(2026, 11, 23, 5, 28, 57, 250_000_000, time.UTC)

// write writes what the golden file has.
func write(t testing.TB, w io.Writer) {
	t.Helper()
	e, err := NewWriter(w, started)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		e.Parameters(started, started.Add(90*time.Second), map[string]any{
			"loss.lambda": 0.25, "train.steps": 300, "seed": uint64(7), "score.flip": true, "name": "größe", "data.exclude": []string{"a", "b"}, "off": false,
		}),
		e.Scalars(started.Add(time.Second), 1, Scalar{"train/loss", 3.5}, Scalar{"train/accuracy", 0.1}, Scalar{"nan", math.NaN()}),
		e.Scalars(started.Add(2*time.Second), 300, Scalar{"train/loss", -1e-30}, Scalar{"inf", math.Inf(1)}, Scalar{"test/FF++ c40/all/video/auc", 0.8125}),
		e.Scalars(started, 5, Scalar{"nothing", math.Inf(-1)}),
		e.Text(started, 300, "spec", "**bold** | λ\n"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dump is what a reader of event files sees; read_events.py prints the same of TensorBoard's own reader.
type dump struct {
	Versions []string
	Scalars  [][]any // tag, step, wall time, value
	Texts    [][]any // tag, step, text, plugin
	HParams  map[string]any
	Start    float64
	End      float64
	Status   float64
}

// The golden file was read by TensorBoard itself; what it saw is in events.json.
func TestGoldenAsTensorBoardReadsIt(t *testing.T) {
	var b bytes.Buffer
	write(t, &b)
	if *update {
		if err := os.WriteFile("testdata/events.tfevents", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile("testdata/events.tfevents")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), golden) {
		t.Errorf("%d bytes, not the %d of the golden file", b.Len(), len(golden))
	}
	text, err := os.ReadFile("testdata/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var want dump
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := read(t, golden)
	// Through JSON both have the same types.
	printed, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again dump
	if err := json.Unmarshal(printed, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, want) {
		t.Errorf("read %+v\nTensorBoard read %+v", again, want)
	}
	if len(want.Scalars) != 4 || len(want.HParams) != 7 || len(want.Texts) != 1 {
		t.Errorf("TensorBoard read %d scalars, %d parameters, %d texts; want 4, 7 and 1", len(want.Scalars), len(want.HParams), len(want.Texts))
	}
}

// field is one field of a message: a number, or bytes.
type field struct {
	number uint64
	bits   uint64
	data   []byte
}

// fields takes a message apart, after the encoding's own description.
func fields(t *testing.T, data []byte) []field {
	t.Helper()
	var all []field
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			t.Fatal("a tag is cut")
		}
		data = data[n:]
		f := field{number: tag >> 3}
		switch tag & 7 {
		case 0:
			f.bits, n = binary.Uvarint(data)
		case 1:
			f.bits, n = binary.LittleEndian.Uint64(data), 8
		case 2:
			size, skip := binary.Uvarint(data)
			f.data, n = data[skip:skip+int(size)], skip+int(size)
		case 5:
			f.bits, n = uint64(binary.LittleEndian.Uint32(data)), 4
		default:
			t.Fatalf("wire type %d", tag&7)
		}
		data = data[n:]
		all = append(all, f)
	}
	return all
}

// crc is CRC-32C bit by bit.
func crc(data []byte) uint32 {
	sum := ^uint32(0)
	for _, b := range data {
		sum ^= uint32(b)
		for range 8 {
			sum = sum>>1 ^ 0x82f63b78&-(sum&1)
		}
	}
	return ^sum
}

func read(t *testing.T, file []byte) dump {
	t.Helper()
	d := dump{HParams: map[string]any{}}
	check := func(data []byte, want uint32) {
		sum := crc(data)
		if got := (sum>>15 | sum<<17) + 0xa282ead8; got != want {
			t.Fatalf("checksum %x, want %x", want, got)
		}
	}
	for len(file) > 0 {
		size := binary.LittleEndian.Uint64(file)
		check(file[:8], binary.LittleEndian.Uint32(file[8:]))
		data := file[12 : 12+size]
		check(data, binary.LittleEndian.Uint32(file[12+size:]))
		file = file[16+size:]
		var at float64
		var step int
		for _, f := range fields(t, data) {
			switch f.number {
			case 1:
				at = math.Float64frombits(f.bits)
			case 2:
				step = int(f.bits)
			case 3:
				d.Versions = append(d.Versions, string(f.data))
			case 5:
				for _, value := range fields(t, f.data) {
					d.value(t, value.data, step, at)
				}
			}
		}
	}
	return d
}

// value reads a Summary.Value.
func (d *dump) value(t *testing.T, data []byte, step int, at float64) {
	var tag, text, plugin string
	var content []byte
	for _, f := range fields(t, data) {
		switch f.number {
		case 1:
			tag = string(f.data)
		case 2:
			d.Scalars = append(d.Scalars, []any{tag, step, at, float64(math.Float32frombits(uint32(f.bits)))})
		case 8:
			for _, f := range fields(t, f.data) {
				if f.number == 8 {
					text = string(f.data)
				}
			}
		case 9:
			for _, f := range fields(t, fields(t, f.data)[0].data) {
				if f.number == 1 {
					plugin = string(f.data)
				} else {
					content = f.data
				}
			}
		}
	}
	switch tag {
	case "_hparams_/session_start_info":
		for _, f := range fields(t, fields(t, content)[0].data) {
			if f.number == 5 {
				d.Start = math.Float64frombits(f.bits)
				continue
			}
			entry := fields(t, f.data)
			v := fields(t, entry[1].data)[0]
			d.HParams[string(entry[0].data)] = map[uint64]any{2: math.Float64frombits(v.bits), 3: string(v.data), 4: v.bits != 0}[v.number]
		}
	case "_hparams_/session_end_info":
		info := fields(t, fields(t, content)[0].data)
		d.Status, d.End = float64(info[0].bits), math.Float64frombits(info[1].bits)
	default:
		if plugin != "" {
			d.Texts = append(d.Texts, []any{tag, step, text, plugin})
		}
	}
}

// The check value of CRC-32C (RFC 3720, B.4 has others), as records mask it.
func TestMasked(t *testing.T) {
	const sum = 0xe3069283
	if crc([]byte("123456789")) != sum {
		t.Fatal("the test's own checksum is wrong")
	}
	const mask = 0xa282ead8
	if got, want := masked([]byte("123456789")), uint32((sum>>15|sum<<17&0xffffffff)+mask); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestErrors(t *testing.T) {
	if _, err := NewWriter(full{}, started); err == nil || !strings.HasPrefix(err.Error(), "tensorboard: ") {
		t.Errorf("error %v", err)
	}
	e := &Writer{full{}}
	for _, err := range []error{
		e.Scalars(started, 1, Scalar{"a", 1}), e.Text(started, 1, "a", "b"), e.Parameters(started, started, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("error %v", err)
		}
	}
}

func ExampleWriter() {
	var file bytes.Buffer
	at := time.Unix(1_700_000_000, 0)
	e, err := NewWriter(&file, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	for step, loss := range []float64{3.4, 2.9, 2.5} {
		if err := e.Scalars(at, step, Scalar{Tag: "train/loss", Value: loss}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(FileName(at), file.Len(), "bytes")
	// Output: events.out.tfevents.1700000000.seelab 186 bytes
}
