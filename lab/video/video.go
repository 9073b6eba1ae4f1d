// Package video reads the frames of video files through ffmpeg.
//
// An ffmpeg process decodes and pipes raw pictures, so memory does not grow with the length of a video and nothing is
// written to disk. [Open] reads what a file holds and how many frames there are; [Video.Frames] decodes all frames, some
// spread evenly over the time, the key frames, or those at given indices. The ffmpeg is the system's, else a pinned one
// (see [Options]); ffprobe is not needed.
//
// A frame's index counts decoded frames from 0, as OpenCV and the field's datasets do, and is exact: nothing is sought by
// time. A chosen frame costs the decoding of all before it. Measured, in seconds of processor time for 32 frames spread over
// a clip: one decode 0.5 (Celeb-DF v2), 0.7 (FaceForensics++ c40, 720p), 1.8 (DFDC, 1080p), 32 seeks 4.5, 8 and 23, as such
// clips have one key frame in 250; and frames sought in FaceForensics++ come out broken, as the decoder needs to know the
// version of the encoder, which only the first packet holds. Of 10 minutes of 720p one decode takes 23, 32 seeks 7.
//
// A file is named to ffmpeg as a file and must be in a format that holds its own pictures, so neither its name nor its
// content can make ffmpeg read anything else: no options, protocols, image patterns or playlists.
package video

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"
)

// The kinds of failure. Errors of this package wrap one of them where it applies; a missing file is [fs.ErrNotExist]
// and a cancelled context its own cause.
var (
	// ErrNoFFmpeg: there is no ffmpeg that is new enough, and none could be fetched.
	ErrNoFFmpeg = errors.New("no ffmpeg")
	// ErrNotVideo: the file is not in a video format that ffmpeg can read, or its index is lost.
	ErrNotVideo = errors.New("not a readable video")
	// ErrNoFrames: the file has no video stream with pictures, only sound for example.
	ErrNoFrames = errors.New("no video frames")
	// ErrTooLarge: the pictures have more pixels than [Options.MaxPixels], or there are too many of them.
	ErrTooLarge = errors.New("too large")
	// ErrDamaged: the file is truncated or damaged. Frames that came before this error are good.
	ErrDamaged = errors.New("damaged")
	// ErrStalled: ffmpeg gave no sign of life for [Options.Stall] and was killed.
	ErrStalled = errors.New("ffmpeg stalled")
	// ErrUnshown: the frames are not stored as they are to be shown, and this ffmpeg lacks what shows them so.
	ErrUnshown = errors.New("cannot be shown")
)

// The defaults of [Options].
const (
	maxPixels = 16 << 20    // more than a frame of 5K video; 64 MiB as RGBA
	stall     = time.Minute // a decoder that lives says something many times a second
	threads   = 4           // each thread holds a few frames
	maxFrames = 8 << 20     // 77 hours at 30 frames a second
)

// Options are about the surroundings of decoding; none changes a frame. The zero value is ready to use.
type Options struct {
	FFmpeg    string        // the program; empty means that of [Find], else a pinned one that is brought into the toolbox's cache
	Threads   int           // threads that decode one video; 0 means 4, or fewer if there are fewer cores
	MaxPixels int           // refuse larger pictures before they are decoded; 0 means 16 Mi
	Stall     time.Duration // kill an ffmpeg that is silent for so long while a frame is awaited; 0 means a minute
	Progress  io.Writer     // gets a line when ffmpeg has to be downloaded; may be nil
}

// Video is a file with at least one frame. Its methods may be called by several goroutines.
type Video struct {
	Path          string
	Width, Height int           // pixels of a frame as it is shown, square ones, after rotation
	Rotation      int           // degrees clockwise, 0 … 359, by which frames are turned from how they are stored
	Count         int           // frames in the file; a decoder may give fewer if it is damaged
	Duration      time.Duration // from the first frame to the end of the last, measured, not declared
	FPS           float64       // frames per second, on average; 0 if the file has no times
	Damage        string        // what shows that the file is truncated or damaged; empty if nothing does
	HDR           string        // "PQ" or "HLG": a high dynamic range, which is mapped to that of a usual screen; else empty
	Interlaced    bool          // frames are stored as two fields, which are put together

	options Options
	stream  string // ffmpeg's specifier of the stream that is decoded
	scan    scan
	look    look
}

// Open reads what the file at path holds. It reads the whole file once, without decoding more than a frame; 10 minutes of
// 720p take well under a second.
func Open(ctx context.Context, path string, options Options) (*Video, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		if at := (*fs.PathError)(nil); errors.As(err, &at) {
			err = at.Err // the path once, quoted
		}
		return nil, fmt.Errorf("video: %q: %w", path, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("video: %w: %q is a %s; want a video file", ErrNotVideo, path, kind(info))
	case info.Size() == 0:
		return nil, fmt.Errorf("video: %w: %q is empty, 0 bytes", ErrNotVideo, path)
	}
	if options.FFmpeg == "" {
		if options.FFmpeg, err = fetch(ctx, options.Progress); err != nil {
			return nil, err
		}
	}
	v := &Video{Path: path, options: options.filled()}
	if err := v.chooseStream(ctx); err != nil {
		return nil, err
	}
	if err := v.readPicture(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

func kind(info os.FileInfo) string {
	if info.IsDir() {
		return "folder"
	}
	return "special file"
}

// input are the arguments up to and including the input file.
func (v *Video) input(more ...string) []string {
	args := []string{
		"-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+info",
		"-filter_threads", fmt.Sprint(v.options.Threads),
		"-threads", fmt.Sprint(v.options.Threads),
		"-protocol_whitelist", "file,pipe", "-format_whitelist", formats,
		"-max_pixels", fmt.Sprint(2*v.options.MaxPixels + 1<<20), // ffmpeg counts borders; the size itself is checked once it is known
		"-fflags", "+discardcorrupt", // packets of which a part is missing
		"-copyts", // for the file's own times
	}
	args = append(args, more...)
	return append(args, "-i", "file:"+v.Path, "-map", v.stream)
}

// formats are the containers and streams that may be read, by the names of ffmpeg's demuxers. All hold their own pictures;
// playlists (hls, dash, concat) and image patterns, which name other files, are not among them.
const formats = "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,av1,obu,ivf,vc1,flv,asf,ogg,mxf,nut,dv,rm,gif,apng,webp_anim,yuv4mpegpipe,mjpeg"

// readPackets lists the stream's packets, without decoding. It returns the index of the stream and the video streams of the
// file, even with an error, as far as they are known.
func (v *Video) readPackets(ctx context.Context) (mapped string, streams []stream, err error) {
	p, err := v.start(ctx, v.input(), []string{"-c", "copy", "-f", "framecrc", "pipe:1"}, nil)
	if err != nil {
		return "", nil, err
	}
	s, scanErr := readScan(p)
	if scanErr != nil {
		if err := p.stop(); err != nil {
			return "", nil, err
		}
		return "", nil, fmt.Errorf("video: %q: %w", v.Path, scanErr)
	}
	err = p.end()
	v.scan = s
	return p.log.mapped, p.log.streams, v.judge(p, err)
}

// judge says what is wrong with a stream whose packets were listed by p, which ended with err, and fills in what is right.
func (v *Video) judge(p *process, err error) error {
	s := &v.scan
	switch log := &p.log; {
	case log.huge != "" && (err != nil || s.width*s.height == 0):
		return v.tooLarge(log.huge)
	case log.noStream:
		return fmt.Errorf("video: %w: %q has no video stream; want a video, not sound alone", ErrNoFrames, v.Path)
	case log.foreign:
		return v.notVideo("is an image, a playlist or something else that is no video", "")
	case err != nil && !p.failed():
		return err
	case err != nil && len(s.times) == 0:
		return v.notVideo("cannot be read", log.tail())
	case len(s.times) == 0 && beginning(v.Path) != "":
		return v.notVideo("", "")
	case len(s.times) == 0:
		return fmt.Errorf("video: %w: %q has a video stream without frames%s", ErrNoFrames, v.Path, because(log.tail()))
	case s.width*s.height > v.options.MaxPixels:
		return v.tooLarge(fmt.Sprintf("%dx%d", s.width, s.height))
	case err != nil:
		v.Damage = clean(err.Error())
	case log.torn != "":
		v.Damage = log.torn
	}
	v.Count = len(s.times)
	v.Duration, v.FPS = s.duration(), s.fps()
	return nil
}

// notVideo is the error for a file that is no video: how it begins tells more than what ffmpeg makes of it.
func (v *Video) notVideo(what, reason string) error {
	if is := beginning(v.Path); is != "" {
		return fmt.Errorf("video: %w: %q %s", ErrNotVideo, v.Path, is)
	}
	if strings.Contains(reason, "moov atom not found") {
		what, reason = "has no index (moov), as a recording or download that was cut off", ""
	}
	return fmt.Errorf("video: %w: %q %s%s; want a file like MP4, Matroska or AVI", ErrNotVideo, v.Path, what, because(reason))
}

// tooLarge is the error for pictures of a size.
func (v *Video) tooLarge(size string) error {
	return fmt.Errorf("video: %w: %q has pictures of %s pixels; want at most %d pixels: scale it down", ErrTooLarge, v.Path, size, v.options.MaxPixels)
}

// because puts a reason in brackets, if there is one.
func because(reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// String names the video with what it holds, in one line.
func (v *Video) String() string {
	return fmt.Sprintf("%q: %d×%d, %d frames, %.3f s, %.4g frames/s", v.Path, v.Width, v.Height, v.Count, v.Duration.Seconds(), v.FPS)
}

// filled puts the defaults in.
func (o Options) filled() Options {
	if o.Threads <= 0 {
		o.Threads = min(threads, runtime.GOMAXPROCS(0))
	}
	if o.MaxPixels <= 0 {
		o.MaxPixels = maxPixels
	}
	if o.Stall <= 0 {
		o.Stall = stall
	}
	return o
}
