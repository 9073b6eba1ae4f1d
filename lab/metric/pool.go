package metric

import (
	"fmt"
	"math"
)

// Face is one scored face of a video, or a frame in which no face was found or scored.
type Face struct {
	// Video is the full identity of the video: dataset, compression, method and name. The name
	// alone is not: FaceForensics++ has the same names under each of its methods.
	Video string
	// Identity is the person whose head is seen, Source the one whose face or expression was put in; "" if unknown or none.
	Identity, Source string
	// Frame tells faces of one frame from those of another. An empty Frame is a frame of its own.
	Frame   string
	Fake    bool
	Score   float64
	Missing bool // there is no score; Score is not read
}

// Video is the pooled score of a video.
type Video struct {
	Name     string
	Identity string
	Source   string
	Fake     bool
	Score    float64 // NaN if Scored is 0
	Frames   int
	Scored   int // frames with a score
}

// Videos are pooled videos in the order in which they first appeared.
type Videos []Video

// Pool makes videos of faces (specification 7.2): a frame has the largest anomaly score of its
// faces, a video the mean over its frames with a score. A video without any is kept, with no
// score: filling one in moves the metrics. Faces may come in any order; a Pooler takes one at a time.
//
// The error is ErrEmpty, a *ScoreError with the index of the face, or a video whose faces differ
// in class, identity or source.
func Pool(faces []Face) (Videos, error) {
	if len(faces) == 0 {
		return nil, ErrEmpty
	}
	// By video in the order of appearance; within one the order stays.
	byVideo := map[string][]int{}
	var names []string
	for i, f := range faces {
		if _, known := byVideo[f.Video]; !known {
			names = append(names, f.Video)
		}
		byVideo[f.Video] = append(byVideo[f.Video], i)
	}
	var p Pooler
	for _, name := range names {
		for _, i := range byVideo[name] {
			if err := p.add(i, faces[i]); err != nil {
				return nil, err
			}
		}
	}
	return p.Videos(), nil
}

// Pooler is Pool for faces that come one by one, all faces of a video in a row. It remembers the
// videos, and the frames of the latest one only. The zero value is ready.
type Pooler struct {
	videos Videos
	known  map[string]bool
	faces  int
	frames map[string]int // place in best of each named frame of the latest video
	best   []float64      // score of each of its frames; NaN as long as there is none
}

// Add takes the next face. The errors are those of Pool, and a video that had its faces already.
func (p *Pooler) Add(f Face) error { return p.add(p.faces, f) }

// add takes a face; errors know it by index.
func (p *Pooler) add(index int, f Face) error {
	p.faces++
	if !f.Missing && (math.IsNaN(f.Score) || math.IsInf(f.Score, 0)) {
		return &ScoreError{Index: index, Score: f.Score}
	}
	if last := len(p.videos) - 1; last < 0 || p.videos[last].Name != f.Video {
		if p.known[f.Video] {
			return fmt.Errorf("metric: faces of video %q are apart (face %d), want them in a row: sort them by video", f.Video, index)
		}
		p.finish()
		if p.known == nil {
			p.known, p.frames = map[string]bool{}, map[string]int{}
		}
		p.known[f.Video] = true
		p.videos = append(p.videos, Video{Name: f.Video, Identity: f.Identity, Source: f.Source, Fake: f.Fake})
	}
	switch first := p.videos[len(p.videos)-1]; {
	case first.Fake != f.Fake:
		return fmt.Errorf("metric: video %q has real and fake faces (face %d), want one class; "+
			"name videos by dataset, compression and method too", f.Video, index)
	case first.Identity != f.Identity:
		return fmt.Errorf("metric: video %q has identities %q and %q (face %d), want one", f.Video, first.Identity, f.Identity, index)
	case first.Source != f.Source:
		return fmt.Errorf("metric: video %q has sources %q and %q (face %d), want one", f.Video, first.Source, f.Source, index)
	}
	at, known := p.frames[f.Frame]
	if !known || f.Frame == "" {
		at = len(p.best)
		p.best = append(p.best, math.NaN())
		p.frames[f.Frame] = at
	}
	if !f.Missing && !(p.best[at] >= f.Score) {
		p.best[at] = f.Score
	}
	return nil
}

// finish gives the latest video its score.
func (p *Pooler) finish() {
	if len(p.best) == 0 {
		return
	}
	v := &p.videos[len(p.videos)-1]
	v.Frames = len(p.best)
	for _, score := range p.best {
		if !math.IsNaN(score) {
			v.Scored++
			v.Score += score
		}
	}
	// 0/0 makes NaN of a video without a score.
	v.Score /= float64(v.Scored)
	p.best = p.best[:0]
	clear(p.frames)
}

// Videos returns the videos pooled so far, in the order in which they came, and ends the latest
// one: none of them may have another face.
func (p *Pooler) Videos() Videos {
	p.finish()
	return p.videos
}

// Coverage returns the share of videos with a score, in [0, 1]. It is NaN for no videos.
func (v Videos) Coverage() float64 {
	scored := 0
	for _, video := range v {
		if video.Scored > 0 {
			scored++
		}
	}
	return float64(scored) / float64(len(v))
}

// Scored returns scores, classes and identities of the videos with a score, as Rank and Bootstrap
// take them.
func (v Videos) Scored() (scores []float64, fake []bool, identities []string) {
	for _, video := range v {
		if video.Scored > 0 {
			scores = append(scores, video.Score)
			fake = append(fake, video.Fake)
			identities = append(identities, video.Identity)
		}
	}
	return scores, fake, identities
}
