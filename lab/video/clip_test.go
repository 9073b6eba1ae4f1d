package video_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/lab/video"
)

// needFFmpeg is the ffmpeg of this machine, or skips the test: tests download nothing.
func needFFmpeg(t testing.TB) string {
	t.Helper()
	path, err := video.Find(t.Context())
	if err != nil {
		t.Skipf("%v", err)
	}
	return path
}

// The size of most clips.
const width, height = 96, 64

// numbered draws frame i of a clip: four colours in the corners, and i as 16 bits, black and white, in two rows between.
func numbered(w, h, i int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{90, 90, 90, 255}), image.Point{}, draw.Src)
	fill := func(r image.Rectangle, c color.RGBA) { draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src) }
	for corner, c := range corners {
		p := image.Pt(corner%2*(w-w/6), corner/2*(h-h/4))
		fill(image.Rectangle{p, p.Add(image.Pt(w/6, h/4))}, c)
	}
	for bit := range 16 {
		if i>>bit&1 == 1 {
			fill(bitBox(w, h, bit), color.RGBA{255, 255, 255, 255})
		} else {
			fill(bitBox(w, h, bit), color.RGBA{0, 0, 0, 255})
		}
	}
	return img
}

// corners are top left, top right, bottom left, bottom right.
var corners = [4]color.RGBA{{250, 20, 30, 255}, {10, 240, 20, 255}, {30, 10, 230, 255}, {240, 230, 10, 255}}

func bitBox(w, h, bit int) image.Rectangle {
	x, y := w*(2+bit%8)/12, h*(1+bit/8)/4+h/8
	return image.Rect(x, y, w*(3+bit%8)/12, y+h/4)
}

// number reads what numbered wrote, after lossy compression too.
func number(img *image.RGBA) (n int) {
	for bit := range 16 {
		b := bitBox(img.Rect.Dx(), img.Rect.Dy(), bit)
		if img.RGBAAt((b.Min.X+b.Max.X)/2, (b.Min.Y+b.Max.Y)/2).G > 127 {
			n |= 1 << bit
		}
	}
	return n
}

// lossless are arguments for a codec that every ffmpeg has and that keeps RGB as it is, a key frame in 5.
var lossless = []string{"-c:v", "ffv1", "-pix_fmt", "bgr0", "-g", "5"}

// lossy are arguments for a codec that every ffmpeg has, with frames stored in another order than shown.
var lossy = []string{"-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-g", "12"}

// encode makes a clip of the frames first … first+n−1 at 25 frames/s and returns its path.
func encode(t testing.TB, ffmpeg, name string, w, h, first, n int, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	var raw bytes.Buffer
	for i := range n {
		raw.Write(numbered(w, h, first+i).Pix)
	}
	all := append([]string{"-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", fmt.Sprintf("%dx%d", w, h), "-framerate", "25", "-i", "pipe:0"}, args...)
	run(t, ffmpeg, &raw, append(all, "file:"+path)...)
	return path
}

// run runs ffmpeg to make something for a test.
func run(t testing.TB, ffmpeg string, stdin *bytes.Buffer, args ...string) {
	t.Helper()
	cmd := exec.Command(ffmpeg, append([]string{"-y", "-hide_banner", "-loglevel", "error", "-fflags", "+bitexact"}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// write puts bytes into a new file.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// truncate writes the first part of a file into a new one.
func truncate(t testing.TB, path string, part float64) string {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "torn-"+filepath.Base(path), whole[:int(part*float64(len(whole)))])
}

func open(t testing.TB, ffmpeg, path string) *video.Video {
	t.Helper()
	v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// collect takes all frames of a choice, and the error after them.
func collect(v *video.Video, c video.Choice) (frames []video.Frame, err error) {
	for f, err := range v.Frames(context.Background(), c) {
		if err != nil {
			return frames, err
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// indices are those of the frames, after checking that each shows its own number.
func indices(t testing.TB, frames []video.Frame) (is []int) {
	t.Helper()
	for _, f := range frames {
		if n := number(f.Image); n != f.Index {
			t.Errorf("frame %d shows frame %d", f.Index, n)
		}
		is = append(is, f.Index)
	}
	return is
}
