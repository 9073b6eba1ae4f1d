//go:build linux

package video_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/video"
)

// The parts of a fake ffmpeg: lists 3 packets, describes a picture of 4 × 2, gives 3 frames.
const (
	fakePackets = `echo "#tb 0: 1/25"; echo "#dimensions 0: 4x2"; for i in 0 1 2; do echo "0, $i, $i, 1, 9, 0x0"; done`
	fakePicture = `frame 0`
	fakeFrames  = `for i in 0 1 2; do frame $i; head -c 32 /dev/zero; done`
)

// fake writes a shell script that does as ffmpeg does and returns a video that is to be read with it. Each part may be
// replaced; in a part, $dir is a folder for notes, and frame and hang are commands: hang starts a process and waits for it.
func fake(t *testing.T, packets, picture, frames string) (dir, path, ffmpeg string) {
	t.Helper()
	dir = t.TempDir()
	ffmpeg = filepath.Join(dir, "ffmpeg")
	script := fmt.Sprintf(`#!/bin/sh
dir='%s'
echo $$ >>"$dir/pids"
frame() { echo "[showinfo@frames @ 0x1] [info] n: $1 pts: $1 pts_time:0 fmt:rgba sar:1/1 s:4x2 i:P iskey:1 type:I" >&2; }
hang() { sleep 1000 & echo $! >>"$dir/pids"; wait; }
echo "[showinfo@frames @ 0x1] [info] config in time_base: 1/25, frame_rate: 25/1" >&2
case "$*" in
*framecrc*) %s ;;
*null*) %s ;;
*rawvideo*) %s ;;
esac
`, dir, packets, picture, frames)
	if err := os.WriteFile(ffmpeg, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "video.mp4")
	if err := os.WriteFile(path, []byte("\x00\x00\x00\x18ftypisom"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, path, ffmpeg
}

// gone fails the test if a process that the fake noted lives, or if one is a zombie of ours.
func gone(t *testing.T, dir string) {
	t.Helper()
	notes, err := os.ReadFile(filepath.Join(dir, "pids"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(notes)) {
		for tries := 0; ; tries++ {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			if err != nil {
				break
			}
			// After the name in brackets: state and parent.
			fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
			ours := fields[1] == strconv.Itoa(os.Getpid())
			if fields[0] == "Z" && !ours { // the system's to reap
				break
			}
			if ours || tries == 100 { // another's death may take a moment
				t.Errorf("process %s is still there: %s", pid, stat)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func TestFake(t *testing.T) {
	dir, path, ffmpeg := fake(t, fakePackets, fakePicture, fakeFrames)
	v := open(t, ffmpeg, path)
	if v.Width != 4 || v.Height != 2 || v.Count != 3 {
		t.Fatalf("opened %v", v)
	}
	frames, err := collect(v, video.All())
	if err != nil || len(frames) != 3 || frames[2].Time != 80*time.Millisecond {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	gone(t, dir)
}

func TestCancel(t *testing.T) {
	enough := errors.New("enough")
	t.Run("while a frame is awaited", func(t *testing.T) {
		dir, path, ffmpeg := fake(t, fakePackets, fakePicture, `frame 0; head -c 32 /dev/zero; hang`)
		v := open(t, ffmpeg, path)
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		frames := 0
		var last error
		for _, err := range v.Frames(ctx, video.All()) {
			if last = err; err == nil {
				frames++
				time.AfterFunc(100*time.Millisecond, func() { cancel(enough) })
			}
		}
		if frames != 1 || !errors.Is(last, enough) {
			t.Errorf("%d frames, %v; want 1 and the cause", frames, last)
		}
		gone(t, dir)
	})
	t.Run("in the middle of a frame", func(t *testing.T) {
		dir, path, ffmpeg := fake(t, fakePackets, fakePicture, `frame 0; head -c 20 /dev/zero; hang`)
		v := open(t, ffmpeg, path)
		ctx, cancel := context.WithTimeoutCause(context.Background(), 200*time.Millisecond, enough)
		defer cancel()
		for f, err := range v.Frames(ctx, video.All()) {
			if !errors.Is(err, enough) {
				t.Errorf("frame %v, %v; want the cause", f, err)
			}
		}
		gone(t, dir)
	})
	for part, fakes := range map[string][2]string{"packets": {"hang", fakePicture}, "picture": {fakePackets, "hang"}} {
		t.Run("opening: "+part, func(t *testing.T) {
			dir, path, ffmpeg := fake(t, fakes[0], fakes[1], fakeFrames)
			ctx, cancel := context.WithTimeoutCause(context.Background(), 200*time.Millisecond, enough)
			defer cancel()
			if _, err := video.Open(ctx, path, video.Options{FFmpeg: ffmpeg}); !errors.Is(err, enough) {
				t.Errorf("%v; want the cause", err)
			}
			gone(t, dir)
		})
	}
	t.Run("before", func(t *testing.T) {
		_, path, ffmpeg := fake(t, fakePackets, fakePicture, fakeFrames)
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(enough)
		if _, err := video.Open(ctx, path, video.Options{FFmpeg: ffmpeg}); !errors.Is(err, enough) {
			t.Errorf("%v; want the cause", err)
		}
	})
}

func TestLeaveLoop(t *testing.T) {
	dir, path, ffmpeg := fake(t, fakePackets, fakePicture, `frame 0; head -c 32 /dev/zero; hang`)
	v := open(t, ffmpeg, path)
	before := runtime.NumGoroutine()
	for _, err := range v.Frames(context.Background(), video.All()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	gone(t, dir)
	for tries := 0; runtime.NumGoroutine() > before; tries++ {
		if tries == 100 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestStall(t *testing.T) {
	const limit = 300 * time.Millisecond
	for part, c := range map[string][3]string{
		"packets":          {"hang", fakePicture, fakeFrames},
		"after packets":    {fakePackets + "; hang", fakePicture, fakeFrames},
		"picture":          {fakePackets, "hang", fakeFrames},
		"frames":           {fakePackets, fakePicture, "hang"},
		"within a frame":   {fakePackets, fakePicture, "frame 0; head -c 20 /dev/zero; hang"},
		"after all frames": {fakePackets, fakePicture, fakeFrames + "; hang"},
	} {
		t.Run(part, func(t *testing.T) {
			dir, path, ffmpeg := fake(t, c[0], c[1], c[2])
			v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg, Stall: limit})
			if err == nil {
				_, err = collect(v, video.All())
			}
			if !errors.Is(err, video.ErrStalled) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want one line that is ErrStalled", err)
			}
			gone(t, dir)
		})
	}
	t.Run("not while the caller works", func(t *testing.T) {
		_, path, ffmpeg := fake(t, fakePackets, fakePicture, fakeFrames)
		clock := video.NewClock(t)
		v := open(t, ffmpeg, path)
		frames := 0
		for _, err := range v.Frames(context.Background(), video.All()) {
			if err != nil {
				t.Error(err)
			}
			frames++
			clock.Pass(time.Hour)
		}
		if frames != 3 {
			t.Errorf("%d frames; want 3", frames)
		}
	})
	t.Run("not while ffmpeg skips frames", func(t *testing.T) {
		dir, path, ffmpeg := fake(t, fakePackets, fakePicture, `for i in 0 1 2; do frame $i; while [ ! -e "$dir/go$i" ]; do sleep 0.01; done; done; head -c 32 /dev/zero`)
		v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg, Stall: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		clock := video.NewClock(t)
		go func() {
			// Before it waits for the first time, ffmpeg was started, a frame awaited, and two lines came.
			for range 3 {
				clock.Fed()
			}
			for i := range 3 {
				clock.Fed()
				clock.Pass(900 * time.Millisecond)
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("go", i)), nil, 0o600); err != nil {
					t.Error(err)
				}
			}
		}()
		if frames, err := collect(v, video.At(2)); err != nil || len(frames) != 1 || frames[0].Index != 2 {
			t.Errorf("%d frames, %v; want frame 2", len(frames), err)
		}
	})
	t.Run("after the time that was asked for", func(t *testing.T) {
		dir, path, ffmpeg := fake(t, fakePackets, fakePicture, "hang")
		v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg, Stall: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		clock := video.NewClock(t)
		go func() {
			for range 3 {
				clock.Fed()
			}
			clock.Pass(time.Second)
		}()
		if _, err = collect(v, video.All()); !errors.Is(err, video.ErrStalled) {
			t.Errorf("%v; want ErrStalled", err)
		}
		gone(t, dir)
	})
}

func TestFFmpegFails(t *testing.T) {
	const complaint = `echo "[h264 @ 0x1] [error] bad $(printf 'thing\033')" >&2; `
	for name, c := range map[string]struct {
		parts [3]string
		is    error // nil: none of the kinds
		want  string
	}{
		"at the packets":        {[3]string{complaint + "exit 1", fakePicture, fakeFrames}, video.ErrNotVideo, "(bad thing)"},
		"killed at the packets": {[3]string{fakePackets + "; kill -9 $$", fakePicture, fakeFrames}, nil, "killed"},
		"packets that are none": {[3]string{`echo "0, 1, x, 2, 3, 4"`, fakePicture, fakeFrames}, nil, "packet"},
		"no time base":          {[3]string{`echo "0, 1, 1, 2, 3, 4"`, fakePicture, fakeFrames}, nil, "time base"},
		"endless packets":       {[3]string{`yes "# nothing" | head -c 2000000; echo x; yes`, fakePicture, fakeFrames}, nil, "packet"},
		"no packets":            {[3]string{`echo "#tb 0: 1/25"`, fakePicture, fakeFrames}, video.ErrNoFrames, "without frames"},
		"at the picture":        {[3]string{fakePackets, complaint + "exit 1", fakeFrames}, video.ErrDamaged, "(bad thing)"},
		"at once":               {[3]string{fakePackets, fakePicture, complaint + "exit 1"}, video.ErrDamaged, "0 of 3 frames (bad thing)"},
		"after a frame":         {[3]string{fakePackets, fakePicture, "frame 0; head -c 32 /dev/zero; " + complaint + "exit 1"}, video.ErrDamaged, "1 of 3 frames (bad thing)"},
		"within a frame":        {[3]string{fakePackets, fakePicture, "frame 0; head -c 20 /dev/zero; exit 1"}, video.ErrDamaged, "0 of 3 frames (video"},
		"killed at the frames":  {[3]string{fakePackets, fakePicture, "frame 0; head -c 32 /dev/zero; kill -9 $$"}, nil, "killed"},
		"frames unannounced":    {[3]string{fakePackets, fakePicture, "head -c 96 /dev/zero"}, video.ErrDamaged, "0 of 3 frames"},
		"much to say":           {[3]string{fakePackets, fakePicture, `head -c 3000000 /dev/zero | tr '\0' a >&2; echo >&2; ` + complaint + "exit 1"}, video.ErrDamaged, "0 of 3 frames (bad thing)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path, ffmpeg := fake(t, c.parts[0], c.parts[1], c.parts[2])
			v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg})
			if err == nil {
				_, err = collect(v, video.All())
			}
			if err == nil {
				t.Fatal("no error")
			}
			if text := err.Error(); !strings.HasPrefix(text, "video: ") || !strings.Contains(text, c.want) || strings.ContainsAny(text, "\n\033") {
				t.Errorf("%q; want one line with %q", err, c.want)
			}
			for _, kind := range []error{video.ErrNotVideo, video.ErrNoFrames, video.ErrDamaged, video.ErrTooLarge, video.ErrStalled, video.ErrNoFFmpeg} {
				if errors.Is(err, kind) != (kind == c.is) {
					t.Errorf("%q; is it %q? want %v", err, kind, kind == c.is)
				}
			}
			gone(t, dir)
		})
	}
}

// An ffmpeg without the filters says what the video is.
func TestHighDynamicRangeWithoutFilters(t *testing.T) {
	const pq = `; echo "[showinfo@frames @ 0x1] [info] color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:smpte2084" >&2`
	dir, path, ffmpeg := fake(t, fakePackets, fakePicture+pq+`; case "$*" in *zscale*) echo "[fatal] No such filter: 'zscale'" >&2; exit 1;; esac`, fakeFrames)
	v, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg})
	if !errors.Is(err, video.ErrUnshown) || !strings.Contains(err.Error(), "HDR (PQ)") || !strings.Contains(err.Error(), "No such filter: 'zscale'") {
		t.Errorf("%v, %v; want ErrUnshown with what it is and what lacks", v, err)
	}
	gone(t, dir)
}

// A named pipe would wait for a writer for ever.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.mp4")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := video.Open(context.Background(), path, video.Options{FFmpeg: "unused"}); !errors.Is(err, video.ErrNotVideo) {
		t.Errorf("%v; want ErrNotVideo", err)
	}
}

func TestFind(t *testing.T) {
	const old = "ffmpeg version 4.4.2\nlibavutil      56. 70.100 / 56. 70.100\n"
	const new = "ffmpeg version n9\nlibavutil      61.  1.102 / 61.  1.102\n"
	for name, c := range map[string]struct {
		program string // empty: none
		want    string // of the error; empty: found
	}{
		"none":      {"", "none on PATH"},
		"new":       {"echo '" + new + "'", ""},
		"5.1":       {"echo 'libavutil      57. 28.100 / 57. 28.100'", ""},
		"5.0":       {"echo 'libavutil      57. 17.100 / 57. 17.100'", "older than ffmpeg 5.1"},
		"old":       {"echo '" + old + "'", "older than ffmpeg 5.1"},
		"broken":    {"exit 1", "-version fails"},
		"something": {"echo hello", "libavutil"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			t.Setenv("PATH", bin)
			t.Setenv("SEEABLE_CACHE", t.TempDir())
			program := filepath.Join(bin, "ffmpeg")
			if c.program != "" {
				if err := os.WriteFile(program, []byte("#!/bin/sh\n"+c.program+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second answer is remembered
				got, err := video.Find(context.Background())
				if c.want == "" {
					if err != nil || got != program {
						t.Errorf("%q, %v; want %q", got, err, program)
					}
					continue
				}
				if !errors.Is(err, video.ErrNoFFmpeg) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "install ffmpeg") {
					t.Errorf("%v; want ErrNoFFmpeg with %q and what to do", err, c.want)
				}
			}
		})
	}
}

// Without a network and without ffmpeg the error says what to do.
func TestNoFFmpegToBeHad(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nor python3, which brings wheels
	t.Setenv("SEEABLE_CACHE", t.TempDir())
	path := write(t, "a.mp4", []byte("\x00\x00\x00\x18ftypisom"))
	_, err := video.Open(context.Background(), path, video.Options{})
	if !errors.Is(err, video.ErrNoFFmpeg) || !strings.Contains(err.Error(), "install ffmpeg 5.1 or newer") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v; want one line that is ErrNoFFmpeg and says what to do", err)
	}
	_, err = video.Open(context.Background(), path, video.Options{FFmpeg: filepath.Join(t.TempDir(), "none")})
	if !errors.Is(err, video.ErrNoFFmpeg) {
		t.Errorf("%v; want ErrNoFFmpeg", err)
	}
}
