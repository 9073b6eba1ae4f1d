package video

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
)

// look is how the frames of a stream have to be treated to look as a player shows them.
type look struct {
	sar                      fraction // the shape of a pixel, its width by its height; zero if unknown
	interlaced               bool
	transfer, matrix, colors string // as ffmpeg names them; "unknown" or such if the file does not
}

// hdr is the name of the light of a high dynamic range, "" for the usual one.
func (l look) hdr() string {
	return map[string]string{"smpte2084": "PQ", "arib-std-b67": "HLG"}[l.transfer]
}

// deinterlace puts the fields of interlaced frames together, one frame for each that comes.
const deinterlace = "bwdif=mode=send_frame:deint=interlaced"

// white is the light in cd/m² of what is white on a usual screen (ITU-R BT.2408): what is not brighter keeps its colour, to
// within rounding, where the linear part of the mapping ends; above, all of the range is bent into the rest.
const (
	white  = 203
	linear = 0.6
)

// tone are the filters that map frames of high dynamic range to the light and colours of a usual screen.
func (l look) tone() string {
	known := func(name string) bool {
		return name != "" && name != "unknown" && name != "unspecified" && name != "reserved"
	}
	chain := []string{"format=yuv444p16le|gbrp16le"} // odd sides want colours for each pixel
	if !known(l.matrix) {
		chain = append(chain, "setparams=colorspace=bt2020nc")
	}
	if !known(l.colors) {
		chain = append(chain, "setparams=color_primaries=bt2020")
	}
	return strings.Join(append(chain,
		fmt.Sprintf("zscale=t=linear:npl=%d", white), "format=gbrpf32le", "zscale=p=bt709",
		fmt.Sprintf("tonemap=mobius:param=%g", linear), "zscale=t=bt709", "format=gbrp",
	), ",")
}

// filters are those that come before and after frames are chosen.
func (l look) filters() (before, after []string) {
	if l.interlaced {
		before = append(before, deinterlace)
	}
	if l.hdr() != "" {
		after = append(after, l.tone())
	}
	return before, after
}

// square is the size of a picture of w × h pixels once its pixels are square. The side that is short of pixels grows, unless
// there would be more than most; then the other one shrinks. A stretch of under one in a hundred is left alone: nobody sees
// it, and frames stay as they were decoded.
func (l look) square(w, h, most int) (int, int) {
	if l.sar.num < 1 || l.sar.den < 1 {
		return w, h
	}
	stretch := float64(l.sar.num) / float64(l.sar.den)
	if math.Abs(math.Log(stretch)) < math.Log(1.01) {
		return w, h
	}
	fw, fh := float64(w), float64(h)
	if wider := stretch > 1; wider == (max(stretch, 1/stretch)*fw*fh <= float64(most)) {
		fw *= stretch
	} else {
		fh /= stretch
	}
	return max(1, int(math.Round(fw))), max(1, int(math.Round(fh)))
}

// readPicture decodes the first frame to learn how the frames look.
func (v *Video) readPicture(ctx context.Context) error {
	log, err := v.tryFilters(ctx)
	switch {
	case err != nil:
		return err
	case log.huge != "" && log.width < 1:
		return v.tooLarge(log.huge)
	case log.width < 1 || log.height < 1:
		return fmt.Errorf("video: %w: no frame of %q can be decoded%s", ErrDamaged, v.Path, because(log.tail()))
	case log.width*log.height > v.options.MaxPixels:
		return v.tooLarge(fmt.Sprintf("%dx%d", log.width, log.height))
	case log.dolby:
		return fmt.Errorf("video: %w: %q is Dolby Vision without a picture for other screens; want a video of usual or HDR10 colours: convert it", ErrUnshown, v.Path)
	}
	v.look, v.Rotation = log.look, log.rotation()
	v.HDR, v.Interlaced = v.look.hdr(), v.look.interlaced
	v.Width, v.Height = v.look.square(log.width, log.height, v.options.MaxPixels)
	before, after := v.look.filters()
	if len(before)+len(after) == 0 {
		return nil
	}
	if log, err = v.tryFilters(ctx, append(before, after...)...); err != nil {
		return err
	}
	if log.failed {
		what := "interlaced"
		if v.HDR != "" {
			what = "HDR (" + v.HDR + ")"
		}
		return fmt.Errorf("video: %w: %q is %s, and this ffmpeg cannot make usual pictures of it%s; want an ffmpeg with zscale, tonemap and bwdif, or convert the video to 8-bit BT.709 (SDR)",
			ErrUnshown, v.Path, what, because(log.tail()))
	}
	return nil
}

// tryFilters decodes the first frame, through filters, and returns what ffmpeg says; it may have failed.
func (v *Video) tryFilters(ctx context.Context, filters ...string) (*log, error) {
	chain := strings.Join(append([]string{showinfo}, filters...), ",")
	p, err := v.start(ctx, v.input(), []string{"-vf", chain, "-frames:v", "1", "-f", "null", "-"}, nil)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, p) // there is nothing
	err = p.end()
	if p.log.failed = err != nil; err != nil && !p.failed() {
		return nil, err
	}
	return &p.log, nil
}
