package extract

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/video"
)

// realNets is the extractor with its nets and the ffmpeg of this machine, or skips the test: tests download nothing.
func realNets(t testing.TB) (x *Extractor, ffmpeg string) {
	t.Helper()
	ffmpeg = extracttest.Need(t)
	x, err := New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return x, ffmpeg
}

// drawn returns the frames of a video of drawn faces: each has its face at another place of a grey picture of w × h pixels,
// and the landmarks tell where. Frames without a face are grey. The first face of the synthetic set is used that has as many
// frames with a face as wanted.
func drawn(t testing.TB, method string, w, h, frames int, blank ...int) (pictures []*image.RGBA, landmarks [][]face.Point) {
	t.Helper()
	_, set := synthetic.Sets(1)
	var items []datasets.Item
	for _, it := range set.Items {
		if it.Method == method && (len(items) == 0 || it.VideoID() == items[0].VideoID()) {
			items = append(items, it)
		}
	}
	for i := range frames {
		picture := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{110, 120, 130, 255}), image.Point{}, draw.Src)
		var points []face.Point
		if !slices.Contains(blank, i) {
			f, err := datasets.Load(items[i%len(items)])
			if err != nil {
				t.Fatal(err)
			}
			at := image.Pt(10+7*i, 5+3*i)
			draw.Draw(picture, f.Image.Rect.Add(at), f.Image, image.Point{}, draw.Src)
			for _, p := range f.Landmarks {
				points = append(points, face.Point{X: p.X + float64(at.X), Y: p.Y + float64(at.Y)})
			}
		}
		pictures, landmarks = append(pictures, picture), append(landmarks, points)
	}
	return pictures, landmarks
}

// encode writes a video file of these pictures, each shown once at 10 a second.
func encode(t testing.TB, ffmpeg, path string, pictures []*image.RGBA) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	for _, p := range pictures {
		raw.Write(p.Pix)
	}
	cmd := exec.Command(ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgba",
		"-video_size", fmt.Sprintf("%dx%d", pictures[0].Rect.Dx(), pictures[0].Rect.Dy()), "-framerate", "10", "-i", "pipe:0",
		"-c:v", "mpeg4", "-q:v", "2", "-bf", "0", "-pix_fmt", "yuv420p", "file:"+path)
	cmd.Stdin = &raw
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}

// The whole way with the real decoder and nets: the landmarks that the manifest gives for a cut face are those that were
// drawn into the video.
func TestDrawnVideos(t *testing.T) {
	x, ffmpeg := realNets(t)
	dir := filepath.Join(t.TempDir(), "wild")
	const frames = 8
	pictures, truth := drawn(t, "original", 360, 300, frames, 2)
	encode(t, ffmpeg, filepath.Join(dir, "real/anna.mp4"), pictures)
	fakes, _ := drawn(t, "swap", 360, 300, 2)
	encode(t, ffmpeg, filepath.Join(dir, "fake/swap/anna.mp4"), fakes)
	nobody, _ := drawn(t, "original", 360, 300, 2, 0, 1)
	encode(t, ffmpeg, filepath.Join(dir, "fake/swap/nobody.mp4"), nobody)
	whole, err := os.ReadFile(filepath.Join(dir, "real/anna.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "fake/swap/torn.mp4")
	if err := os.WriteFile(torn, whole[:len(whole)/2], 0o600); err != nil { // its index is at the end
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(torn, old, old); err != nil {
		t.Fatal(err)
	}
	d := reopen(t, dir)
	c := cached(t, Params{Frames: frames, Margin: 0.5, Side: 448})
	r, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: x})
	if err != nil {
		t.Fatal(err)
	}
	if r.Videos != 4 || r.Frames != frames+2+2 || r.Blank != 1+2 || !slices.Equal(r.Missing, []string{"wild/swap/nobody", "wild/swap/torn"}) || len(r.Problems) != 1 {
		t.Errorf("%+v", r)
	}
	set, _, err := c.Test(d, false, datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, it := range set.Items {
		if it.VideoID() != "wild/real/anna" || it.NoFace() {
			continue
		}
		seen++
		f, err := datasets.Load(it)
		if err != nil {
			t.Fatal(err)
		}
		want := truth[it.Frame]
		if want == nil {
			t.Errorf("a face in the empty frame %d", it.Frame)
			continue
		}
		// Back into the frame, by the half-pixel convention of face.Crop.
		scale := float64(it.Box.Side) / float64(f.Image.Rect.Dx())
		sum := 0.0
		for i, p := range f.Landmarks {
			x := (p.X+0.5)*scale - 0.5 + float64(it.Box.X)
			y := (p.Y+0.5)*scale - 0.5 + float64(it.Box.Y)
			sum += math.Hypot(x-want[i].X, y-want[i].Y) / face.Landmarks
		}
		eyes := math.Hypot(want[45].X-want[36].X, want[45].Y-want[36].Y)
		if sum/eyes > 0.12 {
			t.Errorf("frame %d: landmarks are off by %.1f %% of the distance of the eyes", it.Frame, 100*sum/eyes)
		}
		// And the picture is that of the frame.
		if i := int(want[30].Y); math.Abs(float64(pictures[it.Frame].RGBAAt(int(want[30].X), i).R)-float64(at(f.Image, (want[30].X-float64(it.Box.X)+0.5)/scale-0.5, (want[30].Y-float64(it.Box.Y)+0.5)/scale-0.5))) > 40 {
			t.Errorf("frame %d: the nose has another colour", it.Frame)
		}
	}
	if seen != frames-1 {
		t.Errorf("%d faces, want %d", seen, frames-1)
	}
}

func at(img *image.RGBA, x, y float64) uint8 {
	return img.RGBAAt(int(math.Round(x)), int(math.Round(y))).R
}

// Without ffmpeg nothing is noted of the videos, so that the next extraction does them.
func TestNoFFmpegIsNoFaultOfAVideo(t *testing.T) {
	d := usual(t)
	c := cached(t, small)
	x := &Extractor{reader{video.Options{FFmpeg: filepath.Join(t.TempDir(), "absent")}}.pictures, func() tracker { return oneFace{} }}
	if _, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: x}); err == nil || errors.Is(err, video.ErrNotVideo) {
		t.Errorf("error %v", err)
	}
	if n := c.Extracted(d.Videos); n != 0 {
		t.Errorf("%d videos are done", n)
	}
}

// The whole way from a file on disk to cut faces, in frames a second: of 720p all frames, on two cores.
func BenchmarkExtract(b *testing.B) {
	x, ffmpeg := realNets(b)
	_ = ffmpeg
	root := sharedtest.Data(b)
	var videos []layout.Video
	for _, name := range []string{"183", "253"} { // 1280×720
		path := filepath.Join(root, "FaceForensics++/original_sequences/youtube/c40/videos", name+".mp4")
		if _, err := os.Stat(path); err != nil {
			b.Skipf("no research data: set SEEABLE_DATA")
		}
		videos = append(videos, layout.Video{Dataset: "FF++ c40", Method: "original", Name: name, Path: path})
	}
	for _, n := range []int{32, 1 << 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			frames := 0
			for b.Loop() {
				c := cached(b, Params{Frames: n, Margin: 0.5, Side: 448})
				r, err := c.Extract(b.Context(), layout.Dataset{Name: "FF++ c40", Dir: root, Videos: videos}, videos, Options{Extractor: x, Workers: 2})
				if err != nil {
					b.Fatal(err)
				}
				frames += r.Frames
			}
			b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}
