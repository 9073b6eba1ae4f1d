package figure

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

func optionText(t testing.TB, f Figure) string {
	t.Helper()
	text, err := Option(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryOption(t *testing.T) {
	for name, f := range figures(t, true) {
		text := optionText(t, f)
		var option struct {
			Title struct{ Text string }
			// Every figure draws something.
			Series []struct {
				Type string
				Data []any
			}
		}
		if err := json.Unmarshal([]byte(text), &option); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(option.Series) == 0 {
			t.Errorf("%s has no series", name)
		}
		for i, s := range option.Series {
			if s.Type == "" || len(s.Data) == 0 {
				t.Errorf("%s: series %d of type %q is empty", name, i, s.Type)
			}
		}
		if title := strings.ReplaceAll(option.Title.Text, "\n", " "); !strings.Contains(title, "synthetic faces") {
			t.Errorf("%s: the title %q of synthetic faces does not say so", name, title)
		}
		if strings.Contains(text, "http") {
			t.Errorf("%s holds an address", name)
		}
		if again := optionText(t, figures(t, true)[name]); again != text {
			t.Errorf("%s: the same data gave another option", name)
		}
		c, err := f.chart()
		if err != nil {
			t.Fatal(err)
		}
		if Spatial(f) != c.gl {
			t.Errorf("%s: spatial is %t, the chart says %t", name, Spatial(f), c.gl)
		}
	}
}

// Chart and print show the same numbers.
func TestOptionHoldsTheData(t *testing.T) {
	var option struct {
		Series []struct {
			Name string
			Data []struct{ Value []float64 }
		}
	}
	curve, err := NewCurve("x", []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, []bool{false, false, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(optionText(t, ROC{Unit: "faces", Curves: []Curve{curve}})), &option); err != nil {
		t.Fatal(err)
	}
	if len(option.Series) != 2 || option.Series[0].Name != "x: AUC 0.778 (3 real, 3 fake faces)" {
		t.Fatalf("series %v, want the curve and chance", option.Series)
	}
	for i, p := range curve.Points {
		at := option.Series[0].Data[i].Value
		if math.Abs(at[0]-p.FPR) > 1e-5 || math.Abs(at[1]-p.TPR) > 1e-5 {
			t.Errorf("point %d at %g, want (%g, %g)", i, at, p.FPR, p.TPR)
		}
	}
}

// A name can end neither the script nor become markup.
func TestSnippetEscapes(t *testing.T) {
	const evil = `</script><img src=x onerror="alert(1)">` + "\u2028`'\"{b}"
	sphere := figures(t, false)["sphere"].(Sphere)
	sphere.Title, sphere.Classes = evil, []string{evil, evil, evil}
	timeline := figures(t, false)["timeline"].(Timeline)
	timeline.Title, timeline.Score, timeline.Frames[0].Mark = evil, evil, evil
	for _, f := range []Figure{sphere, timeline} {
		piece, err := Snippet(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(piece)
		if strings.Contains(text, "<img") || strings.Count(text, "</script") != 1 || strings.Contains(text, "\u2028`") && strings.Contains(text, "option: \"") {
			t.Errorf("a name became markup: %.300s", text)
		}
		_, script, _ := strings.Cut(text, "<script>")
		if strings.Contains(script, "\u2028") {
			t.Error("a line separator stands in the script")
		}
	}
}

func TestHTMLWithoutScripts(t *testing.T) {
	t.Setenv(toolbox.CacheEnv, t.TempDir())
	var page bytes.Buffer
	if err := HTML(&page, "a & b", figures(t, false)["bars"], figures(t, false)["sphere"]); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{"These figures are still pictures", "Apache ECharts is not in the toolbox&#39;s cache", "<h1>a &amp; b</h1>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(text, "<svg "); n != 2 {
		t.Errorf("%d still pictures, want 2", n)
	}
	if strings.Contains(text, "seeableCharts.load(") {
		t.Error("the page loads what is not there")
	}
}

func TestOverlay(t *testing.T) {
	under := map[string]any{"a": map[string]any{"x": 1, "y": 2}, "b": []any{map[string]any{"p": 1}, 7}, "c": 3}
	over := map[string]any{"a": map[string]any{"y": 5}, "b": []any{map[string]any{"q": 2}}, "d": 4}
	got, err := json.Marshal(overlay(under, over))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":{"x":1,"y":5},"b":[{"p":1,"q":2},7],"c":3,"d":4}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkSnippet(b *testing.B) {
	for name, f := range gallery(b, false) {
		b.Run(name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				piece, err := Snippet(f)
				if err != nil {
					b.Fatal(err)
				}
				size = len(piece)
			}
			b.ReportMetric(float64(size)/1e3, "kB")
		})
	}
}
