package extract

import (
	"context"
	"fmt"
	"iter"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// reader reads the pictures of videos.
type reader struct{ options video.Options }

// pictures gives n pictures spread evenly over the video, or all if there are fewer.
func (r reader) pictures(ctx context.Context, v datasets.Video, n int) iter.Seq2[video.Frame, error] {
	return func(yield func(video.Frame, error) bool) {
		if v.Pixels != datasets.VideoFile {
			images(ctx, v, n, yield)
			return
		}
		clip, err := video.Open(ctx, v.Path, r.options)
		if err != nil {
			yield(video.Frame{}, err)
			return
		}
		for frame, err := range clip.Frames(ctx, video.Spread(n)) {
			if !yield(frame, err) {
				return
			}
		}
	}
}

// images gives n images of a folder of frames, or the one that there is. Those that cannot be read are left out; after the
// others comes an error that counts them.
func images(ctx context.Context, v datasets.Video, n int, yield func(video.Frame, error) bool) {
	files, err := v.FrameFiles()
	if err != nil {
		yield(video.Frame{}, fmt.Errorf("%w: %w", video.ErrNotVideo, err))
		return
	}
	n = min(n, len(files))
	bad := 0
	var first error
	for k := range n {
		if err := ctx.Err(); err != nil {
			yield(video.Frame{}, context.Cause(ctx))
			return
		}
		i := (2*k + 1) * len(files) / (2 * n)
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
