package figure

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/figure/curves"
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
		c, err := f.Chart()
		if err != nil {
			t.Fatal(err)
		}
		if Spatial(f) != c.GL {
			t.Errorf("%s: spatial is %t, the chart says %t", name, Spatial(f), c.GL)
		}
	}
}

// A name can end neither the script nor become markup.
func TestSnippetEscapes(t *testing.T) {
	const evil = `</script><img src=x onerror="alert(1)">` + "\u2028`'\"{b}"
	sphere := figures(t, false)["sphere"].(Sphere)
	sphere.Title, sphere.Classes = evil, []string{evil, evil, evil}
	timeline := figures(t, false)["timeline"].(curves.Timeline)
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
