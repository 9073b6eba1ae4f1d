package nb

import (
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/notebook"
)

// childEnv makes this test binary a cell that fails.
const childEnv = "SEEABLE_NB_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "error":
		Check(errors.New("lab: no run \"x\": make one"))
	case "parameter":
		Param("steps", 10)
	default:
		os.Exit(m.Run())
	}
}

// A failing cell ends with what went wrong on stderr and a status that its kernel takes for a failure.
func TestFailingCell(t *testing.T) {
	for what, want := range map[string]string{
		"error":     "lab: no run \"x\": make one\n",
		"parameter": "nb: parameter steps is \"many\", want a value like 10\n",
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+what, notebook.ParamEnv("steps")+"=many")
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || string(out) != want {
			t.Errorf("%s: %q, %v; want %q and status 1", what, out, err, want)
		}
	}
}

func TestParam(t *testing.T) {
	t.Setenv("NB_STEPS", "7")
	t.Setenv("NB_RATE", "2.5e-3")
	t.Setenv("NB_FAST", "true")
	t.Setenv("NB_NAME", "a=b")
	t.Setenv("NB_WAIT", "3m")
	if got := Param("steps", 10); got != 7 {
		t.Errorf("steps %d, want 7", got)
	}
	if got := Param("rate", 1.0); got != 2.5e-3 {
		t.Errorf("rate %g, want 0.0025", got)
	}
	if got := Param("fast", false); !got {
		t.Error("fast false, want true")
	}
	if got := Param("name", "x"); got != "a=b" {
		t.Errorf("name %q, want a=b", got)
	}
	if got := Param("wait", time.Second); got != 3*time.Minute {
		t.Errorf("wait %v, want 3m", got)
	}
	if got := Param("other", 5); got != 5 {
		t.Errorf("other %d, want the default 5", got)
	}
}

func TestPath(t *testing.T) {
	root := t.TempDir()
	book := filepath.Join(root, "notebooks", "mine")
	if err := os.MkdirAll(book, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GONB_DIR", book)
	if got, want := Path("results", "runs"), filepath.Join(root, "results", "runs"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Pictures come out as they went in, and names cannot break the page.
func TestPictures(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 3, 2))
	img.SetGray(1, 1, color.Gray{200})
	page := row(90, []Picture{{img, `<b>"one"</b>`}})
	if strings.Contains(page, "<b>") || !strings.Contains(page, "&lt;b&gt;") {
		t.Errorf("caption not escaped: %s", page)
	}
	data := regexp.MustCompile(`base64,([^"]*)"`).FindStringSubmatch(page)
	if data == nil {
		t.Fatalf("no image in %s", page)
	}
	shown, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data[1])))
	if err != nil || shown.Bounds() != img.Rect || shown.At(1, 1) != img.At(1, 1) {
		t.Errorf("shown %v, %v; want the image", shown, err)
	}
}

// The curves and the time that is left follow the reports, no more often than people can see.
func TestProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var shown []string
	p := NewProgress()
	p.now = func() time.Time { return now }
	p.show = func(html string) { shown = append(shown, html) }
	last := func() string { return shown[len(shown)-1] }

	p.Note("reading <faces>")
	if !strings.Contains(last(), "reading &lt;faces&gt;") {
		t.Errorf("the note is not there or not escaped: %s", last())
	}
	for step := 1; step <= 40; step++ {
		now = now.Add(100 * time.Millisecond)
		held := -1.0
		if step == 20 {
			held = 0.25
		}
		p.Step("training", TrainingStep{step, 80, 4 / float64(step), float64(step) / 100, held})
	}
	if n := len(shown); n < 7 || n > 10 {
		t.Errorf("%d pictures in 4 s, want about 2 a second", n)
	}
	now = now.Add(time.Second)
	p.Step("training", TrainingStep{41, 80, 0.1, 0.41, -1})
	// 4.9 s for 40 steps after the first.
	for _, want := range []string{"training, 41 of 80, 5s left", "loss 0.100", "accuracy 0.410, held-out faces 0.250 (dots)", "<polyline", "<circle"} {
		if !strings.Contains(last(), want) {
			t.Errorf("%q is not in %s", want, last())
		}
	}
	if n := strings.Count(last(), "<circle"); n != 1 {
		t.Errorf("%d dots, want 1", n)
	}
	p.Step("training", TrainingStep{80, 80, 0.1, 0.5, -1})
	if !strings.Contains(last(), "80 of 80, took 4.9s") {
		t.Errorf("the end is not shown: %s", last())
	}
	p.Step("training", TrainingStep{1, 80, 1, 0, -1})
	now = now.Add(time.Second)
	p.Step("training", TrainingStep{2, 80, 1, 0, -1})
	if points := regexp.MustCompile(`points="([^"]*)"`).FindStringSubmatch(last()); len(strings.Fields(points[1])) != 2 {
		t.Errorf("a new training goes on with the old curve: %v", points)
	}
	for i := range 10 {
		p.Note(fmt.Sprint("note ", i))
	}
	if strings.Contains(last(), "note 3<") || !strings.Contains(last(), "note 4<") {
		t.Errorf("want the last %d notes: %s", shownNotes, last())
	}
}

func TestThin(t *testing.T) {
	var line [][2]float64
	for i := range 1001 {
		line = append(line, [2]float64{float64(i), 2 * float64(i)})
	}
	thinned := thin(line, 200)
	if len(thinned) > 200 || len(thinned) < 150 {
		t.Errorf("%d points, want at most 200", len(thinned))
	}
	for _, p := range thinned {
		if p[1] != 2*p[0] {
			t.Errorf("point %v is not on the line", p)
		}
	}
}

// Of a method that classifies nothing there is one curve, of losses.
func TestProgressWithoutClasses(t *testing.T) {
	p := NewProgress()
	shown := ""
	p.show = func(html string) { shown = html }
	p.Step("training", TrainingStep{1, 2, 0.5, -1, math.NaN()})
	p.Step("training", TrainingStep{2, 2, 0.25, -1, 0.375})
	if !strings.Contains(shown, "loss 0.250, held-out faces 0.375 (dots)") || strings.Contains(shown, "accuracy") || strings.Count(shown, "<circle") != 1 {
		t.Errorf("want one curve of losses with a dot: %s", shown)
	}
}
