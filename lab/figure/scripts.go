package figure

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"sync"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Scripts are the libraries that draw charts, as pieces of HTML that load nothing. A page, or a notebook's kernel, needs
// each at most once, before or after its snippets.
type Scripts struct {
	Core template.HTML // Apache ECharts, 0.5 MB, and what draws our charts with it
	GL   template.HTML // ECharts-GL, 0.25 MB: only for figures that are [Spatial]; after Core
}

//go:embed draw.js
var drawText string

// FindScripts returns the libraries if they are in the toolbox's cache. It reads no network.
func FindScripts() (Scripts, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return Scripts{}, fmt.Errorf("figure: %w", err)
	}
	return scripts(func(a toolbox.NPMFile) (string, error) {
		path, ok := cache.FindNPM(a)
		if !ok {
			return "", fmt.Errorf("%s is not in the toolbox's cache; seelab notebook brings it", a.Name)
		}
		return path, nil
	})
}

// FetchScripts is FindScripts, but brings what is missing. The errors are those of [toolbox.Cache.FetchNPM].
func FetchScripts(ctx context.Context, progress io.Writer) (Scripts, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return Scripts{}, fmt.Errorf("figure: %w", err)
	}
	return scripts(func(a toolbox.NPMFile) (string, error) { return cache.FetchNPM(ctx, a, progress) })
}

func scripts(find func(toolbox.NPMFile) (path string, err error)) (Scripts, error) {
	core, err := packed(toolbox.ECharts, find)
	if err != nil {
		return Scripts{}, err
	}
	gl, err := packed(toolbox.EChartsGL, find)
	if err != nil {
		return Scripts{}, err
	}
	return Scripts{
		Core: template.HTML("<script>" + drawText + "window.seeableCharts.load(\"core\", \"" + core + "\");</script>\n"),
		GL:   template.HTML("<script>window.seeableCharts.load(\"gl\", \"" + gl + "\");</script>\n"),
	}, nil
}

// packs holds the libraries that this process has packed, by path: the cache never changes a file.
var packs sync.Map

// packed is a library as base64 of gzip. Its text begins with the notice of its licence.
func packed(a toolbox.NPMFile, find func(toolbox.NPMFile) (string, error)) (string, error) {
	path, err := find(a)
	if err != nil {
		return "", fmt.Errorf("figure: %w", err)
	}
	if pack, ok := packs.Load(path); ok {
		return pack.(string), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("figure: %s: %w", a.Name, err)
	}
	var b bytes.Buffer
	encoder := base64.NewEncoder(base64.StdEncoding, &b)
	z := gzip.NewWriter(encoder)
	_, err = z.Write(text)
	if err := errors.Join(err, z.Close(), encoder.Close()); err != nil {
		return "", fmt.Errorf("figure: packing %s: %w", a.Name, err)
	}
	packs.Store(path, b.String())
	return b.String(), nil
}
