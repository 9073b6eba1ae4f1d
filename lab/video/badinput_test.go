package video_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/video"
)

func TestNotAVideo(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	dir := t.TempDir()
	clip := encode(t, ffmpeg, "clip.mp4", width, height, 0, 25, lossy...)
	sound := filepath.Join(dir, "sound.m4a")
	run(t, ffmpeg, nil, "-f", "lavfi", "-i", "sine=d=1", sound)
	covered := filepath.Join(dir, "covered.m4a")
	run(t, ffmpeg, nil, "-f", "lavfi", "-i", "sine=d=1", "-f", "lavfi", "-i", "color=s=64x64:r=25:d=0.04", "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", covered)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.mp4")
	if err := os.Symlink(filepath.Join(dir, "gone.mp4"), link); err != nil {
		t.Log(err)
	}
	for _, c := range []struct {
		name, path string
		is         error
		want       string
	}{
		{"missing", filepath.Join(dir, "none.mp4"), fs.ErrNotExist, "none.mp4"},
		{"broken link", link, fs.ErrNotExist, "link.mp4"},
		{"folder", dir, video.ErrNotVideo, "is a folder"},
		{"empty", write(t, "empty.mp4", nil), video.ErrNotVideo, "is empty"},
		{"one byte", write(t, "one.mp4", []byte{0}), video.ErrNotVideo, "one.mp4"},
		{"text", write(t, "text.mp4", []byte("no video\n")), video.ErrNotVideo, `begins with "no video"`},
		{"web page", write(t, "page.mp4", []byte("\n <!DOCTYPE html><html><body>Not found</body></html>")), video.ErrNotVideo, "it is a web page"},
		{"UTF-16", write(t, "wide.mp4", []byte("\xff\xfeh\x00i\x00")), video.ErrNotVideo, `begins with "hi"`},
		{"text as frames", write(t, "text.h264", []byte("no video\n")), video.ErrNotVideo, "begins with"},
		{"zeros", write(t, "zeros.mkv", make([]byte, 4096)), video.ErrNotVideo, "begins with zeros"},
		{"archive", write(t, "zip.avi", []byte("PK\x03\x04 and more")), video.ErrNotVideo, "ZIP archive"},
		{"noise", write(t, "noise.mp4", bytes.Repeat([]byte{0xa7, 3, 0x91, 0xfe, 0x55}, 5000)), video.ErrNotVideo, "noise.mp4"},
		{"no index", truncate(t, clip, 0.5), video.ErrNotVideo, "no index (moov)"},
		{"sound", sound, video.ErrNoFrames, "no video stream"},
		{"sound with a cover", covered, video.ErrNoFrames, "no video stream"},
		{"image", write(t, "image.png", picture.Bytes()), video.ErrNotVideo, "no video"},
		{"image pattern", write(t, "%03d.png", picture.Bytes()), video.ErrNotVideo, "no video"},
		// These name another file, which must not be read.
		{"playlist", write(t, "list.m3u8", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://"+clip+"\n#EXT-X-ENDLIST\n")), video.ErrNotVideo, ""},
		{"playlist in disguise", write(t, "list.mp4", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://"+clip+"\n#EXT-X-ENDLIST\n")), video.ErrNotVideo, ""},
		{"list of files", write(t, "list.ffconcat", []byte("ffconcat version 1.0\nfile "+clip+"\n")), video.ErrNotVideo, ""},
	} {
		v, err := video.Open(context.Background(), c.path, video.Options{FFmpeg: ffmpeg})
		if err == nil {
			t.Errorf("%s: opened %v", c.name, v)
			continue
		}
		if text := err.Error(); !errors.Is(err, c.is) || !strings.HasPrefix(text, "video: ") || !strings.Contains(text, c.want) || strings.ContainsAny(text, "\n\r") {
			t.Errorf("%s: %v; want one line that is %q, with %q", c.name, err, c.is, c.want)
		}
	}
}

// ffmpeg gives a meaning to all of these names.
func TestNames(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	clip, err := os.ReadFile(encode(t, ffmpeg, "clip.mkv", width, height, 0, 3, lossless...))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"-i", "-y.mkv", "a\nb.mkv", "%03d.mkv", "%d", "pipe:0", "http:example", "concat:a|b", "file:a.mkv", "subfile,,start,1,end,2,,:a",
		"data:video;base64,AA", "crypto:a", "*.mkv", "[a].mkv", "a b'\"$(c);d.mkv", "été 視.mkv", "fd:", ":", "a\\n.mkv", "\x01\x1b[31m.mkv",
	} {
		if err := os.WriteFile(name, clip, 0o600); err != nil {
			t.Logf("the file system has no name %q: %v", name, err)
			continue
		}
		v, err := video.Open(context.Background(), name, video.Options{FFmpeg: ffmpeg})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		frames, err := collect(v, video.Spread(2))
		if is := indices(t, frames); err != nil || len(is) != 2 || v.Rotation != 0 {
			t.Errorf("%q: frames %v, %v", name, is, err)
		}
		if err := os.WriteFile(name, []byte("no"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := video.Open(context.Background(), name, video.Options{FFmpeg: ffmpeg}); !errors.Is(err, video.ErrNotVideo) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q with bad content: %v; want one line that is ErrNotVideo", name, err)
		}
	}
}

// A truncated file gives its frames up to the tear and then says so.
func TestTruncated(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	const n = 50
	for name, args := range map[string][]string{
		"faststart.mp4":  append([]string{"-movflags", "faststart"}, lossy...),
		"fragmented.mp4": append([]string{"-movflags", "frag_keyframe+empty_moov"}, lossy...),
		"a.mkv":          lossless,
		"a.avi":          lossy,
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, ffmpeg, truncate(t, encode(t, ffmpeg, name, width, height, 0, n, args...), 0.8))
			if v.Damage == "" || strings.Contains(v.Damage, "\n") {
				t.Errorf("damage %q, want one line", v.Damage)
			}
			if v.Count < 8 || v.Count > n*9/10 {
				t.Errorf("%d frames counted of %d", v.Count, n)
			}
			if want := float64(v.Count) / 25; v.Duration.Seconds() < want-0.1 || v.Duration.Seconds() > want+0.1 {
				t.Errorf("%v, want what is left: %v s", v.Duration, want)
			}
			frames, err := collect(v, video.All())
			if !errors.Is(err, video.ErrDamaged) || strings.Contains(err.Error(), "\n") {
				t.Errorf("after %d frames: %v; want one line that is ErrDamaged", len(frames), err)
			}
			if len(frames) != v.Count {
				t.Errorf("%d frames, want all of the %d before the tear", len(frames), v.Count)
			}
			some, err := collect(v, video.Spread(8))
			if !errors.Is(err, video.ErrDamaged) || len(some) != 8 {
				t.Errorf("spread: %d frames, %v; want 8 of what is left and ErrDamaged", len(some), err)
			}
			for _, f := range append(frames, some...) {
				// At the tear the frame before the last one shown may be missing, as it is stored after it.
				if n := number(f.Image); n != f.Index && (f.Index != v.Count-1 || n > f.Index+2) {
					t.Errorf("frame %d shows frame %d", f.Index, n)
				}
			}
		})
	}
}

// Damage in the middle costs at most the frames that depend on it, and is told.
func TestDamaged(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	path := encode(t, ffmpeg, "a.mp4", width, height, 0, 50, lossy...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, index := bytes.Index(b, []byte("mdat")), bytes.Index(b, []byte("moov"))
	clear(b[data+(index-data)/3:][:(index-data)/20])
	v := open(t, ffmpeg, write(t, "damaged.mp4", b))
	frames, err := collect(v, video.All())
	if len(frames) < 10 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	if err != nil && !errors.Is(err, video.ErrDamaged) {
		t.Error(err)
	}
	if err == nil && len(frames) != v.Count {
		t.Errorf("%d of %d frames and no error", len(frames), v.Count)
	}
	for i, f := range frames {
		if f.Index != i {
			t.Errorf("frame %d has index %d", i, f.Index)
		}
	}
}

func TestTooLarge(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	for name, args := range map[string][]string{
		"a.mkv": lossless,
		"a.mp4": lossy,
		"b.mkv": {"-c:v", "png"},
		"a.avi": {"-c:v", "rawvideo", "-pix_fmt", "bgr24"},
	} {
		path := encode(t, ffmpeg, name, width, height, 0, 3, args...)
		_, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg, MaxPixels: width*height - 1})
		if !errors.Is(err, video.ErrTooLarge) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line that is ErrTooLarge", name, err)
		}
		if _, err := video.Open(context.Background(), path, video.Options{FFmpeg: ffmpeg, MaxPixels: width * height}); err != nil {
			t.Errorf("%s of just the size that is allowed: %v", name, err)
		}
	}
}

// A few bytes can claim 65,000 × 65,000 pixels; they must be refused at once.
func TestPictureBomb(t *testing.T) {
	ffmpeg := needFFmpeg(t)
	b, err := os.ReadFile(encode(t, ffmpeg, "a.mkv", width, height, 0, 1, "-c:v", "png"))
	if err != nil {
		t.Fatal(err)
	}
	header := bytes.Index(b, []byte("IHDR"))
	if header < 0 {
		t.Fatal("no PNG in the clip")
	}
	copy(b[header+4:], []byte{0, 0, 0xfd, 0, 0, 0, 0xfd, 0})
	began := time.Now()
	_, err = video.Open(context.Background(), write(t, "bomb.mkv", b), video.Options{FFmpeg: ffmpeg})
	if !errors.Is(err, video.ErrTooLarge) {
		t.Errorf("%v after %v; want ErrTooLarge", err, time.Since(began))
	}
}
