package video

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// Whatever the packets say, the reader gives a scan whose frames can be spread, or an error.
func FuzzScan(f *testing.F) {
	f.Add("#tb 0: 1/12800\n#dimensions 0: 320x240\n0, -1024, 0, 512, 4975, 0xfcef316a\n0, -512, 1536, 512, 2089, 0x03221594, F=0x0\n0, 0, 512, 512, 9, 0x1, F=0x5, S=1, Display Matrix, 36, 0x1\n", 3)
	f.Add("#tb 0: 1/600\n0, 0, -9223372036854775808, 1, 5157, 0x6519aa12\n0, 24, -9223372036854775808, 1, 2477, 0x9870d926, F=0x0\n", 1)
	f.Add("#tb 0: 2147483647/1\n0, 9223372036854775807, 9223372036854775807, 9223372036854775807, 1, 0x1\n0, -9223372036854775807, -2000000000000000000, -1, 1, 0x1\n0, 0, 2000000000000000000, 2000000000000000000, 1, 0x1\n", 2)
	f.Fuzz(func(t *testing.T, text string, n int) {
		s, err := readScan(strings.NewReader(text))
		if err != nil {
			return
		}
		if s.span() < 0 || s.duration() < 0 || s.fps() < 0 {
			t.Fatalf("span %d, duration %v, %v frames/s", s.span(), s.duration(), s.fps())
		}
		if n < 1 || n > 1000 {
			return
		}
		indices := s.spread(n)
		if count := len(s.times); len(indices) > min(n, count) || count > 0 && len(indices) == 0 {
			t.Fatalf("%d frames of %d for %d", len(indices), count, n)
		}
		for k, i := range indices {
			if i < 0 || i >= len(s.times) || k > 0 && i <= indices[k-1] {
				t.Fatalf("indices %v of %d frames", indices, len(s.times))
			}
		}
	})
}

// Whatever stderr says, the log counts frames from 0 and its complaints are one clean line.
func FuzzLog(f *testing.F) {
	f.Add("[showinfo@frames @ 0x7f] [info] config in time_base: 1/15360, frame_rate: 30/1\n[showinfo@frames @ 0x7f] [info] n:   0 pts:      0 pts_time:0 duration:    512 fmt:yuv444p sar:0/1 s:1280x720 i:P iskey:1 type:I \n")
	f.Add("[info]   Stream #0:1(und): Video: h264\n[info]       Display Matrix: rotation of -90.00 degrees\n[info] Stream mapping:\n[info]   Stream #0:1 -> #0:0 (copy)\n")
	f.Add("[in#0/mov @ 0x1] [warning] Packet corrupt (stream = 0, dts = 1), dropping it.\n[h264 @ 0x1] [IMGUTILS @ 0x2] [error] Picture size 16000x16000 exceeds specified max pixel count 9\n[fatal] Stream map '' matches no streams.\n[error] a\x1b\xff\n")
	f.Fuzz(func(t *testing.T, text string) {
		var l log
		l.more = sync.NewCond(&l.mu)
		l.comes = every
		for line := range strings.Lines(text) {
			l.line(strings.TrimSuffix(line, "\n"))
		}
		l.end()
		if r := l.rotation(); r < 0 || r >= 360 {
			t.Fatalf("rotation %d", r)
		}
		for want := 0; ; want++ {
			s, ok, err := l.take()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if s.index != want {
				t.Fatalf("frame %d counted as %d", want, s.index)
			}
		}
		for _, said := range []string{l.tail(), l.torn} {
			if strings.ContainsAny(said, "\n\r\x1b") || len(said) > 4*4*200 {
				t.Fatalf("%q is not a clean line", said)
			}
		}
	})
}

// The rotation of another stream than the decoded one does not count.
func TestRotationOfMappedStream(t *testing.T) {
	banner := []string{
		"[info]   Stream #0:0[0x1](und): Video: h264, 640x480",
		"[info]       Display Matrix: rotation of 180.00 degrees",
		"[info]   Stream #0:1[0x2](und): Video: h264, 640x480",
		"[info]       displaymatrix: rotation of -90.00 degrees",
		"[info] Stream mapping:",
	}
	for mapped, want := range map[string]int{
		"[info]   Stream #0:0 -> #0:0 (copy)": 180,
		"[info]   Stream #0:1 -> #0:0 (copy)": 90,
		"[info]   Stream #0:2 -> #0:0 (copy)": 0,
	} {
		var l log
		for _, line := range append(banner, mapped, "[info]   Stream #0:0: Video: rawvideo", "[info]       Display Matrix: rotation of 45.00 degrees") {
			l.line(line)
		}
		if got := l.rotation(); got != want {
			t.Errorf("%s: rotation %d, want %d", mapped, got, want)
		}
	}
}

// What a file says of its streams and colours, as ffmpeg prints it, old and new.
func TestBanner(t *testing.T) {
	var l log
	for _, line := range []string{
		"[info]   Stream #0:0: Audio: mp3, 44100 Hz, stereo (default)",
		"[info]   Stream #0:1[0x2](und): Video: mjpeg (Baseline), yuvj420p, 600x600 (attached pic)",
		"[info]   Stream #0:2(eng): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 320x240, 25 fps",
		"[info]   Stream #0:3[0x4](und): Video: hevc (Main 10) (dvh1 / 0x31687664), yuv420p10le(tv), 640x480 (default)",
		"[info]       DOVI configuration record: version: 1.0, profile: 5, level: 6, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 0",
		"[info] Stream mapping:",
		"[info]   Stream #0:3 -> #0:0 (copy)",
		"[info]   Stream #0:0: Video: hevc (default)",
	} {
		l.line(line)
	}
	if want := []stream{{"1", 2}, {"2", 1}, {"3", 0}}; !slices.Equal(l.streams, want) || !l.dolby || l.mapped != "3" {
		t.Errorf("streams %v, Dolby %v, decoded %s; want %v, true, 3", l.streams, l.dolby, l.mapped, want)
	}
	l = log{}
	l.line("[info]       DOVI configuration record: version: 1.0, profile: 8, level: 5, rpu flag: 1, el flag: 0, bl flag: 1, compatibility id: 4")
	if l.dolby {
		t.Error("a base layer in HLG is refused")
	}
}
