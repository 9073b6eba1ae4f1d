package video_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/video"
)

// Pixels that are not square are made so, whichever side that takes, also in turned videos.
func TestPixelShape(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	stored := encode(t, ffmpeg, "a.mp4", width, height, 0, 5, lossy...)
	for sar, want := range map[string]image.Point{
		"2/1":     image.Pt(2*width, height),
		"1/2":     image.Pt(width, 2*height),
		"1/1":     image.Pt(width, height),
		"0/1":     image.Pt(width, height),
		"960/959": image.Pt(width, height), // a rounded ratio of the sides: nobody sees it
	} {
		shaped := filepath.Join(t.TempDir(), "shaped.mp4")
		run(t, ffmpeg, nil, "-i", stored, "-vf", "setsar="+sar, "-c:v", "mpeg4", "-q:v", "2", shaped)
		for degrees := range map[int]bool{0: true, 90: true} {
			path, want := shaped, want
			if degrees != 0 {
				path, want = turned(t, shaped, degrees), image.Pt(want.Y, want.X)
			}
			v := open(t, ffmpeg, path)
			frames, err := collect(v, video.Spread(2))
			if err != nil || len(frames) != 2 || v.Width != want.X || v.Height != want.Y || frames[0].Image.Rect.Size() != want {
				t.Errorf("%s, turned by %d: %v, %d frames, %v; want %v", sar, degrees, v, len(frames), err, want)
			}
		}
	}
	// What would have too many pixels shrinks where there are more.
	shaped := filepath.Join(t.TempDir(), "shaped.mp4")
	run(t, ffmpeg, nil, "-i", stored, "-vf", "setsar=4/1", "-c:v", "mpeg4", "-q:v", "2", shaped)
	v, err := video.Open(context.Background(), shaped, video.Options{FFmpeg: ffmpeg, MaxPixels: width * height})
	if err != nil || v.Width != width || v.Height != height/4 {
		t.Errorf("%v, %v; want %d×%d", v, err, width, height/4)
	}
}

// The fields of interlaced frames are put together; frames keep their number and their count.
func TestInterlaced(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	const n = 20
	path := encode(t, ffmpeg, "a.mpg", width, height, 0, n, "-c:v", "mpeg2video", "-q:v", "2", "-g", "6", "-flags", "+ildct+ilme", "-field_order", "tt", "-vf", "setfield=tff")
	v := open(t, ffmpeg, path)
	if !v.Interlaced {
		t.Skip("this ffmpeg writes no interlaced MPEG-2 of what is not")
	}
	for name, c := range map[string]struct {
		choice video.Choice
		want   int
	}{"all": {video.All(), n}, "spread": {video.Spread(7), 7}, "the last": {video.At(n - 1), 1}, "keys": {video.KeyFrames(), 4}} {
		frames, err := collect(v, c.choice)
		if got := indices(t, frames); err != nil || len(got) != c.want {
			t.Errorf("%s: %v, %v; want %d frames", name, got, err, c.want)
		}
	}
	if v := open(t, ffmpeg, encode(t, ffmpeg, "b.mpg", width, height, 0, n, "-c:v", "mpeg2video", "-q:v", "2")); v.Interlaced {
		t.Error("progressive frames are taken for interlaced ones")
	}
	// A comb: lines are white and black in turn, and change places in the next frame, as what moves leaves them.
	comb := filepath.Join(t.TempDir(), "comb.mkv")
	run(t, ffmpeg, nil, "-f", "lavfi", "-i", "color=gray:s=64x64:r=25:d=0.4,format=yuv420p", "-vf", "geq=lum='if(mod(Y+N,2),235,16)':cb=128:cr=128,setfield=tff", "-c:v", "ffv1", "-field_order", "tt", comb)
	v = open(t, ffmpeg, comb)
	frames, err := collect(v, video.At(5))
	if err != nil || !v.Interlaced {
		t.Fatal(err, v.Interlaced)
	}
	a, b := frames[0].Image.RGBAAt(32, 32).G, frames[0].Image.RGBAAt(32, 33).G
	if max(a, b)-min(a, b) > 100 {
		t.Errorf("neighbouring lines are %d and %d: a comb", a, b)
	}
}

// What a usual screen can show keeps its colour; what is brighter stays below white. Golden values: BT.2408 has white at
// 203 cd/m² in PQ (58 % of the signal) and at 75 % of the signal in HLG.
func TestHighDynamicRange(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	for _, c := range []struct {
		name, transfer string
		signal         float64
		low, high      uint8
	}{
		{"PQ", "smpte2084", 0.581, 235, 250},
		{"PQ", "smpte2084", 0.44, 120, 150}, // 50 cd/m², a quarter of white
		{"PQ", "smpte2084", 0.9, 251, 255},
		{"HLG", "arib-std-b67", 0.75, 235, 250},
	} {
		for _, tags := range []string{"color_primaries=bt2020:colorspace=bt2020nc:", ""} {
			path := filepath.Join(t.TempDir(), "hdr.mkv")
			level := int(64 + 876*c.signal + 0.5)
			run(t, ffmpeg, nil, "-f", "lavfi", "-i", fmt.Sprintf("color=black:s=63x47:r=25:d=0.2,format=yuv420p10le,lutyuv=y=%d:u=512:v=512,setparams=%scolor_trc=%s:range=tv", level, tags, c.transfer),
				"-c:v", "ffv1", "-pix_fmt", "yuv420p10le", "-color_trc", c.transfer, path)
			v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg})
			if errors.Is(err, video.ErrUnshown) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			frames, err := collect(v, video.At(1, 4))
			if err != nil || len(frames) != 2 || v.HDR != c.name {
				t.Fatalf("%d frames, %v, %q; want 2 of %s", len(frames), err, v.HDR, c.name)
			}
			if got := frames[1].Image.RGBAAt(30, 20); got.G < c.low || got.G > c.high || got.R != got.G || got.B != got.G {
				t.Errorf("%s of %g, tags %q: %v; want a grey of %d to %d", c.name, c.signal, tags, got, c.low, c.high)
			}
		}
	}
}

// Of several video streams the one is read that a player shows.
func TestStream(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	small := encode(t, ffmpeg, "small.mp4", width, height, 0, 5, lossy...)
	large := encode(t, ffmpeg, "large.mp4", 2*width, 2*height, 0, 10, lossy...)
	single := encode(t, ffmpeg, "single.mp4", 3*width, height, 0, 1, "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj444p")
	for name, c := range map[string]struct {
		inputs []string
		args   []string
		want   int // frames
	}{
		"the first":                {[]string{small, large}, nil, 5},
		"the default":              {[]string{small, large}, []string{"-disposition:v:0", "0", "-disposition:v:1", "default"}, 10},
		"none is the default":      {[]string{large, small}, []string{"-disposition:v:0", "0", "-disposition:v:1", "0"}, 10},
		"a cover first":            {[]string{single, large}, []string{"-disposition:v:0", "attached_pic", "-disposition:v:1", "default"}, 10},
		"a cover without a mark":   {[]string{single, large}, nil, 10},
		"a single picture":         {[]string{single}, nil, 1},
		"single pictures":          {[]string{single, single}, nil, 1},
		"the default is no motion": {[]string{large, single}, []string{"-disposition:v:0", "0", "-disposition:v:1", "default"}, 10},
	} {
		for _, kind := range []string{".mkv", ".mp4"} {
			var args []string
			for _, in := range c.inputs {
				args = append(args, "-i", in)
			}
			for i := range c.inputs {
				args = append(args, "-map", fmt.Sprint(i))
			}
			path := filepath.Join(t.TempDir(), "streams"+kind)
			run(t, ffmpeg, nil, append(append(append(args, "-c", "copy"), c.args...), path)...)
			v := open(t, ffmpeg, path)
			frames, err := collect(v, video.All())
			if got := indices(t, frames); err != nil || v.Count != c.want || len(got) != c.want {
				t.Errorf("%s%s: %v, %v; want %d frames", name, kind, v, err, c.want)
			}
		}
	}
}

// A time that is none does not take the frames away.
func TestJumpOfTimes(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	path := encode(t, ffmpeg, "jump.mkv", width, height, 0, 40, append([]string{
		"-vf", "settb=1/1000,setpts='if(lt(N,39),N*40,10000000)'", "-fps_mode", "passthrough", "-enc_time_base", "1:1000"}, lossless...)...)
	frames, err := collect(open(t, ffmpeg, path), video.Spread(8))
	want := []int{2, 7, 12, 17, 22, 27, 32, 37}
	if got := indices(t, frames); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// Formats of pixels that are not 8-bit colour come as what they show.
func TestPixelFormats(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	for _, format := range []string{"gray", "gray10le", "yuv420p10le", "yuv444p12le", "yuva420p", "gbrp", "yuv410p"} {
		path := encode(t, ffmpeg, format+".mkv", width+1, height+1, 0, 4, "-c:v", "ffv1", "-pix_fmt", format)
		v := open(t, ffmpeg, path)
		frames, err := collect(v, video.All())
		if got := indices(t, frames); err != nil || len(got) != 4 || v.Width != width+1 || v.Height != height+1 {
			t.Errorf("%s: %v, %v, %v", format, v, got, err)
		}
	}
}

// Mirrored videos are shown mirrored.
func TestMirrored(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	stored := encode(t, ffmpeg, "a.mp4", width, height, 0, 3, lossy...)
	frames, err := collect(open(t, ffmpeg, shownBy(t, stored, "mirrored", [4]float64{-1, 0, 0, 1})), video.At(1))
	if err != nil || len(frames) != 1 {
		t.Fatal(err)
	}
	if got := frames[0].Image.RGBAAt(4, 4); distance(got, corners[1]) > 60 {
		t.Errorf("the top left is %v, want about %v, which is stored at the top right", got, corners[1])
	}
}
