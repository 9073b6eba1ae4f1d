package figure

import (
	"bytes"
	"context"
	"encoding/base64"
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
function picture(figure) {
  const whole = document.createElement("canvas"), c = whole.getContext("2d");
  whole.width = figure.clientWidth; whole.height = figure.clientHeight;
  c.fillStyle = "#fff"; c.fillRect(0, 0, whole.width, whole.height);
  for (const canvas of figure.querySelectorAll("canvas")) c.drawImage(canvas, 0, 0, whole.width, whole.height);
  return whole.toDataURL();
}
function tell(tries) {
  const figures = [...document.querySelectorAll(".seeable-chart")];
  if (tries && figures.some(figure => figure.querySelector("svg"))) return setTimeout(tell, 100, tries - 1);
  const told = document.createElement("pre");
  told.id = "told";
  told.hidden = true;
  told.textContent = JSON.stringify({ wrong, charts: figures.map(figure => ({
    title: figure.ariaLabel, still: !!figure.querySelector("svg"),
    colours: [...figure.querySelectorAll("canvas")].map(colours), picture: picture(figure),
  })) });
  document.body.append(told);
}
addEventListener("load", () => tell(40));
</script>`

// told is what a page with look tells.
type told struct {
	Wrong  []string // errors, and what the page wanted to load
	Charts []struct {
		Title   string
		Still   bool   // the still picture was not replaced
		Colours []int  // how many each canvas has
		Picture string // as a data URL, PNG
	}
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
func open(t *testing.T, program, page string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program,
		"--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run", "--user-data-dir="+t.TempDir(),
		"--force-prefers-reduced-motion", "--window-size=1000,1000", "--virtual-time-budget=6000", "--dump-dom", "file://"+page)
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
				save(t, filepath.Join(dir, name+"."+ext), b.Bytes())
			}
		}
	}
	path := filepath.Join(dir, "charts.html")
	save(t, path, bytes.Replace(page.Bytes(), []byte("<body>"), []byte("<body>"+look), 1))
	dom := open(t, program, path)
	found := regexp.MustCompile(`(?s)<pre id="told"[^>]*>(.*?)</pre>`).FindStringSubmatch(dom)
	if found == nil {
		t.Fatal("the page did not come to its end")
	}
	var result told
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &result); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range result.Wrong {
		t.Errorf("page error: %s", wrong)
	}
	if len(result.Charts) != len(list) {
		t.Fatalf("%d charts, want %d", len(result.Charts), len(list))
	}
	for i, c := range result.Charts {
		// Text alone has fewer colours, by its soft edges.
		if c.Still || len(c.Colours) == 0 || slices.Min(c.Colours) < 300 {
			t.Errorf("%s (%s): still %t, canvases with %d colours; want it drawn", names[i], c.Title, c.Still, c.Colours)
		}
		if *keep != "" {
			_, encoded, _ := strings.Cut(c.Picture, ",")
			picture, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				t.Fatal(err)
			}
			save(t, filepath.Join(dir, names[i]+".chart.png"), picture)
		}
	}
}

func save(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
