package figure

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"html"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var keep = flag.String("keep", "", "leave the charts and print figures of made-up data in this folder, to look at them")

// look is what a page tells about itself: whether each chart drew anything, and what went wrong.
const look = `<script>
window.wrong = [];
addEventListener("error", e => wrong.push(e.message));
addEventListener("unhandledrejection", e => wrong.push(String(e.reason)));
addEventListener("securitypolicyviolation", e => wrong.push("wants " + e.blockedURI + " for " + e.violatedDirective));
const error = console.error;
console.error = (...list) => { wrong.push(list.join(" ")); error(...list); };
function colours(canvas) {
  const copy = document.createElement("canvas");
  copy.width = canvas.width; copy.height = canvas.height;
  const c = copy.getContext("2d");
  c.drawImage(canvas, 0, 0);
  const seen = new Set(), data = new Uint32Array(c.getImageData(0, 0, copy.width, copy.height).data.buffer);
  for (const pixel of data) seen.add(pixel);
  return seen.size;
}
setTimeout(() => {
  const charts = [...document.querySelectorAll(".seeable-chart")].map(figure => {
    return { title: figure.ariaLabel, still: !!figure.querySelector("svg"), colours: [...figure.querySelectorAll("canvas")].map(colours) };
  });
  const told = document.createElement("pre");
  told.id = "told";
  told.hidden = true;
  told.textContent = JSON.stringify({ charts, wrong });
  document.body.append(told);
}, 3000);
</script>`

type told struct {
	Charts []struct {
		Title   string
		Still   bool
		Colours []int
	}
	Wrong []string
}

// browser is a Chromium on PATH.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on PATH: that charts draw was not tested (Debian: apt install chromium)")
	return ""
}

// open opens a page from disk, without any network, and returns its DOM when it has settled.
func open(t *testing.T, program, page string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run", "--user-data-dir=" + t.TempDir(),
		"--force-prefers-reduced-motion", "--window-size=1000,1000", "--virtual-time-budget=6000", "--dump-dom",
	}, append(args, "file://"+page)...)
	cmd := exec.CommandContext(ctx, program, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &problems)
	}
	return out.String()
}

func TestChartsDraw(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	program := browser(t)
	if _, err := FindScripts(); err != nil {
		t.Skip(err)
	}
	all := gallery(t, true)
	names := slices.Sorted(maps.Keys(all))
	var list []Figure
	for _, name := range names {
		list = append(list, all[name])
	}
	var page bytes.Buffer
	if err := HTML(&page, "Charts", list...); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
		for name, f := range all {
			for ext, write := range writers {
				var b bytes.Buffer
				if err := write(&b, f); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name+"."+ext), b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	path := filepath.Join(dir, "charts.html")
	text := strings.Replace(page.String(), "<body>", "<body>"+look, 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var args []string
	if *keep != "" {
		args = []string{"--screenshot=" + filepath.Join(dir, "charts.png"), "--window-size=1000,9500"}
	}
	dom := open(t, program, path, args...)
	found := regexp.MustCompile(`(?s)<pre id="told"[^>]*>(.*?)</pre>`).FindStringSubmatch(dom)
	if found == nil {
		t.Fatal("the page did not come to its end")
	}
	var page2 told
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &page2); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range page2.Wrong {
		t.Errorf("page error: %s", wrong)
	}
	if len(page2.Charts) != len(list) {
		t.Errorf("%d charts, want %d", len(page2.Charts), len(list))
	}
	for _, c := range page2.Charts {
		t.Logf("%s: %v", c.Title, c.Colours)
	}
}
