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
		return nil, fmt.Errorf("robust: %w", err)
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
		return nil, fmt.Errorf("robust: ffmpeg %s has no encoder %s (%s): want a build with --enable-libx264", path, libx264, has)
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
func (e *Encoder) still(ctx context.Context, img *image.RGBA, crf int) (out *image.RGBA, size int, err error) {
	made, err := e.clips(ctx, [][]*image.RGBA{slices.Repeat([]*image.RGBA{img}, stillFrames)}, []int{crf}, stillFrame)
	if err != nil {
		return nil, 0, err
	}
	return made[0][0].picture, made[0][0].bytes, nil
}

// Clips encodes each of some clips once for each constant rate factor, each time as a video of its own, and returns what is left of
// one of its frames, by clip and rate factor. All pictures have one size. The result depends on the version of x264, and not on
// which clips are encoded at once: that saves starts of ffmpeg.
func (e *Encoder) Clips(ctx context.Context, clips [][]*image.RGBA, crfs []int, frame int) (out [][]*image.RGBA, err error) {
	made, err := e.clips(ctx, clips, crfs, frame)
	if err != nil {
		return nil, fmt.Errorf("robust: %s of %d clips: %w", H264, len(clips), err)
	}
	for _, of := range made {
		var pictures []*image.RGBA
		for _, c := range of {
			pictures = append(pictures, c.picture)
		}
		out = append(out, pictures)
	}
	return out, nil
}

// coded is a frame of a clip that was encoded.
type coded struct {
	picture *image.RGBA
	bytes   int // of the whole clip
}

func (e *Encoder) clips(ctx context.Context, clips [][]*image.RGBA, crfs []int, frame int) (out [][]coded, err error) {
	dir, err := os.MkdirTemp("", "seelab-robust-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	// libx264 refuses odd sides: the last column and row are repeated.
	size := clips[0][0].Rect.Size()
	even := image.Pt(size.X+size.X%2, size.Y+size.Y%2)
	one := 3 * even.X * even.Y
	raw := make([]byte, 0, one*len(clips)*len(clips[0]))
	filter := fmt.Sprintf("[0:v]split=%d", len(clips))
	for i := range clips {
		filter += fmt.Sprintf("[all%d]", i)
	}
	file := func(i, crf int) string { return filepath.Join(dir, fmt.Sprintf("%d-%d.h264", i, crf)) }
	var outputs []string
	read := 0
	for i, clip := range clips {
		for k, img := range clip {
			if img.Rect != (image.Rectangle{Max: size}) {
				return nil, fmt.Errorf("frame %d of clip %d at %v; want %v as the first has", k, i, img.Rect, image.Rectangle{Max: size})
			}
			raw = appendEven(raw, img, even)
		}
		filter += fmt.Sprintf(";[all%d]trim=start_frame=%d:end_frame=%d,setpts=PTS-STARTPTS,split=%d", i, read, read+len(clip), len(crfs))
		read += len(clip)
		for _, crf := range crfs {
			filter += fmt.Sprintf("[clip%dcrf%d]", i, crf)
			outputs = append(outputs, "-map", fmt.Sprintf("[clip%dcrf%d]", i, crf))
			outputs = append(append(outputs, coding(crf)...), "-f", "h264", file(i, crf))
		}
	}
	_, err = run(ctx, e.Path, raw, slices.Concat(quiet, []string{
		"-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", fmt.Sprintf("%dx%d", even.X, even.Y), "-framerate", "25", "-i", "pipe:0", "-an",
		"-filter_complex", filter,
	}, outputs)...)
	if err != nil {
		return nil, err
	}
	var streams []byte // one after the other, each of which begins anew
	for i := range clips {
		out = append(out, make([]coded, len(crfs)))
		for j, crf := range crfs {
			text, err := os.ReadFile(file(i, crf))
			if err != nil {
				return nil, err
			}
			streams, out[i][j].bytes = append(streams, text...), len(text)
		}
	}
	pixels, err := run(ctx, e.Path, streams, "-hide_banner", "-loglevel", "error", "-threads", "1", "-f", "h264", "-i", "pipe:0", "-an", "-fps_mode", "passthrough",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1")
	if err != nil {
		return nil, err
	}
	if want := len(crfs) * len(raw); len(pixels) != want {
		return nil, fmt.Errorf("%s gave %d bytes of pictures back; want %d", e.Path, len(pixels), want)
	}
	for i, clip := range clips {
		for j := range crfs {
			out[i][j].picture = fromEven(pixels[frame*one:], size, even)
			pixels = pixels[len(clip)*one:]
		}
	}
	return out, nil
}

// appendEven appends a picture as RGB, to even sides.
func appendEven(raw []byte, img *image.RGBA, even image.Point) []byte {
	for y := range even.Y {
		for x := range even.X {
			p := img.Pix[min(y, img.Rect.Dy()-1)*img.Stride+4*min(x, img.Rect.Dx()-1):]
			raw = append(raw, p[0], p[1], p[2])
		}
	}
	return raw
}

// fromEven is the reverse of appendEven.
func fromEven(raw []byte, size, even image.Point) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			from, to := raw[3*(y*even.X+x):], out.Pix[y*out.Stride+4*x:]
			to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 255
		}
	}
	return out
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
