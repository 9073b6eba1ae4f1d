// Package source hands out the clips of data sets, one at a time, so that nothing holds a whole data set.
// [Root] opens the data sets, finds the faces cut from their videos and says what is wrong with them.
package source

import (
	"context"

	"github.com/seeable-lab/seeable/lab/face"
)

// Source is a fixed list of clips. It may be used by several goroutines. Training, held-out and test faces and the pools of
// other people's faces are all read from one.
type Source interface {
	// Len is the number of clips.
	Len() int
	// Info is what is known of clip i without decoding it.
	Info(i int) Info
	// Clip decodes clip i. The pixels are shared between callers: they must not be written to.
	Clip(ctx context.Context, i int) (face.Clip, error)
}

// Info is what is known of a clip without decoding it.
type Info struct {
	ID     string // of its first face; see datasets.Item.ID
	Person string // whose head is seen
	Donor  string // whose face or expression was put in; "" if nobody's or unknown
	Fake   bool
	// Landmarks of the first frame, in the pixels of the image as it is stored; nil where the set has none.
	Landmarks []face.Point
}

// Clips is a source of clips in memory.
type Clips []face.Clip

// Len implements Source.
func (c Clips) Len() int { return len(c) }

// Info implements Source: of clips in memory no more than person, label and landmarks are known.
func (c Clips) Info(i int) Info {
	return Info{Person: c[i].Person, Fake: c[i].Fake, Landmarks: c[i].Frames[0].Landmarks}
}

// Clip implements Source.
func (c Clips) Clip(_ context.Context, i int) (face.Clip, error) { return c[i], nil }

// Stills is a source of single faces in memory.
func Stills(faces []face.Face) Clips {
	clips := make(Clips, len(faces))
	for i, f := range faces {
		clips[i] = face.Still(f)
	}
	return clips
}
