package detect

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"testing"
)

// matrix reads a matrix of floats from a MATLAB file of version 5: its values, column by column, and its rows.
func matrix(t testing.TB, path, name string) (values []float64, rows int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for rest := data[128:]; len(rest) >= 8; {
		kind, body, after := element(rest)
		rest = after
		if kind == 15 { // compressed
			z, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			_, body, _ = element(plain)
		}
		_, _, body = element(body) // flags
		_, dims, body := element(body)
		_, label, body := element(body)
		if string(label) != name {
			continue
		}
		kind, real, _ := element(body)
		switch kind {
		case 7: // 32-bit floats
			for ; len(real) >= 4; real = real[4:] {
				values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(real))))
			}
		case 9: // 64-bit floats
			for ; len(real) >= 8; real = real[8:] {
				values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(real)))
			}
		default:
			t.Fatalf("%s: %s has type %d", path, name, kind)
		}
		return values, int(binary.LittleEndian.Uint32(dims))
	}
	t.Fatal(fmt.Errorf("%s holds no %s", path, name))
	return nil, 0
}

// element splits off one data element.
func element(b []byte) (kind int, body, rest []byte) {
	word := binary.LittleEndian.Uint32(b)
	if size := word >> 16; size != 0 {
		return int(word & 0xffff), b[4 : 4+size], b[8:]
	}
	size := int(binary.LittleEndian.Uint32(b[4:]))
	kind, body = int(word), b[8:8+size]
	if kind != 15 {
		size = (size + 7) / 8 * 8
	}
	return kind, body, b[min(8+size, len(b)):]
}
