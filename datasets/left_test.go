package datasets

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// Whatever a folder holds is an item or is left, once: the counts add up to its pictures and the rows without one, and each
// thing that can get no score says why.
func TestLeftAddsUp(t *testing.T) {
	var whole bytes.Buffer
	if err := png.Encode(&whole, image.NewGray(image.Rect(0, 0, 16, 16))); err != nil {
		t.Fatal(err)
	}
	good := whole.String()
	for seed := range uint64(40) {
		rng := stream.New(seed, "folder")
		root := t.TempDir()
		dir := filepath.Join(root, "crops", "some")
		file := func(name, text string) {
			t.Helper()
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rows := []string{"a/first.png,0,original,v,0,,,,,,"}
		file("a/first.png", good)
		want := map[string]Fault{"a/first.png": ""}
		rowsAlone := 0 // that name no file which is there
		for i := range 30 {
			name := fmt.Sprintf("%s/%d.png", []string{"a", "b/c"}[rng.IntN(2)], i)
			row := func(name, label, frame string) {
				rows = append(rows, fmt.Sprintf("%s,%s,original,v%d,%s,,,,,,", name, label, i, frame))
			}
			switch rng.IntN(16) {
			case 0:
				file(name, good)
				row(name, "0", "")
				want[name] = ""
			case 1:
				file(name, "")
				row(name, "1", "7")
				want[name] = Empty
			case 2:
				file(name, good[:len(good)/2])
				row(name, "1", "7")
				want[name] = Unreadable
			case 3:
				name += []string{".heic", ".jpg", ".xyz"}[rng.IntN(3)]
				file(name, "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
				row(name, "0", "7")
				want[name] = Format
			case 4:
				row("", "1", "7")
				want[fmt.Sprintf("some/original/v%d:/7", i)] = Faceless
				rowsAlone++
			case 5:
				row(name, "1", "7")
				want[name] = Absent
				rowsAlone++
			case 6:
				file(name, good)
				row(name, "true", "7")
				want[name] = BadRow
			case 7:
				row("", "true", "7")
				want[fmt.Sprintf("manifest.csv:%d", len(rows)+1)] = BadRow
				rowsAlone++
			case 8:
				file(name, good)
				row(name, "0", "7")
				row(name, "0", "8") // the same file again
				want[name] = ""
			case 9:
				row("../"+name, "0", "7")
				want["../"+name] = OddName
				rowsAlone++
			case 10:
				file(name, good)
				want[name] = Unlisted
			case 11:
				file(name, "")
				want[name] = Empty
			case 12:
				name += ".HEIC"
				file(name, "some")
				want[name] = Format
			case 13:
				name = filepath.ToSlash(filepath.Dir(name)) + fmt.Sprintf("/._%d.png", i)
				file(name, good)
				want[name] = OddName
			case 14:
				name = fmt.Sprintf("a/line\n%d.png", i)
				file(name, good)
				want[name] = OddName
			case 15:
				file(name, good)
				rows = append(rows, name+",0") // too few fields
				want[name] = BadRow
			}
		}
		file("manifest.csv", header+strings.Join(rows, "\n")+"\n")
		pictures := 0
		err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && d.Name() != "manifest.csv" {
				pictures++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// None of these is a picture of the set.
		for _, name := range []string{"LICENSE", "SOURCE.md", "a/pairs.csv", ".git/x.png", "other/manifest.csv", "other/x.png"} {
			file(name, "")
		}
		sets, problems, err := Tests(root, []string{"some"}, Skip)
		if err != nil {
			t.Fatal(err)
		}
		set := sets[0]
		if n := len(set.Items) + len(set.Left); n != pictures+rowsAlone {
			t.Errorf("seed %d: %d items and %d left, want the %d pictures and %d rows without one", seed, len(set.Items), len(set.Left), pictures, rowsAlone)
		}
		got := map[string]Fault{}
		for _, it := range set.Items {
			got[it.Name()] = it.Fault()
		}
		for _, left := range set.Left {
			got[left.Name] = left.Fault
		}
		if !maps.Equal(got, want) {
			t.Errorf("seed %d:\n%v, want\n%v", seed, got, want)
		}
		for _, p := range problems {
			if p.Fault == Unlisted || p.Line == 0 {
				t.Errorf("seed %d: problem %v: what no row names is no bad row", seed, p)
			}
		}
		if opened, _, err := OpenCrops(dir, Skip); err != nil || opened.Left != nil || len(opened.Items) != len(set.Items) {
			t.Errorf("seed %d: OpenCrops has %d items, %d left, error %v", seed, len(opened.Items), len(opened.Left), err)
		}
	}
}
