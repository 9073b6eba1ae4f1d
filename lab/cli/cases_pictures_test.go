package cli

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// sharedCases is the folder of files that people have, beside that of the repository. The test is skipped where it is not.
func sharedCases(t *testing.T, kind string) string {
	t.Helper()
	dir := sharedtest.Path(t, "cases", filepath.FromSlash(kind))
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the shared cases are not there: %v", err)
	}
	return dir
}

// scoredFiles is what seelab score --json says.
type scoredFiles struct {
	Faces   []terminal.ScoredFace
	Videos  []terminal.ScoredVideo
	Skipped []lab.Skipped
	Counts  struct{ Files, Scored, Skipped int }
	Undrawn []string
}

// of is the score of a file and why it has none; of the first face if there are several.
func (s scoredFiles) of(t *testing.T, file string) (float64, string) {
	t.Helper()
	for _, f := range s.Faces {
		if f.File == file {
			return f.Score, ""
		}
	}
	for _, f := range s.Skipped {
		if f.File == file {
			if !strings.Contains(f.Why, datasets.Printable(file)) || strings.Contains(f.Why, "\n") {
				t.Errorf("%s: the reason %q does not name it in one line", file, f.Why)
			}
			return math.NaN(), string(f.Fault)
		}
	}
	t.Errorf("%s is neither scored nor left out", file)
	return math.NaN(), "lost"
}

// trainTiny trains a run of seconds on drawn faces that scores in one pass. Its scores say little, but those of two pictures that
// show the same are the same.
func trainTiny(t *testing.T) (results string) {
	t.Helper()
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results = filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	must(t, "run", experiment, "--set", "score.name=onepass", "--data", data, "--results", results)
	return results
}

func scorePictures(t *testing.T, results, out string, more ...string) (found scoredFiles, stderr string) {
	t.Helper()
	args := append([]string{"score", "--run", "tiny", "--results", results, "--out", out, "--json"}, more...)
	code, stdout, stderr := seelab(t, args...)
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("exit code %d: %v\n%s\n%s", code, err, stdout, stderr)
	}
	if want := map[bool]int{true: failed}[found.Counts.Scored == 0]; code != want {
		t.Errorf("exit code %d of %+v, want %d", code, found.Counts, want)
	}
	c := found.Counts
	if c.Scored+c.Skipped != c.Files || c.Skipped != len(found.Skipped) {
		t.Errorf("the counts do not add up: %+v, %d named", c, len(found.Skipped))
	}
	return found, stderr
}

// Every picture of the shared cases is read rightly, or named with what is wrong.
func TestCasesOfPictures(t *testing.T) {
	dir := sharedCases(t, "pictures")
	extracttest.Nets(t)
	results := trainTiny(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	found, _ := scorePictures(t, results, t.TempDir(), files...)
	if found.Counts.Files != len(files) || found.Undrawn != nil {
		t.Errorf("%+v of %d files; not drawn: %q", found.Counts, len(files), found.Undrawn)
	}
	reference, _ := found.of(t, filepath.Join(dir, "upright_crop.jpg"))
	photo, _ := found.of(t, filepath.Join(dir, "whole_photo.jpg"))
	for name, want := range map[string]struct {
		score, within float64
		fault         datasets.Fault
	}{
		"exif6_crop.jpg": {reference, 0.1, ""}, "exif3_crop.jpg": {reference, 0.1, ""}, "web.webp": {reference, 0.2, ""}, "webp_named.jpg": {reference, 0.2, ""},
		"small.bmp": {reference, 0.6, ""}, "whole_photo_exif6.jpg": {photo, 0.4, ""}, // smaller, and compressed anew; scores are about 5 and 9
		"noface.jpg": {fault: datasets.Faceless}, "eight.png": {fault: datasets.TooSmall}, "one.png": {fault: datasets.TooSmall},
		"iphone_grid.heic": {fault: datasets.Format}, "single_item.heic": {fault: datasets.Format}, "heic_named.jpg": {fault: datasets.Format},
	} {
		score, fault := found.of(t, filepath.Join(dir, name))
		if fault != string(want.fault) || fault == "" && !(math.Abs(score-want.score) <= want.within) {
			t.Errorf("%s: score %.4f, %q; want %.4f within %g, or %q", name, score, fault, want.score, want.within, want.fault)
		}
	}
	for _, f := range found.Faces {
		if strings.HasPrefix(filepath.Base(f.File), "顔") && (f.Score != reference || f.Heat == "") {
			t.Errorf("a long name: %.4f, want %.4f; heat map %q", f.Score, reference, f.Heat)
		}
		if !strings.HasPrefix(filepath.Base(f.File), "whole_photo") {
			if !f.Crop || !f.Fallback {
				t.Errorf("%s is not taken for a crop", f.File)
			}
			continue
		}
		if b := f.Box; f.Crop || f.Fallback || len(b) != 4 || b[0] < 560 || b[2] > 816 || b[1] < 120 || b[3] > 376 {
			t.Errorf("%s: the face is at %v, crop %v; want it in x 560…816, y 120…376", f.File, b, f.Crop)
		}
	}
	// Each alone that has no score fails.
	for name, want := range map[string]string{"noface.jpg": "no face found", "eight.png": "8×8", "one.png": "1×1", "single_item.heic": "HEIC", "heic_named.jpg": "HEIC"} {
		found, stderr := scorePictures(t, results, t.TempDir(), filepath.Join(dir, name))
		if found.Counts.Scored != 0 || !strings.Contains(stderr, want) || !strings.Contains(stderr, name) {
			t.Errorf("%s: %+v, %q; want %q", name, found.Counts, stderr, want)
		}
	}
}

// Of pictures that are made here, of whatever kind, the same holds: those that show the same have the same score, and no other
// file costs one its score.
func TestPicturesAsPeopleHaveThem(t *testing.T) {
	extracttest.Nets(t)
	results := trainTiny(t)
	dir := t.TempDir()
	_, tests := synthetic.Sets(1)
	crop, err := datasets.Load(tests.Items[0])
	if err != nil {
		t.Fatal(err)
	}
	encode := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	plain := encode(crop.Image)
	photo := image.NewRGBA(image.Rect(0, 0, 1200, 800))
	draw.Draw(photo, photo.Rect, image.NewUniform(color.RGBA{110, 120, 130, 255}), image.Point{}, draw.Src)
	empty := encode(photo)
	draw.Draw(photo, crop.Image.Rect.Add(image.Pt(700, 300)), crop.Image, image.Point{}, draw.Src)
	one := encode(photo)
	draw.Draw(photo, crop.Image.Rect.Add(image.Pt(100, 100)), crop.Image, image.Point{}, draw.Src)
	deep := image.NewRGBA64(crop.Image.Rect)
	draw.Draw(deep, deep.Rect, crop.Image, image.Point{}, draw.Src)
	same := map[string][]byte{
		"plain.png": plain, "named.jpg": plain, "no ending": plain, "-dash.png": plain, "Snímek 👨\u200d👩\u200d👧 می\u200cخواهم.png": plain, "new\nline.png": plain,
		strings.Repeat("é", 120) + ".png": plain, "deep.png": encode(deep),
	}
	bad := map[string]struct {
		data  []byte
		fault datasets.Fault
	}{
		"cut.png": {plain[:len(plain)/2], datasets.Unreadable}, "zero.jpg": {nil, datasets.Empty}, "text.png": {[]byte("hello"), datasets.Unreadable},
		"empty.png": {empty, datasets.Faceless}, "small.png": {encode(image.NewGray(image.Rect(0, 0, 31, 200))), datasets.TooSmall},
		"phone.jpg": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), datasets.Format},
	}
	var files []string
	add := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		write(t, path, data)
		files = append(files, path)
		return path
	}
	for name, data := range same {
		add(name, data)
	}
	for name, c := range bad {
		add(name, c.data)
	}
	single, both := add("one.png", one), add("both.png", encode(photo))
	link, absent := filepath.Join(dir, "link.png"), filepath.Join(dir, "absent.png")
	if err := os.Symlink(filepath.Join(dir, "nothing.png"), link); err != nil {
		t.Fatal(err)
	}
	files = append(files, link, absent)

	found, _ := scorePictures(t, results, t.TempDir(), files...)
	if found.Counts.Files != len(files) {
		t.Errorf("%+v of %d files", found.Counts, len(files))
	}
	reference, _ := found.of(t, filepath.Join(dir, "plain.png"))
	for name := range same {
		if score, fault := found.of(t, filepath.Join(dir, name)); score != reference {
			t.Errorf("%q: %.4f, %q; want %.4f", name, score, fault, reference)
		}
	}
	for name, c := range bad {
		if _, fault := found.of(t, filepath.Join(dir, name)); fault != string(c.fault) {
			t.Errorf("%s: %q, want %q", name, fault, c.fault)
		}
	}
	for _, path := range []string{link, absent} {
		if _, fault := found.of(t, path); fault != string(datasets.Absent) {
			t.Errorf("%s: %q", path, fault)
		}
	}
	count := func(path string) (n int) {
		for _, f := range found.Faces {
			if f.File == path {
				n++
			}
		}
		return n
	}
	if count(single) != 1 || count(both) != 2 {
		t.Errorf("%d faces in the picture of one, %d in that of two", count(single), count(both))
	}

	// A crop as a test set has it is scored as eval scores it: with a mean face, asked for or not.
	asked, _ := scorePictures(t, results, t.TempDir(), "--mean-face", filepath.Join(dir, "plain.png"), filepath.Join(dir, "empty.png"))
	if score, _ := asked.of(t, filepath.Join(dir, "plain.png")); score != reference || asked.Counts.Scored != 2 {
		t.Errorf("%.4f with a mean face, want %.4f; %+v", score, reference, asked.Counts)
	}
	// Neither a folder that cannot be made costs a score, nor what people read.
	file := filepath.Join(dir, "plain.png")
	undrawn, stderr := scorePictures(t, results, filepath.Join(file, "out"), file)
	if score, _ := undrawn.of(t, file); score != reference || len(undrawn.Undrawn) != 1 || !strings.Contains(stderr, "--out") {
		t.Errorf("%.4f, not drawn: %q; %s", score, undrawn.Undrawn, stderr)
	}
	code, stdout, _ := seelab(t, "score", "--run", "tiny", "--results", results, "--out", filepath.Join(file, "out"), file)
	if code != 0 || !strings.Contains(stdout, "(onepass)") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	// Strict stops at the first.
	if code, _, stderr := seelab(t, "score", "--run", "tiny", "--results", results, "--strict", filepath.Join(dir, "text.png"), file); code != failed || !strings.Contains(stderr, "text.png") {
		t.Errorf("strict: exit code %d: %s", code, stderr)
	}
	if !slices.ContainsFunc(found.Faces, func(f terminal.ScoredFace) bool { return f.Heat != "" }) {
		t.Error("nothing was drawn")
	}
}
