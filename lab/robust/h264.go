package robust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/video"
)

// Encoder is an ffmpeg that has libx264.
type Encoder struct {
	Path    string
	Version string // first line of what it says of itself
}

const libx264 = "libx264"

// OpenEncoder looks for the ffmpeg that reads videos, and asks whether it has libx264. It is an error if it has not: other encoders do
// other damage.
func OpenEncoder(ctx context.Context) (*Encoder, error) {
	path, err := video.Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("robust: %w; or leave out %s", err, H264)
	}
	return openEncoder(ctx, path)
}

func openEncoder(ctx context.Context, path string) (*Encoder, error) {
	list, err := run(ctx, path, nil, "-hide_banner", "-encoders")
	if err != nil {
		return nil, fmt.Errorf("robust: %w", err)
	}
	var others []string
	found := false
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		found = found || fields[1] == libx264
		if strings.Contains(fields[1], "264") {
			others = append(others, fields[1])
		}
	}
	if !found {
		has := "it has none of H.264"
		if len(others) > 0 {
			has = "it has " + strings.Join(others, ", ")
		}
		return nil, fmt.Errorf("robust: ffmpeg %s has no encoder %s (%s): want a build with --enable-libx264, or leave out %s", path, libx264, has, H264)
	}
	about, err := run(ctx, path, nil, "-version")
	if err != nil {
		return nil, fmt.Errorf("robust: %w", err)
	}
	version, _, _ := strings.Cut(string(about), "\n")
	return &Encoder{path, strings.TrimSpace(version)}, nil
}

// A still is encoded as so many equal pictures, of which one is read back: its damage is that of coding within a picture.
const stillFrames, stillFrame = 9, 4

// quiet makes ffmpeg say what is wrong alone.
var quiet = []string{"-hide_banner", "-loglevel", "error", "-y"}

// coding are the arguments of an encoding. One thread: more would make other pictures.
func coding(crf int) []string {
	return []string{"-c:v", libx264, "-preset", "medium", "-crf", strconv.Itoa(crf), "-pix_fmt", "yuv420p", "-threads", "1"}
}

// Video encodes the pictures of a video file into a new one, which ends in .mkv, frame by frame. It is an error if that has another
// number of frames, or frames of another size, than the first has.
func (e *Encoder) Video(ctx context.Context, from, to string, crf int) error {
	options := video.Options{FFmpeg: e.Path}
	was, err := video.Open(ctx, from, options)
	if err != nil {
		return err
	}
	_, err = run(ctx, e.Path, nil, slices.Concat(
		quiet, []string{"-i", "file:" + from, "-map", "0:V:0", "-an", "-sn"}, coding(crf), []string{"-fps_mode", "passthrough", "-f", "matroska", "file:" + to})...)
	if err != nil {
		return fmt.Errorf("robust: %s of %s: %w", H264, from, err)
	}
	is, err := video.Open(ctx, to, options)
	if err != nil {
		return err
	}
	if is.Count != was.Count || is.Width != was.Width || is.Height != was.Height {
		return fmt.Errorf("robust: %s of %s has %d frames of %d × %d, want %d of %d × %d as before",
			H264, from, is.Count, is.Width, is.Height, was.Count, was.Width, was.Height)
	}
	return nil
}

// Still returns a picture after H.264 of a constant rate factor. The result depends on the version of x264.
func (e *Encoder) Still(ctx context.Context, img *image.RGBA, crf int) (*image.RGBA, error) {
	out, _, err := e.still(ctx, img, crf)
	return out, err
}

// still also returns the bytes of the file.
func (e *Encoder) still(ctx context.Context, img *image.RGBA, crf int) (out *image.RGBA, size int64, err error) {
	dir, err := os.MkdirTemp("", "seelab-robust-")
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "still.mkv")

	// libx264 refuses odd sides: the last column and row are repeated.
	width, height := img.Rect.Dx(), img.Rect.Dy()
	even := image.Pt(width+width%2, height+height%2)
	one := make([]byte, 0, 3*even.X*even.Y)
	for y := range even.Y {
		for x := range even.X {
			p := img.Pix[min(y, height-1)*img.Stride+4*min(x, width-1):]
			one = append(one, p[0], p[1], p[2])
		}
	}
	_, err = run(ctx, e.Path, bytes.Repeat(one, stillFrames), slices.Concat(
		quiet, []string{
			"-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", fmt.Sprintf("%dx%d", even.X, even.Y), "-framerate", "25", "-i", "pipe:0", "-an",
		}, coding(crf), []string{"-f", "matroska", file})...)
	if err != nil {
		return nil, 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, 0, err
	}
	pixels, err := run(ctx, e.Path, nil, "-hide_banner", "-loglevel", "error", "-threads", "1", "-i", file, "-an", "-fps_mode", "passthrough",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1")
	if err != nil {
		return nil, 0, err
	}
	if len(pixels) != stillFrames*len(one) {
		return nil, 0, fmt.Errorf("%s gave %d bytes of %d pictures back; want %d", e.Path, len(pixels), stillFrames, stillFrames*len(one))
	}
	pixels = pixels[stillFrame*len(one):]
	out = image.NewRGBA(img.Rect)
	for y := range height {
		for x := range width {
			from, to := pixels[3*(y*even.X+x):], out.Pix[y*out.Stride+4*x:]
			to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 255
		}
	}
	return out, info.Size(), nil
}

// run runs ffmpeg and returns its output.
func run(ctx context.Context, path string, input []byte, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, path, arguments...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &complaints
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		last := strings.TrimSpace(complaints.String())
		if i := strings.LastIndexByte(last, '\n'); i >= 0 {
			last = last[i+1:]
		}
		return nil, fmt.Errorf("%s: %w: %s", path, err, last)
	}
	return out.Bytes(), nil
}
