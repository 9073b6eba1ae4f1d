package detector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/video"
)

// VideoScore is what a detector says of a video.
type VideoScore struct {
	File string `json:"file"`
	// Score is the mean over the frames with a face (spec section 1.5); larger means more likely fake; not a probability. Of a
	// video that shows several persons it is the highest score of a person who is seen in a quarter as many frames as the one
	// who is seen in most.
	Score   float64      `json:"score"`
	Name    string       `json:"name"` // which score it is
	Frames  []FrameScore `json:"frames"`
	Found   int          `json:"frames_with_face"`
	Persons []Person     `json:"persons"`         // the one who is seen in most frames first
	Turned  int          `json:"faces_turned"`    // that lay on their side
	Small   int          `json:"faces_too_small"` // and left out, see [extract.Frame]
	Unclear int          `json:"faces_unclear"`   // likewise
	// Smallest is about how many pixels long a face must be to be looked for beside larger ones.
	Smallest int `json:"smallest_face"`
	// Meaning says that a video has no threshold; nil where the detector has no Points.
	Meaning *operating.Meaning `json:"meaning,omitempty"`
	Problem string             `json:"problem,omitempty"` // what is wrong with the file, if some of it could not be read
	// Telling are the most anomalous faces of the most anomalous frames, by falling score.
	Telling []TellingFace `json:"-"`

	Reference []float64 `json:"-"` // scores of real faces
	Synthetic bool      `json:"-"` // the detector was trained on faces drawn by code
}

// FrameScore is what a detector says of a frame.
type FrameScore struct {
	Frame  int       `json:"frame"`
	Second float64   `json:"second"`
	Score  *float64  `json:"score"` // of the most anomalous face; nil without a face
	Faces  []float64 `json:"faces"` // of each face, the largest face first
	// Persons are whom the faces show: 1 for the first of [VideoScore.Persons].
	Persons []int `json:"persons"`

	faces []extract.Face // without their pictures
}

// Person is what a detector says of a person in a video. Persons are told apart by where they are, not by how they look
// ([extract.Persons]).
type Person struct {
	Person int     `json:"person"` // from 1
	Score  float64 `json:"score"`  // the mean over their frames
	Frames int     `json:"frames"`
	// Where they are seen first: the middle of the face, and the longer side of its box, in pixels of the frame.
	X      int     `json:"x"`
	Y      int     `json:"y"`
	Length float64 `json:"length"`
}

// TellingFace is a face that says much of its video.
type TellingFace struct {
	Result
	At int // of its frame in VideoScore.Frames
}

// telling is how many frames are shown with their heat maps.
const telling = 3

// Footage is a video file, or a folder of frames, that can be read.
type Footage struct {
	path      string
	video     layout.Video
	extractor *extract.Extractor
}

// OpenFootage looks for a video file or a folder of frames, and for what cuts faces out of it.
func OpenFootage(ctx context.Context, e *env.Env, path string) (*Footage, error) {
	v := layout.Video{Dataset: "files", Method: "file", Name: filepath.Base(path), Path: path}
	info, err := os.Stat(path)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = at.Err
		}
		return nil, fmt.Errorf("detector: %s: %w", path, err)
	}
	if info.IsDir() {
		v.Pixels = layout.FrameFolder
	}
	x, err := extract.New(ctx, e.NoteWriter())
	if err != nil {
		return nil, err
	}
	return &Footage{path, v, x}, nil
}

// Video scores the faces in frames that are spread evenly over the footage, cut as e.Cut says. A video without a face on
// any of them is an error that wraps [detect.ErrNoFace]. A damaged video is scored as far as it can be read, except in
// strict mode.
func (d *Detector) Video(ctx context.Context, footage *Footage) (*VideoScore, error) {
	path, e := footage.path, d.env
	out := &VideoScore{File: path, Name: d.Record.Score, Synthetic: d.Record.Train.Synthetic}
	var waiting []extract.Frame
	faces := 0
	score := func() error {
		err := d.scoreFrames(ctx, out, waiting)
		waiting, faces = waiting[:0], 0
		return err
	}
	var size image.Point
	stage := "scoring " + filepath.Base(path)
	for frame, err := range footage.extractor.Frames(ctx, footage.video, e.Cut) {
		if errors.Is(err, video.ErrDamaged) && e.Mode == datasets.Skip && len(out.Frames)+len(waiting) > 0 {
			out.Problem = err.Error()
			break
		}
		if err != nil {
			return nil, err
		}
		size = frame.Size
		out.Small, out.Unclear = out.Small+frame.Small, out.Unclear+frame.Unclear
		waiting = append(waiting, frame)
		if faces += len(frame.Faces); faces >= 8*method.NetworkPass {
			if err := score(); err != nil {
				return nil, err
			}
		}
		e.Report(env.Event{Stage: stage, Done: len(out.Frames) + len(waiting), Total: e.Cut.Frames})
	}
	if err := score(); err != nil {
		return nil, err
	}
	for _, frame := range out.Frames {
		if frame.Score != nil {
			out.Found++
			out.Score += *frame.Score
		}
	}
	if out.Found == 0 {
		return nil, fmt.Errorf("detector: %s: %w on any of %d frames of %d×%d pixels%s; faces under about %d pixels are not found there",
			path, detect.ErrNoFace, len(out.Frames), size.X, size.Y, unclear(out.Unclear), detect.Smallest(max(size.X, size.Y)))
	}
	out.Score /= float64(out.Found)
	out.Smallest = detect.SmallestBeside(max(size.X, size.Y))
	out.tellApart()
	for i, t := range out.Telling {
		// Again, with its regions.
		var err error
		if out.Telling[i].Result, err = d.Explain(ctx, face.Still(t.Face)); err != nil {
			return nil, err
		}
		out.Telling[i].File = path
		out.Telling[i].Meaning = nil // the worst of many faces is no face of a new person drawn at random
	}
	out.Reference = d.realScores()
	if d.Points != nil {
		m := operating.NotOf("video")
		out.Meaning = &m
	}
	return out, nil
}

// unclear says of a video without a face how many were found that cannot be used.
func unclear(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", but %d whose landmarks cannot be used", n)
}

// tellApart fills in the persons, and the score of a video that shows several.
func (v *VideoScore) tellApart() {
	sightings := make([][]extract.Sighting, len(v.Frames))
	for i, frame := range v.Frames {
		for _, f := range frame.faces {
			sightings[i] = append(sightings[i], extract.Sighting{Track: f.Track, Square: f.Square})
		}
	}
	who := extract.Persons(sightings)
	for range who {
		v.Persons = append(v.Persons, Person{})
	}
	for i := range v.Frames {
		frame := &v.Frames[i]
		for k, f := range frame.faces {
			if f.Turned != 0 {
				v.Turned++
			}
			person := who[f.Track]
			frame.Persons = append(frame.Persons, person)
			p := &v.Persons[person-1]
			if p.Frames == 0 {
				middle := f.Square.Min.Add(f.Square.Max).Div(2)
				*p = Person{Person: person, X: middle.X, Y: middle.Y, Length: f.Length}
			}
			p.Score, p.Frames = p.Score+frame.Faces[k], p.Frames+1
		}
	}
	v.Persons = slices.DeleteFunc(v.Persons, func(p Person) bool { return p.Frames == 0 })
	for i := range v.Persons {
		v.Persons[i].Score /= float64(v.Persons[i].Frames)
	}
	if len(v.Persons) == 1 {
		return
	}
	v.Score = v.Persons[0].Score
	for _, p := range v.Persons {
		if 4*p.Frames >= v.Persons[0].Frames {
			v.Score = max(v.Score, p.Score)
		}
	}
}

// scoreFrames scores the faces of frames and keeps the most telling.
func (d *Detector) scoreFrames(ctx context.Context, out *VideoScore, frames []extract.Frame) error {
	var faces []face.Face
	for _, frame := range frames {
		for _, f := range frame.Faces {
			decoded, err := f.Decode()
			if err != nil {
				return err
			}
			faces = append(faces, decoded)
		}
	}
	rows, err := d.All(ctx, source.Stills(faces), d.Record.Score)
	if err != nil {
		return err
	}
	next := 0
	for _, frame := range frames {
		s := FrameScore{Frame: frame.Index, Second: frame.Second, Faces: []float64{}, Persons: []int{}}
		best := TellingFace{At: len(out.Frames)}
		for _, f := range frame.Faces {
			f.JPEG = nil
			s.faces = append(s.faces, f)
			score := d.Score(d.Record.Score, rows[next])
			if s.Faces = append(s.Faces, score); s.Score == nil || score > *s.Score {
				s.Score = &score
				best.Result = Result{Found: true, Score: score, Face: faces[next]}
			}
			next++
		}
		if s.Score != nil {
			out.Telling = append(out.Telling, best)
		}
		out.Frames = append(out.Frames, s)
	}
	slices.SortStableFunc(out.Telling, func(a, b TellingFace) int { return cmp.Compare(b.Score, a.Score) })
	out.Telling = slices.Clone(out.Telling[:min(telling, len(out.Telling))])
	return nil
}

// realScores are the scores that a run gave to real faces, of the test sets whose faces have landmarks of their own, as
// those of videos have.
func (d *Detector) realScores() (scores []float64) {
	if d.files == nil {
		return nil
	}
	in, err := d.files.Open(store.ScoresFile)
	if err != nil {
		return nil // the timeline does without
	}
	defer in.Close()
	names, items, err := store.ParseItems(store.ScoresFile, in)
	column := slices.Index(names, d.Record.Score)
	if err != nil || column < 0 {
		return nil
	}
	comparable := map[string]bool{}
	for _, t := range d.Record.Tests {
		comparable[t.Dataset] = t.Fallback == 0 && t.Synthetic == d.Record.Train.Synthetic
	}
	for it, err := range items {
		if err != nil {
			return nil
		}
		if score := it.Scores[column]; !it.Fake && comparable[it.Dataset] && !math.IsNaN(score) {
			scores = append(scores, score)
		}
	}
	return scores
}
