package figure

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/seeable-lab/seeable/lab/figure/look"
)

// Option returns the chart of a figure as the option that echarts.setOption takes, in JSON that may stand in a script. A
// string that begins with "seeable:" stands for a function that only [Snippet] knows.
func Option(f Figure) ([]byte, error) {
	c, err := f.Chart()
	if err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	option, err := c.Option()
	if err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	return option, nil
}

// Spatial tells whether the chart of a figure is drawn in three dimensions, and so needs [Scripts].GL.
func Spatial(f Figure) bool {
	_, is := f.(Sphere)
	return is
}

var snippet = template.Must(template.New("snippet").Parse(`<div class="seeable-chart" role="img" aria-label="{{.Title}}" ` +
	`style="position:relative;width:{{.Width}}px;max-width:100%;aspect-ratio:{{.Width}}/{{.Height}};overflow:hidden">` +
	`<div style="max-width:100%">{{.SVG}}</div>` +
	`<script>(window.seeableCharts = window.seeableCharts || []).push({ figure: document.currentScript.parentElement, gl: {{.GL}}, option: {{.Option}} });</script>` +
	"</div>\n"))

// Snippet returns a figure as a piece of an HTML page. It shows what [SVG] draws until the page has the [Scripts], then the
// chart in its place: one can point at its parts and hide them, and turn a sphere. Nothing is loaded, and every name is
// escaped.
func Snippet(f Figure) (template.HTML, error) {
	option, err := Option(f)
	if err != nil {
		return "", err
	}
	c, err := f.Chart()
	if err != nil {
		return "", fmt.Errorf("figure: %w", err)
	}
	still, err := Inline(f)
	if err != nil {
		return "", err
	}
	width, height := f.Size()
	var b bytes.Buffer
	err = snippet.Execute(&b, map[string]any{
		"Title": c.Title.Title, "Width": look.Pixels(width), "Height": look.Pixels(height), "SVG": still,
		"GL": c.GL, "Option": template.JS(option),
	})
	if err != nil {
		return "", fmt.Errorf("figure: %w", err)
	}
	return template.HTML(b.String()), nil
}

// Inline returns what [SVG] draws as a piece of an HTML page.
func Inline(f Figure) (template.HTML, error) {
	var b bytes.Buffer
	if err := SVG(&b, f); err != nil {
		return "", err
	}
	text := b.Bytes()
	return template.HTML(text[max(bytes.Index(text, []byte("<svg")), 0):]), nil // without the XML declaration
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page.html").Parse(pageText))

// HTML writes figures as a page that needs no other file and no network. Where the [Scripts] are not in the toolbox's cache
// the page shows still figures, and says so.
func HTML(w io.Writer, title string, figures ...Figure) error {
	var view struct {
		Title    string
		Missing  error
		Scripts  Scripts
		Spatial  bool
		Snippets []template.HTML
	}
	view.Title = title
	for _, f := range figures {
		s, err := Snippet(f)
		if err != nil {
			return err
		}
		view.Snippets = append(view.Snippets, s)
		view.Spatial = view.Spatial || Spatial(f)
	}
	view.Scripts, view.Missing = FindScripts()
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
