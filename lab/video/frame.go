package video

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// Frame is one picture of a video.
type Frame struct {
	Image *image.RGBA   // opaque 8-bit RGB, upright, bounds at (0, 0), the video's size; it is the receiver's
	Index int           // of all frames that the decoder gives, from 0
	Time  time.Duration // since the first frame; of a file without times, Index at the average rate
}

// Frames decodes the frames of a choice and gives them in order. An error ends the iteration and comes without a frame;
// one that is [ErrDamaged] comes after all frames that could be had. Leaving the loop or cancelling ctx kills ffmpeg.
//
// Pixels are converted by ffmpeg's standard converter, with the file's own colour matrix and range (BT.601 and limited where
// it names none), and are the same with every version of ffmpeg. If a stream changes its picture size, all frames are scaled
// to the first one's. Frames are as a player shows them: pixels that are not square are made so, the fields of interlaced
// frames are put together, PQ and HLG are mapped to the light of a usual screen. Transparency is dropped.
func (v *Video) Frames(ctx context.Context, choice Choice) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		if err := v.frames(ctx, choice, yield); err != nil && !errors.Is(err, errStopped) {
			yield(Frame{}, err)
		}
	}
}

// frames is Frames but returns its error, which is errStopped if yield wants no more.
func (v *Video) frames(ctx context.Context, choice Choice, yield func(Frame, error) bool) error {
	plan, err := v.plan(choice)
	if err != nil {
		return err
	}
	r := reader{video: v, yield: yield, last: -1}
	complaint, err := r.read(ctx, &plan)
	if errors.Is(err, errUncounted) {
		complaint, err = r.read(ctx, plan.otherwise)
	}
	switch wanted := len(plan.wants); {
	case err != nil:
		return err
	case wanted > 0 && r.given < wanted:
		return fmt.Errorf("video: %w: %q gave %d of %d frames asked for%s", ErrDamaged, v.Path, r.given, wanted, because(complaint))
	case v.Damage != "":
		return fmt.Errorf("video: %w: %q (%s); the %d frames given are good", ErrDamaged, v.Path, v.Damage, r.given)
	// Without a complaint a few frames may be missing: some codecs have packets that show nothing.
	case choice.kind == all && r.given < v.Count && (complaint != "" || r.given == 0):
		return fmt.Errorf("video: %w: %q gave %d of %d frames%s", ErrDamaged, v.Path, r.given, v.Count, because(complaint))
	}
	return nil
}

// reader hands on the frames of passes.
type reader struct {
	video *Video
	yield func(Frame, error) bool
	last  int // index of the last frame given
	given int
}

// read runs a pass and gives its frames after the last one given. If ffmpeg ended well or only found the file damaged, the
// error is nil and complaint is what it said.
func (r *reader) read(ctx context.Context, plan *pass) (complaint string, err error) {
	v := r.video
	before, after := v.look.filters()
	filters := append([]string{showinfo}, before...)
	if plan.choose != "" {
		filters = append(filters, "select="+plan.choose)
	}
	// The scaling also fixes the size of frames: a stream may change its own.
	filters = append(append(filters, after...), fmt.Sprintf("scale=%d:%d", v.Width, v.Height))
	output := []string{"-vf", strings.Join(filters, ","), "-fps_mode", "passthrough"}
	if plan.limit > 0 {
		output = append(output, "-frames:v", fmt.Sprint(plan.limit))
	}
	output = append(output, "-pix_fmt", "rgba", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1")
	p, err := v.start(ctx, v.input(plan.before...), output, plan.comes)
	if err != nil {
		return "", err
	}
	defer p.stop()

	var img *image.RGBA
	for {
		p.dog.wake()
		s, ok, err := p.log.take()
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		if img == nil {
			img = image.NewRGBA(image.Rect(0, 0, v.Width, v.Height))
		}
		if _, err := io.ReadFull(p, img.Pix); err != nil {
			break // a frame that was announced does not come if ffmpeg fails or was cut short
		}
		p.dog.sleep()
		if s.index <= r.last {
			continue
		}
		if plan.wants != nil {
			if _, wanted := slices.BinarySearch(plan.wants, s.index); !wanted {
				continue
			}
		}
		for i := 3; i < len(img.Pix); i += 4 {
			img.Pix[i] = 0xff
		}
		r.last = s.index
		r.given++
		if !r.yield(Frame{Image: img, Index: s.index, Time: v.time(s)}, nil) {
			return "", errStopped
		}
		img = nil
		if plan.wants != nil && r.given == len(plan.wants) {
			return "", p.stop()
		}
	}
	err = p.end()
	if err != nil && !p.failed() {
		return "", err
	}
	if complaint = p.log.tail(); complaint == "" && err != nil {
		complaint = err.Error()
	}
	return complaint, nil
}

// time is when a frame is shown.
func (v *Video) time(s stamp) time.Duration {
	switch {
	case v.scan.timed && s.pts != noTime && s.base == v.scan.base:
		return toDuration(s.base.seconds(s.pts - v.scan.times[0]))
	case v.FPS > 0:
		return toDuration(float64(s.index) / v.FPS)
	}
	return 0
}
