// Package assess measures finished runs further than their tests do: how a score bears damaged faces, how runs compare on the
// yardstick, and whom of the real faces a threshold flags. It writes beside the runs, whose folders stay as they are.
package assess

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/robust"
	"github.com/seeable-lab/seeable/lab/run"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/version"
)

// RobustFolder is the folder beside the runs with what [Robust] has found: ID/ of a run holds a folder for each cell, and the
// figures.
const RobustFolder = "robust"

// Damages says what [Robust] measures.
type Damages struct {
	Sets   []string // test sets by name; all that are found if there are none
	Kinds  []string // of package robust; all if there are none
	Levels []int    // all if there are none; a kind may have fewer
	Limit  int      // videos of each class of a set; 0 for all
	Seed   uint64   // of what is drawn at random
}

// damageCell is one set, kind and level: what is scored and kept at once. The clean faces are level 0 of kind clean.
type damageCell struct {
	set   *damagedSet
	kind  robust.Kind
	level int
	id    string
	made  Damaged
}

// damagedSet is a test set and what is done to it.
type damagedSet struct {
	datasets.Set
	digest string
	leaks  string
	videos layout.Pixels // of a set whose frames are damaged
	frames bool          // frames are damaged and not crops
	cells  []*damageCell // the clean one first
}

// Damaged is how the faces of a cell came about, as damage.json of its folder keeps it.
type Damaged struct {
	Kind      string  `json:"kind"`
	Level     int     `json:"level"`
	Parameter string  `json:"parameter,omitempty"` // what Value is
	Value     float64 `json:"value"`
	Applied   string  `json:"applied"` // "crop" as it is stored, "frame" before faces are found, or "nothing"
	Faces     string  `json:"faces"`   // "found again" or "clean"
	Encoded   string  `json:"encoded"` // "no"; of H.264 "still" or "video"
	Encoder   string  `json:"encoder,omitempty"`
	Codec     string  `json:"codec,omitempty"`
	Seed      uint64  `json:"seed"`
	Limit     int     `json:"limit,omitempty"`
	Smallest  [2]int  `json:"smallest,omitzero"` // width and height of the smallest picture that was damaged, by its shorter side
	Largest   [2]int  `json:"largest,omitzero"`
}

const (
	damageFile = "damage.json"
	cleanKind  = "clean"
	onCrop     = "crop"
	onFrame    = "frame"
	foundClean = "clean"
)

// Robust measures how a finished run's score bears damage: every test face is damaged in each kind and level and scored again.
// It is done cell by cell, which are kept in the folder [RobustFolder] beside the runs: whoever is stopped goes on with the next
// cell, and several processes that are told to do the same share the cells.
//
// Of data sets of videos whose faces were cut here, the frames are damaged and the faces found again on them, but for kind resize,
// which is of faces; those faces stay in the folder of faces. Of stored crops the crops are damaged. The errors are those of
// [run.Evaluate]; an ffmpeg without libx264 is one before anything is scored, if H.264 is wanted.
func Robust(ctx context.Context, e *env.Env, r *run.Run, o Damages) (*Robustness, error) {
	p, err := planDamage(ctx, e, r, o)
	if err != nil {
		return nil, err
	}
	if err := p.do(ctx); err != nil {
		return nil, err
	}
	return p.measure()
}

// damaging is a measurement under way.
type damaging struct {
	*env.Env
	run     *run.Run
	options Damages
	dir     string // of the cells
	damager robust.Damager
	sets    []*damagedSet
	kinds   []robust.Kind
	finder  *extract.Extractor // of faces in damaged frames; nil until it is needed

	start       time.Time
	done, total int // clips
}

func planDamage(ctx context.Context, e *env.Env, r *run.Run, o Damages) (*damaging, error) {
	p := &damaging{Env: e, run: r, options: o, dir: filepath.Join(e.Results, RobustFolder, r.Record.Run), start: time.Now()}
	p.damager.Seed = o.Seed
	if o.Limit < 0 {
		return nil, fmt.Errorf("run: a limit of %d videos of each class; want 1 or more, or 0 for all", o.Limit)
	}
	if err := p.choose(); err != nil {
		return nil, err
	}
	sets, problems, err := e.TestSets(o.Sets, r.Spec.Data.Train)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(p.kinds, func(k robust.Kind) bool { return k.Name == robust.H264 }) {
		if p.damager.Encoder, err = robust.OpenEncoder(ctx); err != nil {
			return nil, fmt.Errorf("%w, or leave out %s", err, robust.H264)
		}
	}
	for _, bad := range problems {
		e.Note("%v", bad)
	}
	sets, leaks, err := run.Known(ctx, e, r, sets)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		of := &damagedSet{Set: limited(set, o.Limit), leaks: leaks[set.Name]}
		if of.digest, err = source.Digest(of.Set); err != nil {
			return nil, err
		}
		if of.frames = slices.Contains(set.Cut, set.Name); of.frames {
			if err := p.lookAtVideos(of); err != nil {
				return nil, err
			}
		}
		p.add(of, robust.Kind{Name: cleanKind}, 0)
		for _, k := range p.kinds {
			for l := range k.Values {
				if len(o.Levels) == 0 || slices.Contains(o.Levels, l+1) {
					p.add(of, k, l+1)
				}
			}
		}
		p.sets = append(p.sets, of)
	}
	return p, nil
}

// lookAtVideos finds out what the videos of a set are.
func (p *damaging) lookAtVideos(set *damagedSet) error {
	d, err := p.Videos(set.Name)
	if err != nil {
		return err
	}
	for i, v := range d.Videos {
		if i > 0 && (v.Pixels == layout.VideoFile) != (set.videos == layout.VideoFile) {
			return fmt.Errorf("run: %s has video files and pictures: H.264 of the two is not alike; divide the data set", set.Name)
		}
		set.videos = v.Pixels
	}
	return nil
}

// choose finds the kinds.
func (p *damaging) choose() error {
	p.kinds = robust.Kinds()
	if names := p.options.Kinds; len(names) > 0 {
		p.kinds = nil
		for i, name := range names {
			k, err := robust.Find(name)
			if err != nil {
				return err
			}
			if slices.Contains(names[:i], name) {
				return fmt.Errorf("run: the kind %s is named twice", name)
			}
			p.kinds = append(p.kinds, k)
		}
	}
	for _, l := range p.options.Levels {
		if !slices.ContainsFunc(p.kinds, func(k robust.Kind) bool { return l >= 1 && l <= len(k.Values) }) {
			return fmt.Errorf("run: no kind has a level %d; want 1 to 5", l)
		}
	}
	return nil
}

// limited is the set with so many videos of each class: those that a hash of their names gives, whatever else is in the set.
func limited(set datasets.Set, limit int) datasets.Set {
	if limit == 0 {
		return set
	}
	type video struct {
		id   string
		hash uint64
	}
	var all [2][]video
	seen := map[string]bool{}
	for _, it := range set.Items {
		id := it.VideoID()
		if seen[id] {
			continue
		}
		seen[id] = true
		class := 0
		if it.Fake {
			class = 1
		}
		all[class] = append(all[class], video{id, stream.Hash("robust limit", id)})
	}
	kept := map[string]bool{}
	for _, videos := range all {
		slices.SortFunc(videos, func(a, b video) int { return cmp.Compare(a.hash, b.hash) })
		for _, v := range videos[:min(limit, len(videos))] {
			kept[v.id] = true
		}
	}
	if len(kept) < len(seen) {
		set.Partial = true
		set.Items = slices.DeleteFunc(slices.Clone(set.Items), func(it datasets.Item) bool { return !kept[it.VideoID()] })
	}
	return set
}

// add plans a cell.
func (p *damaging) add(set *damagedSet, kind robust.Kind, level int) {
	c := &damageCell{set: set, kind: kind, level: level}
	c.made = Damaged{
		Kind: kind.Name, Level: level, Parameter: kind.Parameter, Applied: onCrop, Faces: foundClean, Encoded: "no",
		Seed: p.options.Seed, Limit: p.options.Limit,
	}
	if level > 0 {
		c.made.Value = kind.Values[level-1]
	}
	if set.frames && level > 0 && kind.Name != robust.Resize {
		c.made.Applied, c.made.Faces = onFrame, "found again"
	}
	switch kind.Name {
	case cleanKind:
		c.made.Applied, c.made.Seed = "nothing", 0
	case robust.H264:
		c.made.Encoded, c.made.Encoder = "still", p.damager.Encoder.Version
		if c.made.Applied == onFrame && set.videos == layout.VideoFile {
			c.made.Encoded = "video"
		}
	case "jpeg":
		c.made.Codec = robust.Codec
	}
	// All that the scores depend on besides the run, which names the folder above.
	text, _ := json.Marshal(c.made) // of numbers and texts
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d %s", text, set.digest, p.run.Record.Score, robust.Version, version.Numerics))
	c.id = fmt.Sprintf("%s-%s-%d-%s", plainName(set.Name), kind.Name, level, hex.EncodeToString(sum[:6]))
	set.cells = append(set.cells, c)
}

// plainName is a name as a folder may have it.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// do makes the cells that are not there. Those that another process makes are waited for.
func (p *damaging) do(ctx context.Context) error {
	var left []*damageCell
	for _, set := range p.sets {
		for _, c := range set.cells {
			if _, err := os.Stat(filepath.Join(p.dir, c.id, store.RecordFile)); err != nil {
				left = append(left, c)
				p.total += len(set.Items)
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	d, err := run.Detector(ctx, p.Env, p.run)
	if err != nil {
		return err
	}
	defer d.Close()
	if !slices.Contains(d.Method.Scores(), p.run.Record.Score) {
		return fmt.Errorf("run: %s has no score %q, which %s uses", p.run.Spec.Method, p.run.Record.Score, p.run.Record.Run)
	}
	for told := false; len(left) > 0; {
		var busy []*damageCell
		for _, c := range left {
			err := p.one(ctx, d, c)
			switch {
			case errors.Is(err, store.ErrBusy):
				busy = append(busy, c)
			case err != nil:
				return err
			}
		}
		if len(busy) == len(left) {
			if !told {
				p.Note("another process makes the last %d cells; waiting for it", len(busy))
				told = true
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(busyPause):
			}
		}
		left = busy
	}
	return nil
}

// busyPause is how often is looked whether another process has ended.
const busyPause = 2 * time.Second

// one makes a cell, unless it is there.
func (p *damaging) one(ctx context.Context, d *detector.Detector, c *damageCell) (err error) {
	cell, err := store.Claim(ctx, p.dir, c.id, p.Lease)
	if errors.Is(err, store.ErrFinished) { // by another process
		p.total -= len(c.set.Items)
		return nil
	}
	if err != nil {
		return err
	}
	before := p.done
	defer func() {
		if err == nil {
			p.done = before + len(c.set.Items) // however many clips there were
		}
	}()
	start := time.Now()
	record := store.Record{
		Run: c.id, Name: p.run.Record.Name, Hash: p.run.Record.Hash, Started: start.UTC().Format(time.RFC3339), Score: p.run.Record.Score,
		Synthetic: c.set.Synthetic || p.run.Record.Synthetic, Train: store.Training{Synthetic: p.run.Record.Train.Synthetic},
	}
	if err = p.score(cell.Context(), d, c, cell, &record); err == nil {
		record.Seconds = time.Since(start).Seconds()
		err = cell.Commit(record)
	}
	if err == nil {
		return nil
	}
	p.done = before
	if cause := context.Cause(cell.Context()); cause != nil {
		err = cause
	}
	return errors.Join(err, cell.Close())
}

// score scores the faces of a cell and writes them to its folder.
func (p *damaging) score(ctx context.Context, d *detector.Detector, c *damageCell, cell *store.Cell, record *store.Record) error {
	computer, err := p.Compute(ctx, false)
	if err != nil {
		return err
	}
	record.Versions = version.Tested(p.run.Record.Versions, env.Versions(computer.String(), computer.Plugin()))
	set, sizes := c.set.Set, &pictureSizes{}
	if c.made.Applied == onFrame {
		if set, record.Skipped, err = p.damagedFrames(ctx, c, sizes); err != nil {
			return err
		}
	}
	clips, skipped, err := prepare.Test(ctx, p.Env, d.Spec, d.Method, set)
	if err != nil {
		return err
	}
	defer clips.Close()
	record.Skipped = append(record.Skipped, skipped...)
	items := make([]store.Item, 0, len(set.Items))
	for _, it := range set.Items {
		items = append(items, run.Row(it, []float64{math.NaN()}))
	}
	damaged := &damagedClips{Set: clips, pictureSizes: sizes, damager: p.damager, cell: c}
	name := record.Score
	read := 0
	var first error
	var gone *fs.PathError
	before := p.done
	err = d.Each(ctx, damaged, detector.Part, name, func(i int, r detector.Reading) error {
		if r.Err != nil {
			if p.Mode == datasets.Strict {
				return r.Err
			}
			record.Skipped = append(record.Skipped, r.Err.Error())
			if first == nil {
				first = r.Err
			}
			errors.As(r.Err, &gone)
			return nil
		}
		read++
		items[clips.Index(i)].Scores[0] = d.Score(name, r.Rows)
		return nil
	}, func(done int) {
		p.done = before + done
		p.Report(env.Event{Stage: fmt.Sprintf("damaged faces of %s", c.set.Name), Done: p.done, Total: p.total})
	})
	if err != nil {
		return err
	}
	if first == nil && len(record.Skipped) > 0 {
		first = errors.New(record.Skipped[0])
	}
	if read == 0 && (damaged.refused > 0 || gone != nil) {
		// That is no property of the set: with another encoder, or when the disk is back, the command can go on.
		return fmt.Errorf("run: not one of the %d faces of %s can be scored in kind %s at level %d; the first: %w",
			clips.Len(), c.set.Name, c.kind.Name, c.level, first)
	}
	c.made.Smallest, c.made.Largest = sizes.smallest, sizes.largest
	text, err := json.MarshalIndent(c.made, "", "  ")
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if err := store.WriteFile(filepath.Join(cell.Dir(), damageFile), append(text, '\n')); err != nil {
		return err
	}
	return store.WriteItems(filepath.Join(cell.Dir(), store.ScoresFile), []string{name}, slices.Values(items))
}

// damagedClips are clips whose frames are damaged as they are stored. It is a [source.Source].
type damagedClips struct {
	*source.Set
	*pictureSizes
	damager robust.Damager
	cell    *damageCell
}

// pictureSizes are what was damaged.
type pictureSizes struct {
	mu                sync.Mutex // of what follows
	smallest, largest [2]int
	refused           int // pictures that could be read and not be damaged
}

// Clip implements [source.Source].
func (d *damagedClips) Clip(ctx context.Context, i int) (face.Clip, error) {
	clip, err := d.Set.Clip(ctx, i)
	if err != nil || d.cell.made.Applied != onCrop {
		return clip, err
	}
	frames := make([]face.Face, len(clip.Frames))
	for k, f := range clip.Frames {
		it := d.Frame(i, k)
		d.note(f.Image.Rect.Size())
		if frames[k], err = d.damager.Face(ctx, d.cell.kind, d.cell.level, it.ID(), f); err != nil {
			d.refuse()
			return face.Clip{}, fmt.Errorf("%s: %w", it.Name(), err)
		}
	}
	clip.Frames = frames
	return clip, nil
}

// note takes down the size of a picture.
func (d *pictureSizes) note(size image.Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	this := [2]int{size.X, size.Y}
	if d.smallest == ([2]int{}) || slices.Min(this[:]) < slices.Min(d.smallest[:]) {
		d.smallest = this
	}
	if slices.Min(this[:]) > slices.Min(d.largest[:]) {
		d.largest = this
	}
}

// refuse counts a picture that could not be damaged.
func (d *pictureSizes) refuse() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused++
}

// damagedFrames opens a cell's set with the faces that are found in damaged frames.
func (p *damaging) damagedFrames(ctx context.Context, c *damageCell, sizes *pictureSizes) (set datasets.Set, problems []string, err error) {
	if p.finder == nil {
		if p.finder, err = extract.New(ctx, p.NoteWriter()); err != nil {
			return set, nil, err
		}
	}
	// All that the faces depend on besides video and parameters of cutting.
	name := fmt.Sprintf("%s-%d-seed%d-v%d", c.kind.Name, c.level, p.options.Seed, robust.Version)
	var change extract.Change
	if c.made.Encoded == "video" {
		sum := sha256.Sum256([]byte(c.made.Encoder))
		name += "-" + hex.EncodeToString(sum[:4])
		change.Whole = func(ctx context.Context, v layout.Video) (string, func() error, error) {
			dir, err := os.MkdirTemp("", "seelab-robust-")
			if err != nil {
				sizes.refuse()
				return "", nil, fmt.Errorf("run: %w", err)
			}
			path := filepath.Join(dir, "video.mkv")
			if err := p.damager.Encoder.Video(ctx, v.Path, path, int(c.made.Value)); err != nil {
				sizes.refuse()
				return "", nil, errors.Join(err, os.RemoveAll(dir))
			}
			return path, func() error { return os.RemoveAll(dir) }, nil
		}
	} else {
		change.Each = func(ctx context.Context, v layout.Video, index int, frame *image.RGBA) (*image.RGBA, error) {
			sizes.note(frame.Rect.Size())
			out, err := p.damager.Apply(ctx, c.kind, c.level, fmt.Sprintf("%s:/%d", v.ID(), index), frame)
			if err != nil {
				sizes.refuse()
			}
			return out, err
		}
	}
	return p.Damaged(ctx, c.set.Set, name, p.finder.After(change))
}

// seenInTraining tells whether faces are damaged in a like way in training.
func seenInTraining(a spec.Augment, kind string) bool {
	switch kind {
	case "jpeg":
		return a.JPEGP > 0
	case "contrast":
		return a.ContrastP > 0 && a.Contrast > 0
	case "saturation":
		return a.HSVShiftP > 0 && a.HSVShift > 0
	case "pixel", robust.Resize:
		return a.ResampleP > 0
	}
	return false
}
