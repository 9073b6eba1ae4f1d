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
	// Identity is the person shown, or whatever else a Clustered bootstrap is to draw. Optional.
	Identity string
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
	Fake     bool
	Score    float64 // NaN if Scored is 0
	Frames   int
	Scored   int // frames with a score
}

// Videos are pooled videos in the order in which they first appeared.
type Videos []Video

// Pool makes videos of faces (specification 7.2): a frame has the largest anomaly score of its
// faces, a video the mean over its frames with a score. A video without any is kept, with no
// score: filling one in moves the metrics.
//
// The error is ErrEmpty, a *ScoreError with the index of the face, or a video whose faces differ
// in class or identity.
func Pool(faces []Face) (Videos, error) {
	if len(faces) == 0 {
		return nil, ErrEmpty
	}
	type frame struct {
		video, number int
		name          string
	}
	var videos Videos
	numbers := map[string]int{}
	best := map[frame]float64{} // NaN as long as a frame has no score
	var frames []frame          // fixes the order of summation
	for i, f := range faces {
		if !f.Missing && (math.IsNaN(f.Score) || math.IsInf(f.Score, 0)) {
			return nil, &ScoreError{Index: i, Score: f.Score}
		}
		v, known := numbers[f.Video]
		if !known {
			v = len(videos)
			numbers[f.Video] = v
			videos = append(videos, Video{Name: f.Video, Identity: f.Identity, Fake: f.Fake})
		}
		switch first := videos[v]; {
		case first.Fake != f.Fake:
			return nil, fmt.Errorf("metric: video %q has real and fake faces (face %d), want one class; "+
				"name videos by dataset, compression and method too", f.Video, i)
		case first.Identity != f.Identity:
			return nil, fmt.Errorf("metric: video %q has identities %q and %q (face %d), want one", f.Video, first.Identity, f.Identity, i)
		}
		at := frame{video: v, name: f.Frame}
		if f.Frame == "" {
			at.number = i + 1
		}
		score, known := best[at]
		if !known {
			frames = append(frames, at)
			score = math.NaN()
		}
		if !f.Missing && !(score >= f.Score) {
			score = f.Score
		}
		best[at] = score
	}
	for _, at := range frames {
		v := &videos[at.video]
		v.Frames++
		if score := best[at]; !math.IsNaN(score) {
			v.Scored++
			v.Score += score
		}
	}
	for i := range videos {
		// 0/0 makes NaN of a video without a score.
		videos[i].Score /= float64(videos[i].Scored)
	}
	return videos, nil
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
