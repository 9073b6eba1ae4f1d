package figure

import (
	"bytes"
	"compress/zlib"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden figures anew")

// Print figures are the same to the byte as those that were looked at.
func TestGolden(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("goldens are of amd64; other processors round differently")
	}
	for name, f := range figures(t, true) {
		got := []byte(svgText(t, f))
		path := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s; look at it, then go test -update", name, path)
		}
	}
}

func TestPDF(t *testing.T) {
	draw := func(f Figure) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := PDF(&b, f); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, f := range figures(t, false) {
		text := draw(f)
		if !bytes.HasPrefix(text, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(text), []byte("%%EOF")) {
			t.Errorf("%s is no PDF document", name)
		}
		if name == "roc" && !bytes.Equal(text, draw(f)) {
			t.Errorf("%s: the same data gave other bytes", name)
		}
	}
	// What the fonts have is written in their encoding, Windows-1252; what they lack in other letters.
	content := inflate(t, draw(Robustness{Title: "4×4 – λ ≥ 1 “x” 語", Curves: []Response{{"c", []Level{{1, Estimate{Value: 0.5}}}}}}))
	if want := "4\xd74 \x96 lambda >= 1 \x93x\x94 ?"; !strings.Contains(content, want) {
		t.Errorf("the document lacks %q", want)
	}
}

// inflate returns the compressed parts of a document in plain.
func inflate(t *testing.T, document []byte) string {
	t.Helper()
	var all strings.Builder
	for part := range bytes.SplitSeq(document, []byte("stream\n")) {
		z, err := zlib.NewReader(bytes.NewReader(part))
		if err != nil {
			continue // not compressed
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
