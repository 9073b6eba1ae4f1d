package figure

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/internal/browsertest"
)

var keep = flag.String("keep", "", "leave the charts and print figures of made-up data in this folder, to look at them")

func TestChartsDraw(t *testing.T) {
	if _, err := FindScripts(); err != nil {
		t.Skip(err)
	}
	all := gallery(t, true)
	names := slices.Sorted(maps.Keys(all))
	var list []Figure
	for _, name := range names {
		list = append(list, all[name])
	}
	var text bytes.Buffer
	if err := HTML(&text, "Charts", list...); err != nil {
		t.Fatal(err)
	}
	page := browsertest.Open(t, text.Bytes())
	for _, wrong := range page.Wrong {
		t.Errorf("page error: %s", wrong)
	}
	if len(page.Charts) != len(list) {
		t.Fatalf("%d charts, want %d", len(page.Charts), len(list))
	}
	for i, c := range page.Charts {
		// Text alone has fewer colours, by its soft edges.
		if c.Still || len(c.Colours) == 0 || slices.Min(c.Colours) < 300 {
			t.Errorf("%s (%s): still %t, canvases with %d colours; want it drawn", names[i], c.Title, c.Still, c.Colours)
		}
	}
	if *keep == "" {
		return
	}
	save := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(*keep, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save("charts.html", text.Bytes())
	for i, name := range names {
		save(name+".chart.png", page.Charts[i].Picture)
		for ext, write := range writers {
			var b bytes.Buffer
			if err := write(&b, all[name]); err != nil {
				t.Fatal(err)
			}
			save(name+"."+ext, b.Bytes())
		}
	}
}
