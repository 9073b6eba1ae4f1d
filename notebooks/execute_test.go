package notebooks

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/notebook"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// executed executes all notebooks, once, and returns the folder with the executed ones and their pages. Folder and runs are
// removed when the tests end.
var executed = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour)
	defer cancel()
	root, err := notebook.FindRoot(".")
	if err != nil {
		return "", err
	}
	jupyter, err := notebook.Open(ctx, root, os.Stderr)
	if err != nil {
		return "", err
	}
	all, err := filepath.Glob("*.ipynb")
	if err != nil {
		return "", err
	}
	results := filepath.Join(scratch, "runs")
	execute := func(book string) error {
		start := time.Now()
		err := jupyter.Execute(ctx, notebook.Run{
			Books: []string{book}, Out: scratch, HTML: true, Params: map[string]string{"results": results}, Timeout: time.Hour,
		}, func(notebook.Event) {})
		println(book, int(time.Since(start).Seconds()), "s")
		return err
	}
	// The first trains what others look at. From the sixth on they train in the same folder of runs, one after the other; the four
	// between look at faces meanwhile: most of what any of them does is compiled by one core.
	if err := execute(all[0]); err != nil {
		return "", err
	}
	var errs [2]error
	var wait sync.WaitGroup
	for i, books := range [][]string{all[1:5], all[5:]} {
		wait.Go(func() {
			for _, book := range books {
				if errs[i] = execute(book); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return scratch, errors.Join(errs[:]...)
})

var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "notebooks"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(scratch); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// results returns the executed notebooks' folder, or skips where what they need cannot be had.
func results(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it executes all notebooks, which takes minutes")
	}
	dir, err := executed()
	for _, missing := range []error{toolbox.ErrUnreachable, toolbox.ErrNoPython, toolbox.ErrUnsupported, toolbox.ErrBuild} {
		if errors.Is(err, missing) {
			t.Skipf("not executed: %v", err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Every cell of every notebook runs, and every cell that is to show something does.
func TestExecute(t *testing.T) {
	dir := results(t)
	for _, book := range books(t) {
		b, err := notebook.ReadBook(filepath.Join(dir, book))
		if err != nil {
			t.Fatal(err)
		}
		for i, cell := range b.Cells {
			if cell.Kind == "code" && cell.Count == nil {
				t.Errorf("%s: cell %d was not executed", book, i+1)
			}
			if cell.Tagged(notebook.Shows) && !cell.Showing() {
				t.Errorf("%s: cell %d shows nothing", book, i+1)
			}
			for _, o := range cell.Outputs {
				if o.Kind == "error" || o.Kind == "stream" && o.Name == "stderr" && strings.TrimSpace(string(o.Text)) != "" {
					t.Errorf("%s: cell %d complains: %s%s", book, i+1, o.Value, o.Text)
				}
			}
		}
	}
}

// A failing cell is named with what Go said, and what comes after it is not executed.
func TestFailingCell(t *testing.T) {
	results(t) // everything is installed
	root, err := notebook.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	jupyter, err := notebook.Open(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"%%\nfmt.Println(1 + \"x\")": "mismatched types",
		"import \"github.com/seeable-lab/seeable/lab/nb\"\n\n%%\nnb.Check(fmt.Errorf(\"lab: no run here\"))": "lab: no run here",
	} {
		dir := t.TempDir()
		book := map[string]any{
			"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{"kernelspec": map[string]any{"name": notebook.Kernel, "display_name": "Go", "language": "go"}},
			"cells": []map[string]any{
				{"cell_type": "markdown", "id": "a", "metadata": map[string]any{}, "source": "# Bad"},
				{"cell_type": "code", "id": "b", "metadata": map[string]any{}, "source": source, "outputs": []any{}, "execution_count": nil},
			},
		}
		text, err := json.Marshal(book)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "bad.ipynb")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		err = jupyter.Execute(t.Context(), notebook.Run{Books: []string{path}, Out: filepath.Join(dir, "out")}, func(notebook.Event) {})
		cell, ok := errors.AsType[*notebook.CellError](err)
		if !ok || cell.Cell != 2 || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bad.ipynb, cell 2") {
			t.Errorf("error %v, want one that names cell 2 and %q", err, want)
		}
	}
}

// look makes a page tell what it asked for from outside, what went wrong, and which charts drew something.
const look = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:; font-src data:">
<script>
window.wrong = [];
addEventListener("error", e => wrong.push(e.message));
addEventListener("unhandledrejection", e => wrong.push(String(e.reason)));
addEventListener("securitypolicyviolation", e => wrong.push("wants " + e.blockedURI + " for " + e.violatedDirective));
addEventListener("load", () => setTimeout(() => {
  const charts = [...document.querySelectorAll(".seeable-chart")].map(figure => ({ title: figure.ariaLabel, canvases: figure.querySelectorAll("canvas").length }));
  const wide = [...document.querySelectorAll(".jp-OutputArea-output")].filter(o => o.scrollWidth > o.clientWidth + 2).map(o => o.textContent.slice(0, 60));
  const told = document.createElement("pre");
  told.id = "told";
  told.hidden = true;
  told.textContent = JSON.stringify({ charts, wide, wrong });
  document.body.append(told);
}, 4000));
</script>`

// The pages of the executed notebooks draw their charts from disk, without asking anybody for anything.
func TestPages(t *testing.T) {
	dir := results(t)
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium on PATH: the pages were not opened (Debian: apt install chromium)")
	}
	for _, book := range books(t) {
		t.Run(book, func(t *testing.T) {
			t.Parallel() // a page mostly waits
			path := filepath.Join(dir, strings.TrimSuffix(book, ".ipynb")+".html")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), "<head>", "<head>"+look, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
				"--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run", "--user-data-dir="+t.TempDir(),
				"--force-prefers-reduced-motion", "--window-size=1100,4000", "--virtual-time-budget=8000", "--dump-dom", "file://"+path)
			cmd.WaitDelay = 5 * time.Second
			dom, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			found := regexp.MustCompile(`(?s)<pre id="told"[^>]*>(.*?)</pre>`).FindSubmatch(dom)
			if found == nil {
				t.Fatal("the page did not come to its end")
			}
			var told struct {
				Charts []struct {
					Title    string
					Canvases int
				}
				Wide, Wrong []string
			}
			if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &told); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range told.Wrong {
				t.Errorf("page error: %s", wrong)
			}
			for _, wide := range told.Wide {
				t.Errorf("an output is wider than the page: %s", wide)
			}
			for _, chart := range told.Charts {
				if chart.Canvases == 0 {
					t.Errorf("chart %q did not draw", chart.Title)
				}
			}
			if n := strings.Count(string(text), `class="seeable-chart"`); n != len(told.Charts) {
				t.Errorf("%d charts on the page, want %d", len(told.Charts), n)
			}
		})
	}
}
