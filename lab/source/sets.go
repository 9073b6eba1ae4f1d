package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/shell"
	"github.com/seeable-lab/seeable/lab/spec"
)

// faceCache opens the cache of the faces that are cut from videos.
func (r *Root) faceCache() (*extract.Cache, error) {
	dir := r.FaceDir
	if dir == "" {
		var err error
		if dir, err = extract.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return extract.Open(dir, r.Data, r.Cut)
}

// videoSets opens the data sets of videos under the data root, by name. One that cannot be opened is an error in strict
// mode, otherwise a note.
func (r *Root) videoSets() (map[string]layout.Dataset, error) {
	places, err := layout.Find(r.Data)
	if err != nil {
		return nil, err
	}
	var all []layout.Dataset
	for _, place := range places {
		if !slices.Contains(layout.Layouts(), place.Layout) {
			continue
		}
		opened, err := layout.Open(place.Dir, r.Mode)
		if err != nil {
			if r.Mode == datasets.Strict {
				return nil, err
			}
			r.note("%v", err)
			continue
		}
		all = append(all, opened...)
	}
	all, notes, err := layout.Distinct(r.Data, all)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		r.note("%s", note)
	}
	sets := map[string]layout.Dataset{}
	for _, d := range all {
		sets[d.Name] = d
	}
	return sets, nil
}

// videoSet returns the set called name: one of sets, or a folder below the data root of photos and videos that no list
// is beside. All of these are taken as real.
func (r *Root) videoSet(sets map[string]layout.Dataset, name string) (d layout.Dataset, ok bool, err error) {
	if d, ok = sets[datasets.SetName(name)]; ok {
		return d, true, nil
	}
	if name == "" || !filepath.IsLocal(filepath.FromSlash(name)) || r.readyMade(name) {
		return d, false, nil
	}
	dir := datasets.Folder(r.Data, name)
	if !layout.HoldsMedia(dir) {
		return d, false, nil
	}
	found, err := layout.Open(dir, r.Mode)
	if err != nil || len(found) != 1 {
		return d, false, err
	}
	if other, taken := sets[found[0].Name]; taken && other.Dir != found[0].Dir {
		return d, false, fmt.Errorf("source: the folder %s would be called %s, as %s is; rename one of them", dir, other.Name, other.Dir)
	}
	return found[0], true, nil
}

// TestSets opens the test sets of these names, all if there are none. Crops that are there ready-made come before faces that
// were cut from videos. trained are the names of the training sets.
func (r *Root) TestSets(names, trained []string) (found []datasets.Set, problems []datasets.Problem, err error) {
	all := len(names) == 0
	if !all && !slices.ContainsFunc(names, func(n string) bool { return !datasets.IsDrawn(n) }) {
		return datasets.Tests(r.Data, names, r.Mode)
	}
	ready, err := datasets.TestNames(r.Data)
	if err != nil {
		return nil, nil, err
	}
	isReady := func(name string) bool {
		return datasets.IsDrawn(name) || slices.Contains(ready, datasets.SetName(name))
	}
	if !all && !slices.ContainsFunc(names, func(n string) bool { return !isReady(n) }) {
		return datasets.Tests(r.Data, names, r.Mode)
	}
	videos, err := r.videoSets()
	if err != nil {
		return nil, nil, err
	}
	if all {
		names = slices.Clone(ready)
		for name := range videos {
			if !slices.Contains(ready, name) {
				names = append(names, name)
			} else if videos[name].Anonymous() {
				r.note("%s is tested on the face crops that are called so, not on %s", name, videos[name].Dir)
			}
		}
		slices.Sort(names)
		if len(names) == 0 {
			return datasets.Tests(r.Data, nil, r.Mode) // for its error
		}
	}
	var lacking []string
	var last error
	for i, name := range names {
		name = datasets.SetName(name)
		if slices.ContainsFunc(names[:i], func(n string) bool { return datasets.SetName(n) == name }) {
			return nil, nil, fmt.Errorf("source: test set %s is named twice", name)
		}
		d, ok := videos[name]
		switch {
		case isReady(name):
			set, bad, err := datasets.Tests(r.Data, []string{name}, r.Mode)
			if all && r.Mode == datasets.Skip && errors.Is(err, datasets.ErrUnusable) {
				r.note("not tested on %s: %v", name, err)
				problems, last = append(problems, bad...), err
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			found, problems = append(found, set...), append(problems, bad...)
			continue
		case !ok:
			for name := range videos {
				ready = append(ready, name)
			}
			slices.Sort(ready)
			return nil, nil, fmt.Errorf("source: no test set %q below %s; there are: %s", name, r.Data, strings.Join(slices.Compact(ready), ", "))
		}
		set, bad, err := r.cut(d, func(c *extract.Cache) (datasets.Set, []datasets.Problem, error) {
			return c.Test(d, d.TrainedOn(trained), r.Mode)
		})
		if err != nil && all && isLacking(err) {
			lacking, last = append(lacking, name), err
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		parts := slices.ContainsFunc(d.Videos, func(v layout.Video) bool { return v.Split != layout.NoSplit })
		if parts && len(d.TestVideos(false)) > len(d.Part(layout.TestSplit)) {
			r.note("%s: its test part alone is too small for a figure; other videos that are there are tested as well", d.Name)
		}
		set.Left = append(set.Left, left(d, set.Items, bad)...)
		found, problems = append(found, set), append(problems, bad...)
	}
	if len(found) == 0 {
		if len(lacking) > 1 {
			return nil, nil, fmt.Errorf("source: the faces of %s are not cut from their videos; run %s", strings.Join(lacking, ", "), r.facesCommand())
		}
		return nil, nil, last
	}
	for _, name := range lacking {
		r.note("not tested on %s: its faces are not cut; run %s", name, r.facesCommand("--dataset", strconv.Quote(name)))
	}
	return found, problems, nil
}

// left is what a data set of videos holds besides the items that are tested: videos that cannot be read, are not
// there or are in no list, in whatever part, and rows that say nothing, as far as the data set or the cache of faces has a
// problem with them.
func left(d layout.Dataset, items []datasets.Item, more []datasets.Problem) (all []datasets.Left) {
	named := map[string]bool{}
	for _, it := range items {
		if it.Unread != nil {
			named[it.Unread.Name] = true
		}
	}
	for _, p := range slices.Concat(d.Problems, more) {
		name := below(d.Dir, p.File)
		if p.Line > 0 {
			name = fmt.Sprintf("%s:%d", name, p.Line)
		}
		if !p.Fault.Holds() || named[name] {
			continue // named: it is an item
		}
		named[name] = true
		all = append(all, datasets.Left{Name: name, Fault: p.Fault})
	}
	return all
}

// below is the slash path of a file below a folder, or its path where it is not below it.
func below(dir, file string) string {
	name, err := filepath.Rel(dir, file)
	if err != nil || !filepath.IsLocal(name) {
		return file
	}
	return filepath.ToSlash(name)
}

func isLacking(err error) bool {
	_, ok := errors.AsType[*extract.LackingError](err)
	return ok
}

// cut opens faces of the cache. If they lack, the error says how to get them, with more flags if need be.
func (r *Root) cut(d layout.Dataset, open func(*extract.Cache) (datasets.Set, []datasets.Problem, error), more ...string) (datasets.Set, []datasets.Problem, error) {
	c, err := r.faceCache()
	if err != nil {
		return datasets.Set{}, nil, err
	}
	set, problems, err := open(c)
	set.Cut = []string{d.Name}
	if isLacking(err) {
		name := d.Name
		if below, err := filepath.Rel(r.Data, d.Dir); err == nil && len(d.Notes) > 0 && d.Layout == layout.Folder && filepath.IsLocal(below) {
			name = filepath.ToSlash(below) // one that no search finds
		}
		err = fmt.Errorf("%w; run %s", err, r.facesCommand(append(more, "--dataset", strconv.Quote(name))...))
	}
	return set, problems, err
}

// facesCommand is the command that extracts faces as they are wanted here.
func (r *Root) facesCommand(more ...string) string {
	command := append([]string{"seelab faces --data", shell.Quote(r.Data)}, more...)
	if r.FaceDir != "" {
		command = append(command, "--faces", shell.Quote(r.FaceDir))
	}
	if p := r.Cut; p != extract.Default {
		command = append(command, fmt.Sprintf("--frames %d --margin %g --side %d", p.Frames, p.Margin, p.Side))
		if p.Run > 1 {
			command = append(command, fmt.Sprintf("--consecutive %d", p.Run))
		}
	}
	return strings.Join(command, " ")
}

// cutFaces opens the training sets that d names which are faces cut from videos; [datasets.Train] opens the others.
func (r *Root) cutFaces(d spec.Data) (found []datasets.Set, problems []datasets.Problem, err error) {
	var videos map[string]layout.Dataset
	for _, name := range d.Train {
		if datasets.IsDrawn(name) || r.Data == "" || r.readyMade(name) {
			continue
		}
		if videos == nil {
			if videos, err = r.videoSets(); err != nil {
				return nil, nil, err
			}
		}
		of, ok, err := r.videoSet(videos, name)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		all := []string{}
		if d.Fakes {
			all = []string{"--all"} // fakes of training parts are not cut else
		}
		set, bad, err := r.cut(of, func(c *extract.Cache) (datasets.Set, []datasets.Problem, error) { return c.Train(of, d.Fakes, r.Mode) }, all...)
		if err != nil {
			return nil, nil, err
		}
		set.Name, set.Cut = name, []string{name}
		found, problems = append(found, set), append(problems, bad...)
	}
	return found, problems, nil
}

// readyMade tells whether a folder below the data root holds real faces.
func (r *Root) readyMade(name string) bool {
	dir := datasets.Folder(r.Data, name)
	for _, manifest := range []string{"landmarks.csv", "manifest.csv"} {
		if _, err := os.Stat(filepath.Join(dir, manifest)); err == nil {
			return true
		}
	}
	return false
}

// TrainingSets opens the training sets of an experiment and holds some of their people out.
func (r *Root) TrainingSets(s spec.Spec) (train, held datasets.Set, problems []datasets.Problem, err error) {
	cut, bad, err := r.cutFaces(s.Data)
	if err != nil {
		return datasets.Set{}, datasets.Set{}, nil, err
	}
	train, held, problems, err = datasets.Train(r.Data, s.Data, s.Seed, r.Mode, cut...)
	for _, set := range cut {
		train.Cut = append(train.Cut, set.Cut...)
	}
	held.Cut = train.Cut
	return train, held, append(bad, problems...), err
}

// Digest is [datasets.Digest] with the user's cache, if there is one.
func Digest(set datasets.Set) (string, error) { return datasets.CachedDigest(set, UserDir("digests")) }
