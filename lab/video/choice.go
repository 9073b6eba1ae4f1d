package video

import (
	"errors"
	"fmt"
	"slices"
)

// Choice says which frames are wanted. The zero value is [All].
type Choice struct {
	kind    kindOfChoice
	count   int
	indices []int
}

type kindOfChoice int

const (
	all kindOfChoice = iota
	spread
	keys
	at
)

// All is every frame.
func All() Choice { return Choice{kind: all} }

// Spread is n frames evenly spread over the time: those shown in the middles of n equal parts of the duration. Of a video
// with a constant frame rate these are the frames ⌊(k+½)·count/n⌋, k = 0 … n−1. There are fewer if the video has fewer, or if
// one frame is shown so long that it is in several middles; if it is shown for more than 10 s and half of the n would be lost,
// times are not believed.
func Spread(n int) Choice { return Choice{kind: spread, count: n} }

// KeyFrames is the frames that can be decoded without another: I-frames at which a decoder can start. It decodes no others,
// which is fast, and research clips have one in about 250 frames.
func KeyFrames() Choice { return Choice{kind: keys} }

// At is the frames with these indices, in any order; they come sorted, each once.
func At(indices ...int) Choice {
	indices = slices.Clone(indices)
	slices.Sort(indices)
	return Choice{kind: at, indices: slices.Compact(indices)}
}

// maxExpression bounds a filter expression, in bytes: Linux takes no argument of more than 128 KiB.
const maxExpression = 100_000

// pass is one run of ffmpeg that gives chosen frames.
type pass struct {
	before []string // options of the input
	choose string   // condition of the filter select; empty lets all frames pass
	limit  int      // frames after which ffmpeg may stop; 0 for no limit
	wants  []int    // indices to keep of those that come, sorted; nil keeps all
	// comes says under which index a decoded frame comes, if it passes.
	comes func(stamp) (index int, comes bool, err error)
	// otherwise is how to get the same frames, slower, when comes finds that it cannot tell the index.
	otherwise *pass
}

// errUncounted says that the frames of a pass cannot be told apart.
var errUncounted = errors.New("frames cannot be counted")

// every lets all frames through.
func every(s stamp) (int, bool, error) { return s.index, true, nil }

// plan makes the pass for a choice.
func (v *Video) plan(c Choice) (pass, error) {
	switch c.kind {
	case spread:
		if c.count < 1 {
			return pass{}, fmt.Errorf("video: %d frames asked of %q; want at least 1", c.count, v.Path)
		}
		return v.pick(v.scan.spread(c.count)), nil
	case at:
		if n := len(c.indices); n == 0 {
			return pass{}, fmt.Errorf("video: no frames asked of %q; want at least 1", v.Path)
		} else if first, last := c.indices[0], c.indices[n-1]; first < 0 || last >= v.Count {
			return pass{}, fmt.Errorf("video: frames %d … %d asked of %q; it has 0 … %d", first, last, v.Path, v.Count-1)
		}
		return v.pick(c.indices), nil
	case keys:
		return v.pickKeys(), nil
	}
	return pass{comes: every}, nil
}

// pick gets the frames with these sorted indices.
func (v *Video) pick(indices []int) pass {
	piped := pass{comes: every, wants: indices}
	if len(indices) == v.Count {
		return piped
	}
	condition := among(indices)
	if len(condition) > maxExpression {
		return piped
	}
	return pass{
		choose: condition,
		limit:  len(indices),
		wants:  indices,
		comes: func(s stamp) (int, bool, error) {
			if s.filtered != s.index { // select counts from 0 again
				return 0, false, errUncounted
			}
			_, wanted := slices.BinarySearch(indices, s.index)
			return s.index, wanted, nil
		},
		otherwise: &piped,
	}
}

// among is the condition that a frame's number n is one of the sorted indices, as a search tree: ffmpeg's parser refuses a
// sum of a thousand terms.
func among(indices []int) string {
	if len(indices) == 1 {
		return fmt.Sprintf(`eq(n\,%d)`, indices[0])
	}
	half := len(indices) / 2
	return fmt.Sprintf(`if(lt(n\,%d)\,%s\,%s)`, indices[half], among(indices[:half]), among(indices[half:]))
}

// pickKeys gets the key frames. If every frame has its own time, from which its index is known, the decoder leaves out the
// others, if it is one that can.
func (v *Video) pickKeys() pass {
	decoded := pass{
		choose: "key",
		comes:  func(s stamp) (int, bool, error) { return s.index, s.key, nil },
	}
	if !v.scan.timed {
		return decoded
	}
	return pass{
		before: []string{"-skip_frame", "nokey"},
		choose: "key",
		comes: func(s stamp) (int, bool, error) {
			if !s.key { // of a decoder that leaves nothing out
				return 0, false, nil
			}
			index, ok := v.scan.key(s.pts)
			if !ok || s.base != v.scan.base { // a time that the decoder has made up
				return 0, false, errUncounted
			}
			return index, true, nil
		},
		otherwise: &decoded,
	}
}
