package video_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/video"
)

func TestAllFramesExactly(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	for _, size := range []image.Point{{width, height}, {97, 63}} {
		v := open(t, ffmpeg, encode(t, ffmpeg, "a.mkv", size.X, size.Y, 0, 30, lossless...))
		if v.Width != size.X || v.Height != size.Y || v.Count != 30 || v.Rotation != 0 || v.Damage != "" {
			t.Errorf("opened %+v", v)
		}
		if v.Duration != 1200*time.Millisecond || math.Abs(v.FPS-25) > 1e-9 {
			t.Errorf("%v, %v frames/s; want 1.2 s, 25", v.Duration, v.FPS)
		}
		frames, err := collect(v, video.All())
		if err != nil || len(frames) != 30 {
			t.Fatalf("%d frames, %v; want 30", len(frames), err)
		}
		for i, f := range frames {
			if f.Index != i || f.Time != time.Duration(i)*40*time.Millisecond {
				t.Errorf("frame %d has index %d and time %v", i, f.Index, f.Time)
			}
			if want := numbered(size.X, size.Y, i); f.Image.Rect != want.Rect || !bytes.Equal(f.Image.Pix, want.Pix) {
				t.Errorf("frame %d of %v differs from what was encoded", i, size)
			}
		}
	}
}

// Whatever the container tells of times and order, a choice gives the frames it names.
func TestChoices(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	const n = 50
	for name, args := range map[string][]string{
		"a.mkv":  lossless,
		"a.avi":  lossy, // packets without presentation times
		"a.mp4":  lossy,
		"b.mp4":  append([]string{"-movflags", "frag_keyframe+empty_moov"}, lossy...),
		"a.ts":   {"-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "12"},
		"a.m4v":  append([]string{"-f", "m4v"}, lossy...), // no container
		"a.flv":  {"-c:v", "flv1", "-q:v", "2", "-g", "12"},
		"a.mjpg": {"-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, ffmpeg, encode(t, ffmpeg, name, width, height, 0, n, args...))
			if v.Count != n {
				t.Fatalf("%d frames counted, want %d", v.Count, n)
			}
			whole, err := collect(v, video.All())
			if got := indices(t, whole); err != nil || len(got) != n || got[n-1] != n-1 {
				t.Errorf("all: %v, %v", got, err)
			}
			some, err := collect(v, video.At(31, 0, 7, 49, 7))
			if got := indices(t, some); err != nil || !slices.Equal(got, []int{0, 7, 31, 49}) {
				t.Errorf("at: %v, %v", got, err)
			}
			for _, f := range some {
				if want := whole[f.Index]; f.Time != want.Time || !bytes.Equal(f.Image.Pix, want.Image.Pix) {
					t.Errorf("frame %d alone is not frame %d among all (%v, %v)", f.Index, want.Index, f.Time, want.Time)
				}
			}
			var middles []int
			for k := range 7 {
				middles = append(middles, (2*k+1)*n/14)
			}
			frames, err := collect(v, video.Spread(7))
			if got := indices(t, frames); err != nil || !slices.Equal(got, middles) {
				t.Errorf("spread: %v, %v; want %v", got, err, middles)
			}
			frames, err = collect(v, video.Spread(1000))
			if got := indices(t, frames); err != nil || len(got) != n {
				t.Errorf("spread over more than there are: %v, %v", got, err)
			}
			frames, err = collect(v, video.KeyFrames())
			got := indices(t, frames)
			if err != nil || len(got) == 0 || got[0] != 0 || len(got) > n/2 && name != "a.mjpg" {
				t.Errorf("key frames: %v, %v", got, err)
			}
			switch name {
			case "a.mkv":
				if !slices.Equal(got, []int{0, 5, 10, 15, 20, 25, 30, 35, 40, 45}) {
					t.Errorf("key frames %v, want one in 5", got)
				}
			case "a.mjpg":
				if len(got) != n {
					t.Errorf("key frames %v, want all", got)
				}
			}
			for _, f := range frames {
				if !bytes.Equal(f.Image.Pix, whole[f.Index].Image.Pix) {
					t.Errorf("key frame %d is not frame %d among all", f.Index, f.Index)
				}
			}
		})
	}
}

// Frames with times of their own are chosen by what is on the screen at evenly spread times.
func TestVariableFrameRate(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	const n = 40
	// Milliseconds: 25 frames/s, a freeze of 3 s after frame 9, then a frame every 7 or 8 ms.
	at := func(i int) int64 {
		if i < 10 {
			return int64(40 * i)
		}
		return int64(3360 + (i-10)*15/2)
	}
	const expression = `if(lt(N,10),N*40,floor(3360+(N-10)*7.5))`
	v := open(t, ffmpeg, encode(t, ffmpeg, "vfr.mkv", width, height, 0, n, append([]string{
		"-vf", "settb=1/1000,setpts='" + expression + "'", "-fps_mode", "passthrough", "-enc_time_base", "1:1000"}, lossless...)...))
	frames, err := collect(v, video.All())
	if is := indices(t, frames); err != nil || len(is) != n {
		t.Fatalf("%v, %v; want %d frames", is, err, n)
	}
	for i, f := range frames {
		if want := time.Duration(at(i)) * time.Millisecond; f.Time != want {
			t.Errorf("frame %d at %v, want %v", i, f.Time, want)
		}
	}
	last := v.Duration - time.Duration(at(n-1))*time.Millisecond
	if last <= 0 || last > 100*time.Millisecond {
		t.Fatalf("the last frame is shown for %v", last)
	}
	for _, count := range []int{1, 2, 5, 12, 33} {
		var want []int
		for k := range count {
			middle := big.NewRat(int64(v.Duration)*int64(2*k+1), int64(2*count))
			i := n - 1
			for big.NewRat(at(i)*1_000_000, 1).Cmp(middle) > 0 {
				i--
			}
			if len(want) == 0 || want[len(want)-1] != i {
				want = append(want, i)
			}
		}
		frames, err := collect(v, video.Spread(count))
		if got := indices(t, frames); err != nil || !slices.Equal(got, want) {
			t.Errorf("spread %d: %v, %v; want %v", count, got, err, want)
		}
	}
}

// turned writes a copy of an MP4 file whose track is shown turned clockwise.
func turned(t *testing.T, path string, degrees int) string {
	t.Helper()
	sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
	return shownBy(t, path, fmt.Sprint("turned-", degrees), [4]float64{cos, sin, -sin, cos})
}

// shownBy writes a copy of an MP4 file with another matrix in its tkhd box, of which the rows of two are given.
func shownBy(t *testing.T, path, name string, m [4]float64) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	box := bytes.Index(b, []byte("tkhd"))
	if box < 0 || b[box+4] != 0 {
		t.Fatal("no tkhd box of version 0")
	}
	const one = 1 << 16
	matrix := b[box+4+40:]
	for i, v := range []float64{m[0], m[1], 0, m[2], m[3], 0} {
		binary.BigEndian.PutUint32(matrix[4*i:], uint32(int32(math.Round(v*one))))
	}
	return write(t, name+".mp4", b)
}

func TestRotation(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	upright := encode(t, ffmpeg, "a.mp4", width, height, 0, 13, lossy...)
	for degrees, want := range map[int]struct {
		size    image.Point
		corners [4]int // where the stored corners are shown: which is at top left, top right, bottom left, bottom right
	}{
		0:   {image.Pt(width, height), [4]int{0, 1, 2, 3}},
		90:  {image.Pt(height, width), [4]int{2, 0, 3, 1}},
		180: {image.Pt(width, height), [4]int{3, 2, 1, 0}},
		270: {image.Pt(height, width), [4]int{1, 3, 0, 2}},
	} {
		v := open(t, ffmpeg, turned(t, upright, degrees))
		if v.Rotation != degrees || v.Width != want.size.X || v.Height != want.size.Y {
			t.Errorf("turned by %d: rotation %d, %d×%d; want %v", degrees, v.Rotation, v.Width, v.Height, want.size)
		}
		for name, c := range map[string]video.Choice{"all": video.All(), "spread": video.Spread(3), "key frames": video.KeyFrames()} {
			frames, err := collect(v, c)
			if err != nil || len(frames) == 0 {
				t.Fatalf("turned by %d, %s: %d frames, %v", degrees, name, len(frames), err)
			}
			for _, f := range frames {
				if f.Image.Rect.Size() != want.size {
					t.Fatalf("turned by %d: a frame of %v, want %v", degrees, f.Image.Rect.Size(), want.size)
				}
				for at, stored := range want.corners {
					x, y := 4+at%2*(want.size.X-9), 4+at/2*(want.size.Y-9)
					if got := f.Image.RGBAAt(x, y); distance(got, corners[stored]) > 60 {
						t.Errorf("turned by %d, %s: corner %d is %v, want about %v", degrees, name, at, got, corners[stored])
					}
				}
			}
		}
	}
}

func distance(a, b color.RGBA) int {
	far := func(x, y uint8) int { return max(int(x), int(y)) - min(int(x), int(y)) }
	return max(far(a.R, b.R), far(a.G, b.G), far(a.B, b.B))
}

// An edit list starts a clip between key frames: frames before the start are decoded, not shown and not counted.
func TestEditList(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	whole := encode(t, ffmpeg, "a.mp4", width, height, 0, 50, lossy...)
	edited := filepath.Join(t.TempDir(), "edited.mp4")
	run(t, ffmpeg, nil, "-ss", "0.64", "-i", whole, "-c", "copy", edited)
	v := open(t, ffmpeg, edited)
	frames, err := collect(v, video.All())
	if err != nil || len(frames) != v.Count || v.Count != 34 {
		t.Fatalf("%d frames of %d, %v; want 34", len(frames), v.Count, err)
	}
	for _, f := range frames {
		if n := number(f.Image); n != f.Index+16 {
			t.Errorf("frame %d shows frame %d, want %d", f.Index, n, f.Index+16)
		}
	}
	frames, err = collect(v, video.At(3, 30))
	if err != nil || len(frames) != 2 || number(frames[0].Image) != 19 || number(frames[1].Image) != 46 {
		t.Errorf("%d frames chosen, %v", len(frames), err)
	}
	keys, err := collect(v, video.KeyFrames())
	if err != nil || len(keys) == 0 {
		t.Errorf("%d key frames, %v", len(keys), err)
	}
	for _, f := range keys {
		if n := number(f.Image); n != f.Index+16 {
			t.Errorf("key frame %d shows frame %d, want %d", f.Index, n, f.Index+16)
		}
	}
}

// When the picture size changes in a stream, ffmpeg makes new filters, which count from 0 again.
func TestPictureSizeChanges(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	args := []string{"-c:v", "mpeg2video", "-q:v", "2", "-bf", "0"}
	first := encode(t, ffmpeg, "a.ts", width, height, 0, 25, args...)
	second := encode(t, ffmpeg, "b.ts", 2*width, 2*height, 25, 25, append(args, "-output_ts_offset", "1")...)
	var both []byte
	for _, path := range []string{first, second} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b...)
	}
	v := open(t, ffmpeg, write(t, "both.ts", both))
	if v.Width != width || v.Height != height || v.Count < 49 {
		t.Fatalf("opened %v, want about 50 frames of the first size", v)
	}
	frames, err := collect(v, video.All())
	if err != nil && !errors.Is(err, video.ErrDamaged) {
		t.Fatal(err)
	}
	// Frames at the seam may be lost: what the decoder gives is what counts.
	var shown []int
	for i, f := range frames {
		if f.Index != i || f.Image.Rect.Dx() != width {
			t.Errorf("frame %d has index %d and size %v", i, f.Index, f.Image.Rect)
		}
		shown = append(shown, number(f.Image))
	}
	if len(shown) < 47 || !slices.IsSorted(shown) || shown[len(shown)-1] != 49 {
		t.Fatalf("frames shown: %v", shown)
	}
	wanted := []int{3, 12, 20, 30, 31, 44}
	frames, err = collect(v, video.At(wanted...))
	if err != nil && !errors.Is(err, video.ErrDamaged) {
		t.Fatal(err)
	}
	if len(frames) != len(wanted) {
		t.Fatalf("%d frames chosen, want %d", len(frames), len(wanted))
	}
	for k, f := range frames {
		if f.Index != wanted[k] || number(f.Image) != shown[f.Index] {
			t.Errorf("chose frame %d that shows %d; want %d that shows %d", f.Index, number(f.Image), wanted[k], shown[wanted[k]])
		}
	}
}

func TestBadChoices(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	v := open(t, ffmpeg, encode(t, ffmpeg, "a.mkv", width, height, 0, 3, lossless...))
	for _, c := range []video.Choice{video.Spread(0), video.Spread(-1), video.At(), video.At(3), video.At(-1, 1)} {
		frames, err := collect(v, c)
		if err == nil || len(frames) > 0 {
			t.Errorf("%+v gave %d frames, %v; want an error", c, len(frames), err)
		}
	}
	if frames, err := collect(v, video.Choice{}); err != nil || len(frames) != 3 {
		t.Errorf("the zero choice gave %d frames, %v; want all 3", len(frames), err)
	}
}

// A long condition must not be too much for ffmpeg's parser or for the system.
func TestManyIndices(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes 16,000 frames")
	}
	ffmpeg := needFFmpeg(t)
	const n = 16_000
	path := filepath.Join(t.TempDir(), "long.mkv")
	run(t, ffmpeg, nil, "-f", "lavfi", "-i", fmt.Sprintf("color=s=16x16:r=25:d=%d", n/25), "-c:v", "mpeg4", path)
	v := open(t, ffmpeg, path)
	for _, count := range []int{1_000, 2_500, 6_000, 15_000} {
		frames := 0
		for f, err := range v.Frames(context.Background(), video.Spread(count)) {
			if err != nil {
				t.Fatalf("%d frames: %v", count, err)
			}
			if want := (2*frames + 1) * n / (2 * count); f.Index != want {
				t.Fatalf("frame %d of %d has index %d, want %d", frames, count, f.Index, want)
			}
			frames++
		}
		if frames != count {
			t.Errorf("%d frames, want %d", frames, count)
		}
	}
}

// Two iterations over one video do not disturb each other.
func TestFramesTwiceAtOnce(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	v := open(t, ffmpeg, encode(t, ffmpeg, "a.mkv", width, height, 0, 20, lossless...))
	seen := 0
	for outer, err := range v.Frames(context.Background(), video.At(2, 9, 17)) {
		if err != nil {
			t.Fatal(err)
		}
		inner, err := collect(v, video.Spread(4))
		if is := indices(t, inner); err != nil || !slices.Equal(is, []int{2, 7, 12, 17}) {
			t.Errorf("within frame %d: %v, %v", outer.Index, is, err)
		}
		if number(outer.Image) != outer.Index {
			t.Errorf("frame %d was changed", outer.Index)
		}
		seen++
	}
	if seen != 3 {
		t.Errorf("%d frames, want 3", seen)
	}
}

// Frames come through a pipe: nothing is written, no pictures and no logs.
func TestNothingIsWritten(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	path := encode(t, ffmpeg, "a.mkv", width, height, 0, 5, lossless...)
	work := t.TempDir()
	t.Chdir(work)
	t.Setenv("TMPDIR", work)
	if frames, err := collect(open(t, ffmpeg, path), video.All()); err != nil || len(frames) != 5 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	for _, dir := range []string{work, filepath.Dir(path)} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != filepath.Base(path) {
				t.Errorf("%s was written", e.Name())
			}
		}
	}
}
