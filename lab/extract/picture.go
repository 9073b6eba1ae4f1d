package extract

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// reader reads the pictures of videos.
type reader struct{ options video.Options }

// pictures gives n pictures spread evenly over the video, in runs of consecutive ones, or all if there are fewer.
func (r reader) pictures(ctx context.Context, v layout.Video, n, run int) iter.Seq2[video.Frame, error] {
	return func(yield func(video.Frame, error) bool) {
		if v.Pixels != layout.VideoFile {
			images(ctx, v, n, run, yield)
			return
		}
		if err := stillInContainer(v.Path); err != nil {
			yield(video.Frame{}, fmt.Errorf("%w: %w", video.ErrNotVideo, err))
			return
		}
		clip, err := video.Open(ctx, v.Path, r.options)
		if err != nil {
			yield(video.Frame{}, err)
			return
		}
		choice := video.Spread(n)
		if run > 1 {
			choice = video.At(spread(clip.Count, n, run)...)
		}
		for frame, err := range clip.Frames(ctx, choice) {
			if !yield(frame, err) {
				return
			}
		}
	}
}

// stillInContainer is the error of a file that is a picture in a container of videos, such as HEIC: of one that consists of
// tiles ffmpeg would give the first.
func stillInContainer(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return nil // which opening the video tells
	}
	defer in.Close()
	head := make([]byte, face.HeadSize)
	n, _ := io.ReadFull(in, head)
	switch face.FormatOf(head[:n]) {
	case face.HEIC, face.AVIF, face.CameraRaw:
		_, err := face.Open(path)
		return err
	}
	return nil
}

// spread are the indices of n of count frames, or of all if there are no more: n/run runs of consecutive frames, each in the
// middle of one of n/run equal parts.
func spread(count, n, run int) []int {
	if count <= n {
		n, run = count, 1
	}
	indices := make([]int, 0, n)
	parts := n / run
	for k := range parts {
		first := (2*k+1)*count/(2*parts) - run/2
		for i := range run {
			indices = append(indices, first+i)
		}
	}
	return indices
}

// images gives n images of a folder of frames, or the one that there is. Those that cannot be read are left out; after the
// others comes an error that counts them.
func images(ctx context.Context, v layout.Video, n, run int, yield func(video.Frame, error) bool) {
	files, err := v.FrameFiles()
	if err != nil {
		yield(video.Frame{}, fmt.Errorf("%w: %w", video.ErrNotVideo, err))
		return
	}
	n = min(n, len(files))
	bad := 0
	var first error
	for _, i := range spread(len(files), n, run) {
		if err := ctx.Err(); err != nil {
			yield(video.Frame{}, context.Cause(ctx))
			return
		}
		img, err := face.Open(files[i])
		if err != nil {
			if bad++; first == nil {
				first = err
			}
			continue
		}
		if !yield(video.Frame{Image: img, Index: i}, nil) {
			return
		}
	}
	if bad > 0 {
		yield(video.Frame{}, fmt.Errorf("extract: %w: %d of %d frames of %q cannot be read, the first: %w", video.ErrDamaged, bad, n, v.Path, first))
	}
}
