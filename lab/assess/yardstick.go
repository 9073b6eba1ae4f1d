package assess

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/yardstick"
)

// YardstickFolder is the folder beside the runs with what [Yardstick] has found: ID/yardstick.json of each run.
const YardstickFolder = "yardstick"

const yardstickFile = "yardstick.json"

// Measured is how a run does on the yardstick, as yardstick.json keeps it.
type Measured struct {
	Run       string `json:"run"`
	Score     string `json:"score"`
	Reference struct {
		Version int    `json:"version"` // [yardstick.Version]
		Encoder string `json:"encoder"` // build of ffmpeg
		Faces   int    `json:"faces"`
		People  int    `json:"people"`
		Digest  string `json:"digest"` // of the digests of the faces in alphabetical order: runs that share it saw the same pictures
	} `json:"reference"`
	Rows    []yardstick.Row[yardstick.Figure] `json:"rows"`
	Rivals  []yardstick.Row[yardstick.Figure] `json:"rivals"` // over all families, by name of the rival
	Against *Against                          `json:"against,omitempty"`
}

// Against is by how much a run does better than another one on the faces that both have.
type Against struct {
	Run    string                            `json:"run"`
	Faces  int                               `json:"faces"`
	People int                               `json:"people"`
	Rows   []yardstick.Row[yardstick.Change] `json:"rows,omitempty"`
	Reason string                            `json:"reason,omitempty"` // why there are no rows
}

// candidate is a run that is measured.
type candidate struct {
	run, score string
	d          *detector.Detector // nil of an average
	faces      []int              // of measuring.faces, by rank
	scores     yardstick.Scores

	middle, deviation float64 // of the score, for an average
}

// measuring is a measurement under way.
type measuring struct {
	*env.Env
	reference  *yardstick.Reference
	candidates []*candidate
	sets       []*source.Set
	faces      []yardstickFace    // of all candidates
	looks      []yardstick.Scores // of the rivals
}

// yardstickFace is a face with the set that it is read from.
type yardstickFace struct {
	yardstick.Candidate
	clips *source.Set
}

// Yardstick measures finished runs on the reference of package yardstick and compares each with the first. The faces of a run are
// those of at most so many held-out people that its score was chosen on, so that nobody is seen who trained it, and nobody who is
// reported on. Runs of the same data and seed have the same faces; others are compared on those that they have in common. With average
// the mean of the scores of all runs is measured as one more of them.
//
// It writes yardstick.json of each run into [YardstickFolder] beside the runs. An ffmpeg without libx264 is an error before anything
// is read, and so is a method that looks at clips of several frames.
func Yardstick(ctx context.Context, e *env.Env, runs []*run.Run, most int, average bool) (found []*Measured, err error) {
	if most < 2 {
		return nil, fmt.Errorf("run: %d faces for the yardstick; want 2 or more", most)
	}
	if average && len(runs) < 2 {
		return nil, fmt.Errorf("run: an average of %d run on the yardstick; want 2 or more", len(runs))
	}
	reference, err := yardstick.New(ctx)
	if err != nil {
		return nil, err
	}
	m := &measuring{Env: e, reference: reference}
	defer m.close()
	for _, r := range runs {
		if err := m.add(ctx, r, most); err != nil {
			return nil, fmt.Errorf("run: %s: %w", r.Record.Run, err)
		}
	}
	var mean *candidate
	if average {
		if mean, err = m.mean(); err != nil {
			return nil, err
		}
	}
	if err := m.score(ctx); err != nil {
		return nil, err
	}
	if mean != nil {
		mean.average(m.candidates)
		m.candidates = append(m.candidates, mean)
	}
	for _, c := range m.candidates {
		one, err := m.measured(c)
		if err != nil {
			return nil, fmt.Errorf("run: %s on the yardstick: %w", c.run, err)
		}
		text, err := json.MarshalIndent(one, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
		dir := filepath.Join(e.Results, YardstickFolder, one.Run)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
		if err := store.WriteFile(filepath.Join(dir, yardstickFile), append(text, '\n')); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

func (m *measuring) close() {
	for _, c := range m.candidates {
		if c.d != nil {
			_ = c.d.Close() // nothing is under way
		}
	}
	for _, s := range m.sets {
		s.Close()
	}
}

// add opens a run and finds its faces.
func (m *measuring) add(ctx context.Context, r *run.Run, most int) error {
	d, err := run.Detector(ctx, m.Env, r)
	if err != nil {
		return err
	}
	c := &candidate{run: r.Record.Run, score: r.Record.Score, d: d}
	m.candidates = append(m.candidates, c)
	if n := d.Method.Layout().Count(); n != 1 {
		return fmt.Errorf("method %s looks at clips of %d frames; the yardstick has single faces", r.Spec.Method, n)
	}
	_, held, _, err := m.TrainingSets(r.Spec)
	if err != nil {
		return err
	}
	reports := datasets.Halves(held.Items, r.Spec.Data.Fakes, r.Spec.Seed)
	held.Items = slices.DeleteFunc(slices.Clone(held.Items), func(it datasets.Item) bool { return it.Fake || it.NoFace() || reports(it) })
	if len(held.Items) == 0 {
		return fmt.Errorf("none of the people that its score was chosen on is there; want its training sets below the data folder")
	}
	cache, err := m.Clips()
	if err != nil {
		return err
	}
	clips, _, err := source.Open(ctx, held, source.Options{Cache: cache, Strict: m.Mode == datasets.Strict})
	if err != nil {
		return err
	}
	m.sets = append(m.sets, clips)
	var all []yardstick.Candidate
	for i := range clips.Len() {
		clip, err := clips.Clip(ctx, i)
		if err != nil {
			return err
		}
		all = append(all, yardstick.Candidate{Digest: clip.Digest(), Person: clips.Item(i).Identity, At: i})
	}
	for _, chosen := range yardstick.Choose(all, most) {
		at := slices.IndexFunc(m.faces, func(f yardstickFace) bool { return f.Digest == chosen.Digest })
		if at < 0 {
			at, m.faces = len(m.faces), append(m.faces, yardstickFace{chosen, clips})
		}
		c.faces = append(c.faces, at)
	}
	return nil
}

// facesAtOnce bounds the pictures that are in memory: of a face they take 5 MB.
const facesAtOnce = 8

// score makes the pictures of each face once, and has them scored by the detectors of all runs that it belongs to.
func (m *measuring) score(ctx context.Context) error {
	for range yardstick.Rivals() {
		m.looks = append(m.looks, make(yardstick.Scores, len(m.faces)))
	}
	for _, c := range m.candidates {
		c.scores = make(yardstick.Scores, len(m.faces))
	}
	for from := 0; from < len(m.faces); from += facesAtOnce {
		part, err := m.pictures(ctx, from, min(from+facesAtOnce, len(m.faces)))
		if err != nil {
			return err
		}
		for _, c := range m.candidates {
			if err := c.read(ctx, part, from); err != nil {
				return err
			}
		}
		m.Report(env.Event{Stage: "faces of the yardstick", Done: from + len(part), Total: len(m.faces)})
	}
	return nil
}

// pictures are those of some faces, by face, rung and side. What rivals see in them goes to looks.
func (m *measuring) pictures(ctx context.Context, from, to int) ([][][yardstick.Sides]face.Face, error) {
	out, errs := make([][][yardstick.Sides]face.Face, to-from), make([]error, to-from)
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(to-from, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				out[i], errs[i] = m.picture(ctx, from+i)
			}
		})
	}
	for i := range out {
		next <- i
	}
	close(next)
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m *measuring) picture(ctx context.Context, at int) ([][yardstick.Sides]face.Face, error) {
	f := m.faces[at]
	clip, err := f.clips.Clip(ctx, f.At)
	if err != nil {
		return nil, err
	}
	made, err := m.reference.Faces(ctx, clip)
	if err != nil {
		return nil, fmt.Errorf("run: %s: %w", f.clips.Item(f.At).Name(), err)
	}
	for k, rival := range yardstick.Rivals() {
		seen := make([][yardstick.Sides]float64, len(made))
		for rung, of := range made {
			for side, picture := range of {
				seen[rung][side] = rival.Look(picture)
			}
		}
		m.looks[k][at] = seen
	}
	return made, nil
}

// read scores the pictures of the faces from one on, as far as they are of the run.
func (c *candidate) read(ctx context.Context, part [][][yardstick.Sides]face.Face, from int) error {
	var clips source.Clips
	var of []int
	for i, rungs := range part {
		if !slices.Contains(c.faces, from+i) {
			continue
		}
		of = append(of, from+i)
		for _, sides := range rungs {
			clips = append(clips, source.Stills(sides[:])...)
		}
	}
	read, err := c.d.Read(ctx, clips, 0, clips.Len(), c.score)
	if err != nil {
		return err
	}
	for _, at := range of {
		c.scores[at] = make([][yardstick.Sides]float64, len(yardstick.Rungs()))
		for rung := range c.scores[at] {
			for side := range yardstick.Sides {
				c.scores[at][rung][side] = c.d.Score(c.score, read[0].Rows)
				read = read[1:]
			}
		}
	}
	return nil
}

// mean is a candidate for the mean of the scores of all others on the faces that they share. It finds their scales, so that what has none
// is seen before anything is scored.
func (m *measuring) mean() (c *candidate, err error) {
	c = &candidate{score: "average", faces: slices.Clone(m.candidates[0].faces), scores: make(yardstick.Scores, len(m.faces))}
	var names []string
	for _, other := range m.candidates {
		names = append(names, other.run)
		c.faces = slices.DeleteFunc(c.faces, func(at int) bool { return !slices.Contains(other.faces, at) })
		if other.middle, other.deviation, err = other.d.Points.Scale(); err != nil {
			return nil, fmt.Errorf("run: %s: %w", other.run, err)
		}
	}
	c.run = strings.Join(names, "+")
	if len(c.faces) == 0 {
		return nil, fmt.Errorf("run: no average of %s: their seeds or data hold out other people, so that they share no face", strings.Join(names, " and "))
	}
	return c, nil
}

// average sets the scores to the mean of those of others, each on the scale of its own held-out people ([operating.Points.Scale]; ours).
func (c *candidate) average(others []*candidate) {
	for _, at := range c.faces {
		c.scores[at] = make([][yardstick.Sides]float64, len(yardstick.Rungs()))
	}
	for _, other := range others {
		for _, at := range c.faces {
			for rung, sides := range other.scores[at] {
				for side, score := range sides {
					c.scores[at][rung][side] += (score - other.middle) / other.deviation / float64(len(others))
				}
			}
		}
	}
}

// measured are the figures of a run.
func (m *measuring) measured(c *candidate) (*Measured, error) {
	out := &Measured{Run: c.run, Score: c.score}
	people := m.people(c.faces)
	out.Reference.Version, out.Reference.Encoder = yardstick.Version, m.reference.Encoder()
	out.Reference.Faces, out.Reference.People = len(c.faces), distinct(people)
	var digests []string
	for _, at := range c.faces {
		digests = append(digests, m.faces[at].Digest)
	}
	slices.Sort(digests)
	sum := sha256.Sum256([]byte(strings.Join(digests, "\n")))
	out.Reference.Digest = hex.EncodeToString(sum[:16])
	var err error
	if out.Rows, err = yardstick.Measure(of(c.scores, c.faces), people); err != nil {
		return nil, err
	}
	for k, rival := range yardstick.Rivals() {
		rows, err := yardstick.Measure(rival.Scores(of(m.looks[k], c.faces)), people)
		if err != nil {
			return nil, err
		}
		last := rows[len(rows)-1] // of all families
		last.Family = rival.Name
		out.Rivals = append(out.Rivals, last)
	}
	if first := m.candidates[0]; c != first {
		out.Against, err = m.against(c, first)
	}
	return out, err
}

// against compares a run with the first.
func (m *measuring) against(c, first *candidate) (*Against, error) {
	var common []int
	for _, at := range c.faces {
		if slices.Contains(first.faces, at) {
			common = append(common, at)
		}
	}
	people := m.people(common)
	out := &Against{Run: first.run, Faces: len(common), People: distinct(people)}
	if out.People < 2 {
		out.Reason = fmt.Sprintf("of the faces of %s and %s, %d are the same: their seeds or data hold out other people", c.run, first.run, len(common))
		return out, nil
	}
	var err error
	out.Rows, err = yardstick.Compare(of(c.scores, common), of(first.scores, common), people)
	return out, err
}

// of are the scores of some faces.
func of(scores yardstick.Scores, faces []int) (some yardstick.Scores) {
	for _, at := range faces {
		some = append(some, scores[at])
	}
	return some
}

func (m *measuring) people(faces []int) (people []string) {
	for _, at := range faces {
		people = append(people, m.faces[at].Person)
	}
	return people
}

func distinct(people []string) int {
	all := map[string]bool{}
	for _, p := range people {
		all[p] = true
	}
	return len(all)
}
