package report

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/internal/browsertest"
	_ "github.com/seeable-lab/seeable/lab/method" // the defaults name its methods
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

var keep = flag.String("keep", "", "leave the report of made-up data in this file, to look at it")

// example is a run whose figures are drawn by chance, in the size of a real one.
func example(t testing.TB) Data {
	rng := stream.New(1, "report")
	s := spec.Default()
	s.Name = "made-up"
	k := s.Discrepancy.Classes()
	d := Data{Spec: s, Command: "seelab run made-up --data DIR", Scores: []string{"figure", "cosine"}}
	d.Record = store.Record{
		Run: "made-up-0123", Name: s.Name, Hash: s.Hash(), Started: "2026-01-02T03:04:05Z", Seconds: 512.3,
		Versions: map[string]string{"go": "1.26.5", "gomlx": "0.28.2"}, Score: "cosine",
		Train: store.Training{
			Accuracy: 0.37, Chance: 1 / float64(k), Loss: 3.1, Floor: 2.2, Steps: 1500, Images: 96000, Seconds: 400,
			Faces: 3000, HeldOut: 400, Fallback: 12, Data: map[string]string{"real/ytfaces": "sha256 aa", "real/utkface": "sha256 bb"},
		},
		Selection: []store.Selection{{Score: "figure", AUC: 0.52, Low: 0.48, High: 0.56}, {Score: "cosine", AUC: 0.61, Low: 0.57, High: 0.65}},
		Skipped:   []string{"faces/x.jpg: face: truncated"},
	}
	methods := []string{"original", "Deepfakes", "FaceSwap", "NeuralTextures"}
	var items []store.Item
	for n, set := range []string{"Celeb-DF v2", "DFDC", "FF++ c23", "FF++ c40"} {
		var faces []metric.Face
		for video := range 40 {
			fake := video%4 != 0
			centre := rng.NormFloat64()
			if fake {
				centre += 0.4 * float64(n)
			}
			for frame := range 6 {
				// As in FF++, a fake has the name of the video that it was made of.
				it := store.Item{
					Dataset: set, Method: methods[video%4], Video: fmt.Sprint(video / 4), File: fmt.Sprint(video, "_", frame, ".jpg"),
					Frame: frame, Fake: fake, Scores: []float64{rng.NormFloat64(), centre + 0.5*rng.NormFloat64()},
				}
				if video == 7 {
					it.Scores[1] = math.NaN()
				}
				items = append(items, it)
				faces = append(faces, metric.Face{
					Video: it.Method + it.Video, Frame: fmt.Sprint(frame), Fake: fake, Score: it.Scores[1], Missing: math.IsNaN(it.Scores[1]),
				})
			}
		}
		videos, err := metric.Pool(faces)
		if err != nil {
			t.Fatal(err)
		}
		scores, fake, _ := videos.Scored()
		auc, err := metric.AUROC(scores, fake)
		if err != nil {
			t.Fatal(err)
		}
		d.Record.Tests = append(d.Record.Tests, store.Test{
			Dataset: set, Method: "all", Level: "video", AUC: auc, Low: auc - 0.1, High: auc + 0.1,
			NReal: 10, NFake: 29, Coverage: 39. / 40, Digest: "sha256 " + fmt.Sprint(n),
		})
	}
	d.Items = slices.Values(items)
	for i := range s.Train.Steps {
		at := float64(i) / float64(s.Train.Steps)
		step := store.Step{
			Step: i + 1, Loss: 3 + 2*math.Exp(-3*at) + 0.1*rng.NormFloat64(), Accuracy: min(0.5, 0.03+at*0.6) + 0.05*rng.NormFloat64(),
			HeldOut: -1, Strength: max(1, 5-4*at/0.6),
		}
		if (i+1)%150 == 0 {
			step.HeldOut = 0.03 + at*0.35
		}
		d.Steps = append(d.Steps, step)
	}
	prototypes, err := hypersphere.Simplex(k, s.Encoder.Dim, 1)
	if err != nil {
		t.Fatal(err)
	}
	projection := prototypes.Projection()
	place := func(z []float64) [3]float64 {
		p, _, err := projection.Point(z)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	d.Similarity, d.SimilarityN = make([][]float64, k), 400
	for i := range k {
		d.Prototypes = append(d.Prototypes, place(prototypes.At(i)))
		d.Similarity[i] = make([]float64, k)
		for j := range k {
			d.Similarity[i][j] = 0.1*rng.NormFloat64() - 0.03
			if i == j {
				d.Similarity[i][j] += 0.6
			}
		}
		for range 12 {
			z := make([]float64, s.Encoder.Dim)
			for a, x := range prototypes.At(i) {
				z[a] = x + 0.05*rng.NormFloat64()
			}
			d.Embeddings = append(d.Embeddings, figure.Embedding{At: place(z), Class: i})
		}
	}
	angles := figure.Map{Title: "Held-out faces", X: "angle (degrees)", Y: "angle (degrees)", Diagonal: true}
	for i := range 40 {
		angles.Points = append(angles.Points, figure.Place{At: [2]float64{40 + 20*rng.Float64(), 70 + 20*rng.Float64()}, Class: i % k})
	}
	d.Angles, d.Occupancy = &angles, make([]float64, k)
	for i := range d.Occupancy {
		d.Occupancy[i] = 1 / float64(k)
	}
	for _, name := range []string{"FF++ c40, real", "FF++ c40, fake"} {
		d.Groups = append(d.Groups, Group{Name: name, N: 160, Cosine: cosines(rng, k)})
	}
	return d
}

func cosines(rng *rand.Rand, k int) []float64 {
	list := make([]float64, k)
	for i := range list {
		list[i] = 0.3 + 0.1*rng.NormFloat64()
	}
	return list
}

// write writes a report with still pictures, wherever the test runs.
func write(t testing.TB, d Data) string {
	t.Helper()
	t.Setenv(toolbox.CacheEnv, t.TempDir())
	return writeCharts(t, d)
}

// writeCharts writes a report with charts, where the cache has the scripts.
func writeCharts(t testing.TB, d Data) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), store.ReportFile)
	if err := Write(path, d); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReportTellsTheRun(t *testing.T) {
	d := example(t)
	text := write(t, d)
	for _, want := range []string{
		"<h1>made-up</h1>", d.Record.Hash, "seed 1", "8m32s", "seelab run made-up --data DIR", "FF&#43;&#43; c40",
		"0.370 at official strength; guessing gives 0.031", "least possible loss", "12 faces", "face: truncated",
		"elastic_sigma = 7.0", "gomlx", "sha256 aa", "sha256 3", "spatial, row 1, col 2", "No fake of any test set",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if !strings.Contains(text, `<tr class="mark"><td>cosine</td>`) || strings.Contains(text, `<tr class="mark"><td>figure</td>`) {
		t.Error("want the score in use marked, and no other")
	}
	// Bars, ROC, DET, 4 histograms, training, 2 faces, matrix, sphere, angles.
	if n := strings.Count(text, "<svg "); n != 13 {
		t.Errorf("%d figures, want 13", n)
	}
	if !strings.Contains(text, "The figures are still pictures: figure: Apache ECharts is not in the toolbox&#39;s cache") {
		t.Error("the report does not say why it has no charts")
	}
	// The curve states the AUC of the table.
	for _, test := range d.Record.Tests {
		if want := fmt.Sprintf("%s: AUC %.3f (10 real, 29 fake videos)", test.Dataset, test.AUC); !strings.Contains(text, want) {
			t.Errorf("no curve says %q", want)
		}
	}
	if strings.Contains(text, "SYNTHETIC") || strings.Contains(text, "synthetic faces") {
		t.Error("a run on photographs is called synthetic")
	}
	if again := write(t, example(t)); again != text {
		t.Error("the same data gave another report")
	}
}

// Of a method that classifies nothing the report tells the loss on held-out faces.
func TestReportWithoutClasses(t *testing.T) {
	f := training(store.Record{Train: store.Training{HeldOutLoss: -0.25, Loss: 3}})[0]
	if want := (Fact{"loss on held-out faces", "-0.250 at official strength"}); f != want {
		t.Errorf("found %v, want %v", f, want)
	}
}

// Known masks: the figures, the best and the worst drawn, and what was not measured by its name.
func TestReportShowsMaps(t *testing.T) {
	white, landmarks := figure.Template(64)
	m := figure.Cells{Title: "FF++ c23, best of Face2Face", Label: "cosine", Image: white, Landmarks: landmarks, Side: 1, Values: []float64{1}, Inside: make([]bool, 64*64)}
	worst := m
	worst.Title = "FF++ c23, worst of Face2Face"
	d := Data{Spec: spec.Default(), Record: store.Record{Name: "bare", Localisation: []store.Localisation{{
		On: "FF++ c23", Method: "all", Images: 7, People: 2, AUC: store.Estimate{Value: 0.625}, Unmeasured: []store.Unscored{{Item: "FF++ c23/FaceShifter/000_003", Fault: "no mask"}},
	}}}, Maps: []figure.Cells{m, worst}}
	text := write(t, d)
	for _, want := range []string{"<td class=\"right\">0.625</td>", "1 no mask", "FaceShifter/000_003: no mask", "best of Face2Face", "worst of Face2Face"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	d.Maps, d.Record.Localisation = nil, nil
	if text := write(t, d); strings.Contains(text, "known masks") {
		t.Error("a report without maps has a section about them")
	}
}

func TestRegionMeans(t *testing.T) {
	// Three regions, two types: classes 0 to 2 are of the first type.
	got := regionMeans([]float64{0.1, 0.2, 0.3, 0.5, 0.6, 0.9}, 3)
	for i, want := range []float64{0.3, 0.4, 0.6} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("region %d has the mean %g, want %g", i, got[i], want)
		}
	}
}

func TestReportLoadsNothing(t *testing.T) {
	loadsNothing(t, write(t, example(t)), "'unsafe-inline' 'unsafe-eval'")
}

func TestReportWithCharts(t *testing.T) {
	scripts, err := figure.FindScripts()
	if err != nil {
		t.Skip(err)
	}
	text := writeCharts(t, example(t))
	loadsNothing(t, text, "'unsafe-inline' 'unsafe-eval'")
	if n := strings.Count(text, string(scripts.Core)); n != 1 {
		t.Errorf("ECharts is %d times in the report, want once", n)
	}
	if n := strings.Count(text, string(scripts.GL)); n != 1 {
		t.Errorf("ECharts-GL is %d times in the report, want once", n)
	}
	if strings.Contains(text, "still pictures") {
		t.Error("a report with charts says that it has none")
	}
	if len(text) > 2_500_000 {
		t.Errorf("the report has %d bytes, want 2.5 MB or less", len(text))
	}
	if *keep != "" {
		if err := os.WriteFile(*keep, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	drawn(t, text, 13)
}

// drawn opens a report in a browser and wants so many charts.
func drawn(t *testing.T, text string, n int) {
	t.Helper()
	page := browsertest.Open(t, []byte(text))
	for _, wrong := range page.Wrong {
		t.Errorf("page error: %s", wrong)
	}
	if len(page.Charts) != n {
		t.Errorf("%d charts, want %d", len(page.Charts), n)
	}
	for _, c := range page.Charts {
		if c.Still || len(c.Colours) == 0 || slices.Min(c.Colours) < 300 {
			t.Errorf("%s: still %t, canvases with %d colours; want it drawn", c.Title, c.Still, c.Colours)
		}
	}
}

// loadsNothing wants a page that may run scripts of these sources, and load nothing.
func loadsNothing(t *testing.T, text, scripts string) {
	t.Helper()
	for _, pattern := range []string{
		`(?i)(src|href|action|poster|srcset|data)\s*=\s*["']?\s*(https?:|//|file:)`, `(?i)url\(`, `(?i)@import`, `(?i)<link\b`, `(?i)<iframe`,
		`(?i)<script[^>]*\bsrc`, `(?i)\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b`,
	} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("the report would load something: %s", found)
		}
	}
	// Only names of XML may look like addresses.
	for _, address := range regexp.MustCompile(`https?://[^"'\s<]*`).FindAllString(text, -1) {
		if !strings.HasPrefix(address, "http://www.w3.org/") {
			t.Errorf("address %s in the report", address)
		}
	}
	if !strings.Contains(text, `content="default-src 'none'; style-src 'unsafe-inline'; script-src `+scripts+`; img-src data:"`) {
		t.Error("no policy forbids loading")
	}
}

// Names come from files of other people. None may become markup, in HTML, in SVG or in the script.
func TestReportEscapes(t *testing.T) {
	const evil = `</script></title></svg>]]><script>alert(1)</script><img src=x onerror="alert(2)">'"` + "`${alert(3)}"
	d := example(t)
	d.Spec.Name, d.Command, d.Scores[1] = evil, evil, evil
	r := &d.Record
	r.Run, r.Name, r.Hash, r.Started, r.Score, r.Skipped = evil, evil, evil, evil, evil, []string{evil}
	r.Versions, r.Train.Data = map[string]string{evil: evil}, map[string]string{evil: evil}
	r.Selection[0].Score = evil
	r.Tests[0].Dataset, r.Tests[1].Method, r.Tests[2].Level, r.Tests[3].Digest = evil, evil, evil, evil
	r.Tests[0].Synthetic = true
	d.Groups[0].Name = evil
	items := slices.Collect(d.Items)
	for i := range items {
		if items[i].Dataset == "DFDC" {
			items[i].Dataset = evil
		}
	}
	d.Items = slices.Values(items)
	text := write(t, d)
	// As many as without evil names: one a figure, and the libraries where they are in the cache.
	plain := write(t, example(t))
	for _, tag := range []string{"<script", "</script"} {
		if n, want := strings.Count(text, tag), strings.Count(plain, tag); n != want || n == 0 {
			t.Errorf("%d times %s, want %d", n, tag, want)
		}
	}
	if strings.Contains(text, "<img") {
		t.Error("an <img> came through")
	}
	// Every figure is well-formed.
	for _, part := range regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(text, -1) {
		decoder := xml.NewDecoder(strings.NewReader(part))
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("figure: %v", err)
			}
			if start, ok := token.(xml.StartElement); ok && (start.Name.Local == "script" || start.Name.Local == "img") {
				t.Errorf("a figure has a <%s>", start.Name.Local)
			}
		}
	}
}

func TestReportSaysSynthetic(t *testing.T) {
	d := example(t)
	d.Record.Train.Synthetic, d.Record.Synthetic = true, true
	for i := range d.Record.Tests {
		d.Record.Tests[i].Synthetic = true
	}
	for i := range d.Groups {
		d.Groups[i].Synthetic = true
	}
	text := write(t, d)
	for _, want := range []string{"<title>made-up (synthetic)", "<strong>SYNTHETIC.</strong> It was trained and tested on faces drawn by code"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for i, part := range regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(text, -1) {
		if !strings.Contains(part, "synthetic") {
			t.Errorf("figure %d does not say synthetic", i)
		}
	}
	for _, row := range regexp.MustCompile(`<tr[^>]*><td.*?</tr>`).FindAllString(text, -1) {
		if !strings.Contains(row, "synthetic") {
			t.Errorf("row %s does not say synthetic", row)
		}
	}
}

// What a run without prototypes, without curves or without anything has, still makes a report.
func TestReportLeavesOutWhatIsNotThere(t *testing.T) {
	s := spec.Default()
	s.Method = "sbi"
	text := write(t, Data{Record: store.Record{Name: "bare"}, Spec: s})
	for _, not := range []string{"<svg", "<script", "What it looks at", "How the score was chosen", "Skipped"} {
		if strings.Contains(text, not) {
			t.Errorf("a bare report has %q", not)
		}
	}
	if !strings.Contains(text, "method sbi") {
		t.Error("a bare report lacks its method")
	}
}

// made is a made-up sweep over the grid and λ, with two seeds, in which cell 3 is not finished.
func made(t testing.TB) Sweep {
	t.Helper()
	base := spec.Default()
	base.Name = "made-up"
	w := spec.Sweep{Name: "made-up-sweep", Base: base, Axes: []spec.Axis{
		spec.Together(spec.Vary("discrepancy.rows", 2, 4), spec.Vary("discrepancy.cols", 2, 4)),
		spec.Vary("loss.lambda", 0.0, 0.1, 1.0), spec.Vary("seed", 1, 2),
	}}
	cells, err := w.Cells()
	if err != nil {
		t.Fatal(err)
	}
	s := Sweep{Sweep: w, Command: "seelab sweep made-up-sweep", Records: make([]*store.Record, len(cells))}
	for i := range cells {
		if i == 3 {
			continue
		}
		auc := 0.5 + 0.01*float64(i)
		s.Records[i] = &store.Record{
			Train: store.Training{Accuracy: 0.02 * float64(i), HeldOut: 50},
			Tests: []store.Test{
				{Dataset: "DFDC", Method: "all", Level: "video", AUC: auc, Low: auc - 0.1, High: auc + 0.1, NReal: 5, NFake: 6},
				{Dataset: "DFDC", Method: "all", Level: "frame", AUC: 0.1},
				{Dataset: "DFDC", Method: "FaceSwap", Level: "video", AUC: 0.2},
			},
		}
	}
	return s
}

func TestSweepFigures(t *testing.T) {
	s := made(t)
	figures, err := s.Figures()
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) != 2 {
		t.Fatalf("%d figures, want the AUC on DFDC and the held-out accuracy", len(figures))
	}
	a, ok := figures[0].(figure.Ablation)
	if !ok || a.Title != "made-up-sweep, DFDC" || a.Y.Name != "rows, cols" || a.X.Name != "lambda" ||
		!slices.Equal(a.Y.Values, []string{"2, 2", "4, 4"}) || !slices.Equal(a.X.Values, []string{"0", "0.1", "1"}) {
		t.Fatalf("figure %+v, want a heat map of the grid over the guidance", figures[0])
	}
	// Cells 2 and 3 are the second column of the first row; 3 is missing. Cells 10 and 11 are the last ones.
	for _, c := range []struct {
		row, column      int
		value, low, high float64
		n                string
	}{
		{0, 1, 0.52, 0.42, 0.62, "5 real, 6 fake videos"},
		{1, 2, 0.605, 0.60, 0.61, "2 seeds; 5 real, 6 fake videos"},
	} {
		e := a.Cells[c.row][c.column]
		if math.Abs(e.Value-c.value)+math.Abs(e.Low-c.low)+math.Abs(e.High-c.high) > 1e-9 || e.N != c.n {
			t.Errorf("row %d, column %d is %+v, want %g from %g to %g, %s", c.row, c.column, e, c.value, c.low, c.high, c.n)
		}
	}
	// Of one parameter there are bars.
	s.Sweep.Axes = s.Sweep.Axes[1:2]
	s.Records = []*store.Record{s.Records[0], nil, s.Records[2]}
	figures, err = s.Figures()
	if err != nil {
		t.Fatal(err)
	}
	b, ok := figures[0].(figure.Bars)
	if !ok || len(b.Groups) != 3 || b.Groups[2].Name != "lambda = 1" || b.Groups[2].Bars[0].Value != 0.52 || !math.IsNaN(b.Groups[1].Bars[0].Value) {
		t.Errorf("figure %+v, want bars of the guidance, the second one missing", figures[0])
	}
	// Listed points that change different keys are named in full.
	s.Sweep.Axes, s.Sweep.List = nil, []spec.Point{{`loss.name="ce"`}, {"loss.lambda=0.5"}, {`loss.name="bcr"`, "loss.warm_up=0.5"}}
	if p := parameter(s.Sweep.List); p.Name != "variant" || p.Values[2] != `loss.name="bcr", loss.warm_up=0.5` {
		t.Errorf("parameter %+v", p)
	}
}

func TestSweepReport(t *testing.T) {
	s := made(t)
	path := filepath.Join(t.TempDir(), "sweep.html")
	read := func() string {
		t.Helper()
		if err := WriteSweep(path, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := read()
	for _, want := range []string{"<h1>made-up-sweep</h1>", "12 cells, 11 of them finished", "Partial: 1 cells", "rows=2", "seelab sweep made-up-sweep", "0.605 [0.60, 0.61]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	const evil = `</script><img src=x onerror="alert(1)">`
	s.Sweep.Name, s.Command, s.Records[0].Tests[0].Dataset = evil, evil, evil
	plain, text := text, read()
	if strings.Contains(text, "<img") || strings.Count(text, "</script")-1 != strings.Count(plain, "</script") { // one test set more
		t.Error("a name became markup")
	}
	// A sweep of which nothing is finished has a report too.
	s.Records = make([]*store.Record, 12)
	if text := read(); strings.Contains(text, "<svg") || !strings.Contains(text, "0 of them finished") {
		t.Error("the report of an empty sweep is wrong")
	}
	s.Records = s.Records[:3]
	if err := WriteSweep(path, s); err == nil || !strings.HasPrefix(err.Error(), "report: ") || !strings.Contains(err.Error(), "3 records of 12 cells") {
		t.Errorf("error %v of missing records", err)
	}
}

func TestReportErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Data)
		want   string
	}{
		"score": {func(d *Data) { d.Record.Score = "norm" }, `score "norm"`},
		"item": {func(d *Data) {
			items := slices.Collect(d.Items)
			items[3].Scores = nil
			d.Items = slices.Values(items)
		}, "item 3"},
		"loss":      {func(d *Data) { d.Steps[4].Loss = math.NaN() }, "step 5"},
		"class":     {func(d *Data) { d.Embeddings[0].Class = 99 }, "class 99"},
		"prototype": {func(d *Data) { d.Prototypes[1][0] = math.NaN() }, "prototype 1"},
		"matrix":    {func(d *Data) { d.Similarity[2] = nil }, "row 2"},
		"group":     {func(d *Data) { d.Groups[0].Cosine = nil }, "FF++ c40, real"},
	} {
		d := example(t)
		c.change(&d)
		path := filepath.Join(t.TempDir(), store.ReportFile)
		err := Write(path, d)
		if err == nil || !strings.HasPrefix(err.Error(), "report: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a report was written in spite of the error", name)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	d := example(b)
	path := filepath.Join(b.TempDir(), store.ReportFile)
	for b.Loop() {
		if err := Write(path, d); err != nil {
			b.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(text))/1e3, "kB")
}

func TestSweepReportWithCharts(t *testing.T) {
	if _, err := figure.FindScripts(); err != nil {
		t.Skip(err)
	}
	s := made(t)
	s.Sweep.Axes = s.Sweep.Axes[1:] // bars; the heat maps are in the gallery of package figure
	s.Records = s.Records[:6]
	path := filepath.Join(t.TempDir(), "sweep.html")
	if err := WriteSweep(path, s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loadsNothing(t, string(text), "'unsafe-inline'")
	drawn(t, string(text), 2)
}
