package video

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Find returns the path of an ffmpeg that is on this machine and new enough, 5.1 or later: the one on PATH, else the one
// that [Open] brought before. Otherwise the error is [ErrNoFFmpeg]. It reads no network.
func Find(ctx context.Context) (string, error) {
	path, reason := onPath(ctx)
	if reason == nil {
		return path, nil
	}
	if a, err := toolbox.Pick(toolbox.FFmpeg); err == nil {
		if cache, err := toolbox.OpenCache(); err == nil {
			if path, ok := cache.Find(a); ok {
				return path, nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("video: looking for ffmpeg: %w", context.Cause(ctx))
	}
	return "", fmt.Errorf("video: %w: %v; %s", ErrNoFFmpeg, reason, wayOut)
}

// wayOut is what to do without ffmpeg.
const wayOut = "install ffmpeg 5.1 or newer (Debian: apt install ffmpeg; macOS: brew install ffmpeg)"

// fetch is [Find], but if there is none it brings a static one, pinned by its digest, into the cache of package toolbox, once.
// progress, which may be nil, gets a line before a download.
func fetch(ctx context.Context, progress io.Writer) (string, error) {
	path, err := Find(ctx)
	if err == nil || !errors.Is(err, ErrNoFFmpeg) {
		return path, err
	}
	_, reason := onPath(ctx)
	a, err := toolbox.Pick(toolbox.FFmpeg)
	if err != nil {
		return "", fmt.Errorf("video: %w: %v; %w; %s", ErrNoFFmpeg, reason, err, wayOut)
	}
	cache, err := toolbox.OpenCache()
	if err == nil {
		path, err = cache.Fetch(ctx, a, progress)
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("video: %w", err)
	}
	if err != nil {
		return "", fmt.Errorf("video: %w: %v; %w; or %s", ErrNoFFmpeg, reason, err, wayOut)
	}
	return path, nil
}

// onPath returns the ffmpeg on PATH or why it will not do.
func onPath(ctx context.Context) (string, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "", errors.New("there is none on PATH")
	}
	if known, ok := checked.Load(path); ok {
		reason, _ := known.(error)
		return path, reason
	}
	reason := check(ctx, path)
	if ctx.Err() == nil {
		if reason == nil {
			checked.Store(path, true)
		} else {
			checked.Store(path, reason)
		}
	}
	return path, reason
}

// checked holds what check said of a path: an error, or true.
var checked sync.Map

// ffmpeg 5.1, the first with -fps_mode, has libavutil 57.28. Programs name their own version in many ways.
const (
	libavutilMajor = 57
	libavutilMinor = 28
)

var libavutil = regexp.MustCompile(`(?m)^libavutil +(\d+)\. *(\d+)\.`)

// check says why the program will not do.
func check(ctx context.Context, program string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-version")
	ownGroup(cmd)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s -version fails: %v", program, err)
	}
	version := libavutil.FindSubmatch(out)
	if version == nil {
		return fmt.Errorf("%s does not name its version of libavutil", program)
	}
	major, _ := strconv.Atoi(string(version[1]))
	minor, _ := strconv.Atoi(string(version[2]))
	if major < libavutilMajor || major == libavutilMajor && minor < libavutilMinor {
		return fmt.Errorf("%s is older than ffmpeg 5.1 (its libavutil is %d.%d, want %d.%d)", program, major, minor, libavutilMajor, libavutilMinor)
	}
	return nil
}
