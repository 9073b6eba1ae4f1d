// Package browsertest opens pages in a headless Chromium, for tests: whether charts draw, whether anything goes wrong, and
// whether a page wants anything from outside.
package browsertest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Page is what a page says about itself when it has settled.
type Page struct {
	Wrong  []string // errors, and what the page wanted to load
	Charts []Chart  // in the order in which they stand in the page
}

// Chart is a figure of package figure in a page.
type Chart struct {
	Title   string
	Still   bool   // the still picture was not replaced
	Colours []int  // how many each canvas has; a chart that draws has hundreds, by the soft edges of its text alone
	Picture []byte // PNG
}

//go:embed look.js
var look string

var told = regexp.MustCompile(`(?s)<pre id="told"[^>]*>(.*?)</pre>`)

// Open opens a page from disk, where no address can be reached, and looks at it. It skips the test, saying so, where no
// Chromium is on PATH, and with -short.
func Open(t *testing.T, page []byte) Page {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium on PATH: what the page does was not tested (Debian: apt install chromium)")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	// The script comes first, so that it sees all errors. The policy of a page in the head is in force already.
	text := bytes.Replace(page, []byte("<body>"), []byte("<body><script>"+look+"</script>"), 1)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run", "--user-data-dir="+filepath.Join(dir, "user"),
		"--force-prefers-reduced-motion", "--window-size=1000,1000", "--virtual-time-budget=6000", "--dump-dom", "file://"+path)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &problems)
	}
	found := told.FindSubmatch(out.Bytes())
	if found == nil {
		t.Fatal("the page did not come to its end")
	}
	var p struct {
		Wrong  []string
		Charts []struct {
			Chart
			Picture string
		}
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &p); err != nil {
		t.Fatal(err)
	}
	result := Page{Wrong: p.Wrong}
	for _, c := range p.Charts {
		_, encoded, _ := strings.Cut(c.Picture, ",")
		picture, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		c.Chart.Picture = picture
		result.Charts = append(result.Charts, c.Chart)
	}
	return result
}
