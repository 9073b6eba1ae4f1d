package cli

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// videoCases is what the cases of videos are scored with: a run of seconds, whose scores say little but agree where the same is
// shown.
type videoCases struct {
	dir, results, ffmpeg string
}

func openVideoCases(t *testing.T) videoCases {
	t.Helper()
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	dir := sharedCases(t, "videos")
	acceltest.ForTest(t)
	c := videoCases{dir, filepath.Join(t.TempDir(), "runs"), extracttest.Need(t)}
	data, _ := drawData(t)
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	must(t, "run", experiment, "--set", "score.name=onepass", "--data", data, "--results", c.results)
	return c
}

// score scores files in 4 frames each. It returns the videos by file and what is said on stderr.
func (c videoCases) score(t *testing.T, files ...string) (videos map[string]terminal.ScoredVideo, code int, stderr string) {
	t.Helper()
	args := []string{"score", "--run", "tiny", "--results", c.results, "--frames", "4", "--out", t.TempDir(), "--json"}
	code, stdout, stderr := seelab(t, append(args, files...)...)
	var found struct{ Videos []terminal.ScoredVideo }
	if stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &found); err != nil {
			t.Fatalf("exit code %d: %v\n%s\n%s", code, err, stdout, stderr)
		}
	}
	videos = map[string]terminal.ScoredVideo{}
	for _, v := range found.Videos {
		videos[v.File] = v
	}
	return videos, code, stderr
}

// make makes a video with ffmpeg. It is "" if this one is too old for the options.
func (c videoCases) make(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command(c.ffmpeg, append(append([]string{"-y", "-loglevel", "error"}, args...), "file:"+path)...)
	if text, err := cmd.CombinedOutput(); err != nil && strings.Contains(string(text), "Unrecognized option") {
		t.Logf("no %s: %s", name, text)
		return ""
	} else if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return path
}

// Every video of the shared cases, and more of each kind, has the score of the reference, or is named with what is wrong.
func TestCasesOfVideos(t *testing.T) {
	c := openVideoCases(t)
	file := func(name string) string { return filepath.Join(c.dir, name) }
	ref := file("ref.mp4")
	from := func(name string, args ...string) string {
		return c.make(t, name, append([]string{"-i", ref}, args...)...)
	}
	mpeg4 := []string{"-c:v", "mpeg4", "-q:v", "2"}
	with := func(name, filters string, more ...string) string {
		return from(name, append(append([]string{"-vf", filters}, mpeg4...), more...)...)
	}
	sound := c.make(t, "sound.m4a", "-f", "lavfi", "-i", "sine=d=1")
	small := with("small.mp4", "scale=64:48")
	cover := with("cover.mp4", "scale=64:48", "-frames:v", "1")
	type agreeing struct {
		path   string
		within float64 // of the score of the reference: frames are compressed once more, and the run is one of seconds
		turned int
	}
	agree := map[string]agreeing{
		"rotated":                       {file("rot90.mp4"), 2, 0},
		"sideways":                      {file("sideways_nometa.mp4"), 2, 4},
		"anamorphic":                    {file("anamorphic_sar2.mp4"), 2, 0}, // of half the pixels
		"HDR":                           {file("hdr_pq.mp4"), 2, 0},
		"counter-clockwise":             {with("left.mp4", "transpose=2"), 2, 4},
		"clockwise":                     {with("right.mp4", "transpose=1"), 2, 4},
		"upside down":                   {with("down.mp4", "hflip,vflip"), 2, 4},
		"turned by 180 and marked":      {c.make(t, "r180.mp4", "-display_rotation", "180", "-i", with("turned180.mp4", "hflip,vflip"), "-c", "copy"), 2, 0},
		"turned by 270 and marked":      {c.make(t, "r270.mp4", "-display_rotation", "270", "-i", with("turned270.mp4", "transpose=2"), "-c", "copy"), 2, 0},
		"mirrored and marked":           {c.make(t, "flip.mp4", "-display_hflip", "-i", with("flipped.mp4", "hflip"), "-c", "copy"), 2, 0},
		"anamorphic, tall":              {with("tall.mp4", "scale=640:320,setsar=2/3"), 2, 0},
		"odd size":                      {from("odd.mkv", "-vf", "crop=637:479:1:1", "-c:v", "ffv1", "-pix_fmt", "yuv444p"), 2, 0},
		"10 bit":                        {from("ten.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p10le"), 2, 0},
		"alpha":                         {from("alpha.mkv", "-c:v", "ffv1", "-pix_fmt", "yuva420p"), 2, 0},
		"RGB":                           {from("rgb.mkv", "-c:v", "ffv1", "-pix_fmt", "bgr0"), 2, 0},
		"variable frame rate":           {from("vfr.mkv", "-vf", "select='not(mod(n,3))+lt(n,9)'", "-fps_mode", "vfr", "-c:v", "ffv1"), 2, 0}, // other frames
		"the default stream":            {c.make(t, "two.mkv", "-i", small, "-i", ref, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "0", "-disposition:v:1", "default"), 0.01, 0},
		"sound first, with a cover":     {c.make(t, "cover.mkv", "-i", sound, "-i", cover, "-i", ref, "-map", "0", "-map", "1", "-map", "2", "-c", "copy"), 0.01, 0},
		"no end of the name":            {c.make(t, "nameless", "-i", ref, "-c", "copy", "-f", "mp4"), 0.01, 0},
		"a length that the file is not": {from("long.mkv", "-vf", "settb=1/1000,setpts='if(eq(N,31),36000000,N*40)'", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", "ffv1"), 2, 0},
	}
	bad := map[string]string{ // and what is said of it
		file("web_page.mp4"):                      `begins with "<html>`,
		sound:                                     "no video stream",
		filepath.Join(t.TempDir(), "zero.mp4"):    "0 bytes",
		filepath.Join(t.TempDir(), "text.mov"):    `begins with "Not found"`,
		filepath.Join(t.TempDir(), "zeros.mp4"):   "begins with zeros",
		filepath.Join(t.TempDir(), "cut.mp4"):     "no index (moov)",
		filepath.Join(t.TempDir(), "archive.avi"): "ZIP",
		c.make(t, "blank.mp4", append([]string{"-f", "lavfi", "-i", "color=gray:s=320x240:r=5:d=1"}, mpeg4...)...): "no face found",
	}
	whole, err := os.ReadFile(ref)
	if err != nil {
		t.Fatal(err)
	}
	for path := range bad {
		if _, err := os.Stat(path); err == nil {
			continue
		}
		write(t, path, map[string][]byte{"text.mov": []byte("Not found\n"), "zeros.mp4": make([]byte, 2000), "cut.mp4": whole[:len(whole)/2], "archive.avi": []byte("PK\x03\x04 ...")}[filepath.Base(path)])
	}
	files := []string{ref, file("two_people_two_sizes.mp4")}
	for name, a := range agree {
		if a.path == "" {
			delete(agree, name)
			continue
		}
		files = append(files, a.path)
	}
	for path := range bad {
		files = append(files, path)
	}
	videos, code, stderr := c.score(t, files...)
	reference, ok := videos[ref]
	if code != 0 || !ok {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for name, a := range agree {
		v, ok := videos[a.path]
		if !ok && name == "HDR" && strings.Contains(stderr, "HDR (PQ)") {
			continue // this ffmpeg has no filters for it, and it is named
		}
		if !ok {
			t.Errorf("%s: no score", name)
			continue
		}
		if !(math.Abs(v.Score-reference.Score) <= a.within) || v.Turned != a.turned || len(v.Persons) != 1 || v.Found != 4 {
			t.Errorf("%s: %.4f of %d frames, %d turned, %d persons; want %.4f within %g of 4, %d turned, 1 person",
				name, v.Score, v.Found, v.Turned, len(v.Persons), reference.Score, a.within, a.turned)
			continue
		}
		p, want := v.Persons[0], reference.Persons[0]
		if math.Abs(p.Length-want.Length) > 0.06*want.Length || a.turned == 0 && math.Abs(float64(p.X-want.X))+math.Abs(float64(p.Y-want.Y)) > 30 {
			t.Errorf("%s: a face of %.0f pixels at (%d, %d), want %.0f at (%d, %d)", name, p.Length, p.X, p.Y, want.Length, want.X, want.Y)
		}
	}
	if a, b := videos[agree["sideways"].path].Score, videos[agree["rotated"].path].Score; math.Abs(a-b) > 0.01 {
		t.Errorf("sideways %.4f, rotated by its metadata %.4f: the same frames", a, b)
	}
	for path, want := range bad {
		said := ""
		for line := range strings.Lines(stderr) {
			if strings.Contains(line, "skipped:") && strings.Contains(line, filepath.Base(path)) {
				said = line
			}
		}
		if _, scored := videos[path]; scored || !strings.Contains(said, want) {
			t.Errorf("%s: scored %v, said %q; want %q", filepath.Base(path), scored, said, want)
		}
	}
	two := videos[file("two_people_two_sizes.mp4")]
	if len(two.Persons) != 2 || two.Persons[0].Frames != 4 || two.Persons[1].Frames != 4 || two.Persons[1].X < two.Persons[0].X ||
		two.Score != max(two.Persons[0].Score, two.Persons[1].Score) {
		t.Errorf("two persons: %+v, %.4f; want both in 4 frames, the smaller one at the right, and the higher score", two.Persons, two.Score)
	}
	// One bad file alone fails.
	if _, code, stderr := c.score(t, file("web_page.mp4")); code != failed || !strings.Contains(stderr, "begins with") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	// As a video or named, whichever this ffmpeg can.
	if v, _, stderr := c.score(t, file("anim.webp"), ref); math.Abs(v[file("anim.webp")].Score-reference.Score) > 2 && !strings.Contains(stderr, "WebP") {
		t.Errorf("animated WebP: %v, %s", v[file("anim.webp")].VideoScore, stderr)
	}
}

// Two persons of a video that is cut for a test set are told apart there too, and a face of 60 pixels of a 4K frame is found.
func TestCasesOfPersons(t *testing.T) {
	c := openVideoCases(t)
	ref := filepath.Join(c.dir, "ref.mp4")
	// The reference has a face of 137 pixels.
	wide := c.make(t, "wide.mp4", "-i", ref, "-i", ref, "-frames:v", "4", "-filter_complex",
		"[0:v]scale=2560:1920[big];[1:v]scale=280:210[tiny];[big]pad=3840:2160:0:0:gray[at];[at][tiny]overlay=3200:900", "-c:v", "mpeg4", "-q:v", "2")
	videos, code, stderr := c.score(t, wide)
	v, ok := videos[wide]
	if !ok || code != 0 || len(v.Persons) != 2 || v.Persons[1].Frames != 4 || v.Persons[1].Length < 40 || v.Persons[1].Length > 80 {
		t.Fatalf("exit code %d, %+v, %s; want two persons in 4 frames, the second of about 60 pixels", code, v.VideoScore, stderr)
	}
	// A smaller one is named.
	tiny := c.make(t, "tiny.mp4", "-i", ref, "-i", ref, "-frames:v", "4", "-filter_complex",
		"[1:v]scale=180:135[tiny];[0:v]pad=960:480:0:0:gray[at];[at][tiny]overlay=760:200", "-c:v", "mpeg4", "-q:v", "2")
	videos, _, stderr = c.score(t, tiny)
	if v, ok := videos[tiny]; !ok || len(v.Persons) != 1 || v.Small != 4 {
		t.Errorf("%+v, %s; want one person, and a face that is too small in 4 frames", v.VideoScore, stderr)
	}

	data, cache := t.TempDir(), t.TempDir()
	for name, from := range map[string]string{"real/one.mp4": "ref.mp4", "fake/swap/two.mp4": "two_people_two_sizes.mp4"} {
		text, err := os.ReadFile(filepath.Join(c.dir, from))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(data, "mine", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
		old := time.Now().Add(-time.Hour) // what was just written may still change
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	text := must(t, "faces", "--data", data, "--faces", cache, "--frames", "4")
	if !strings.Contains(text, "Several persons, who are told apart") || !strings.Contains(text, "two") {
		t.Errorf("%s", text)
	}
	manifests, _ := filepath.Glob(filepath.Join(cache, "*", "*", "manifest.csv"))
	if len(manifests) != 1 {
		t.Fatal(manifests)
	}
	rows, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(rows)), "\n")
	count := map[string]int{}
	for _, line := range lines[1:] {
		fields := strings.SplitN(line, ",", 13)
		count[fields[3]+" "+fields[11]]++
	}
	if want := map[string]int{"one ": 4, "two 0": 4, "two 1": 4}; len(count) != 3 || count["one "] != 4 || count["two 0"] != 4 || count["two 1"] != 4 {
		t.Errorf("faces by video and person: %v, want %v", count, want)
	}
}
