package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/spec"
)

// faceCache opens the cache of the faces that are cut from videos.
func (l *Lab) faceCache() (*extract.Cache, error) {
	dir := l.faceDir
	if dir == "" {
		var err error
		if dir, err = extract.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return extract.Open(dir, l.data, l.faces)
}

// videoSets opens the data sets of videos under the data root, by name. One that cannot be opened is an error of a strict
// lab, otherwise a note.
func (l *Lab) videoSets() (map[string]datasets.Dataset, error) {
	places, err := datasets.Find(l.data)
	if err != nil {
		return nil, err
	}
	sets := map[string]datasets.Dataset{}
	for _, place := range places {
		if !slices.Contains(datasets.Layouts(), place.Layout) {
			continue
		}
		opened, err := datasets.Open(place.Dir, l.mode)
		if err != nil {
			if l.mode == datasets.Strict {
				return nil, err
			}
			l.note("%v", err)
			continue
		}
		for _, d := range opened {
			if other, ok := sets[d.Name]; ok {
				return nil, fmt.Errorf("lab: both %s and %s hold %s; want one folder a data set", other.Dir, d.Dir, d.Name)
			}
			sets[d.Name] = d
		}
	}
	return sets, nil
}

// testSets opens the test sets of these names, all if there are none. Crops that are there ready-made come before faces that
// were cut from videos. trained are the names of the training sets.
func (l *Lab) testSets(names, trained []string) (found []datasets.Set, problems []datasets.Problem, err error) {
	all := len(names) == 0
	if !all && !slices.ContainsFunc(names, func(n string) bool { return n != datasets.SyntheticName }) {
		return datasets.Tests(l.data, names, l.mode)
	}
	ready, err := datasets.TestNames(l.data)
	if err != nil {
		return nil, nil, err
	}
	isReady := func(name string) bool {
		return name == datasets.SyntheticName || slices.Contains(ready, datasets.SetName(name))
	}
	if !all && !slices.ContainsFunc(names, func(n string) bool { return !isReady(n) }) {
		return datasets.Tests(l.data, names, l.mode)
	}
	videos, err := l.videoSets()
	if err != nil {
		return nil, nil, err
	}
	if all {
		names = slices.Clone(ready)
		for name := range videos {
			if !slices.Contains(ready, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if len(names) == 0 {
			return datasets.Tests(l.data, nil, l.mode) // for its error
		}
	}
	var lacking []string
	var last error
	for i, name := range names {
		name = datasets.SetName(name)
		if slices.ContainsFunc(names[:i], func(n string) bool { return datasets.SetName(n) == name }) {
			return nil, nil, fmt.Errorf("lab: test set %s is named twice", name)
		}
		d, ok := videos[name]
		switch {
		case isReady(name):
			set, bad, err := datasets.Tests(l.data, []string{name}, l.mode)
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
			return nil, nil, fmt.Errorf("lab: no test set %q below %s; there are: %s", name, l.data, strings.Join(slices.Compact(ready), ", "))
		}
		set, bad, err := l.cut(d, func(c *extract.Cache) (datasets.Set, []datasets.Problem, error) {
			return c.Test(d, d.TrainedOn(trained), l.mode)
		})
		if err != nil && all && isLacking(err) {
			lacking, last = append(lacking, name), err
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		parts := slices.ContainsFunc(d.Videos, func(v datasets.Video) bool { return v.Split != datasets.NoSplit })
		if parts && len(d.TestVideos(false)) > len(d.Part(datasets.TestSplit)) {
			l.note("%s: its test part alone is too small for a figure; other videos that are there are tested as well", d.Name)
		}
		found, problems = append(found, set), append(problems, bad...)
	}
	if len(found) == 0 {
		if len(lacking) > 1 {
			return nil, nil, fmt.Errorf("lab: the faces of %s are not cut from their videos; run %s", strings.Join(lacking, ", "), l.facesCommand())
		}
		return nil, nil, last
	}
	for _, name := range lacking {
		l.note("not tested on %s: its faces are not cut; run %s", name, l.facesCommand("--dataset", strconv.Quote(name)))
	}
	return found, problems, nil
}

func isLacking(err error) bool {
	_, ok := errors.AsType[*extract.LackingError](err)
	return ok
}

// cut opens faces of the cache. If they lack, the error says how to get them, with more flags if need be.
func (l *Lab) cut(d datasets.Dataset, open func(*extract.Cache) (datasets.Set, []datasets.Problem, error), more ...string) (datasets.Set, []datasets.Problem, error) {
	c, err := l.faceCache()
	if err != nil {
		return datasets.Set{}, nil, err
	}
	set, problems, err := open(c)
	if isLacking(err) {
		err = fmt.Errorf("%w; run %s", err, l.facesCommand(append(more, "--dataset", strconv.Quote(d.Name))...))
	}
	return set, problems, err
}

// facesCommand is the command that extracts faces as this lab wants them.
func (l *Lab) facesCommand(more ...string) string {
	command := append([]string{"seelab faces --data", l.data}, more...)
	if l.faceDir != "" {
		command = append(command, "--faces", l.faceDir)
	}
	if p := l.faces; p != extract.Default {
		command = append(command, fmt.Sprintf("--frames %d --margin %g --side %d", p.Frames, p.Margin, p.Side))
		if p.Run > 1 {
			command = append(command, fmt.Sprintf("--consecutive %d", p.Run))
		}
	}
	return strings.Join(command, " ")
}

// cutFaces opens the training sets that d names which are faces cut from videos; [datasets.Train] opens the others.
func (l *Lab) cutFaces(d spec.Data) (found []datasets.Set, problems []datasets.Problem, err error) {
	var videos map[string]datasets.Dataset
	for _, name := range d.Train {
		if name == datasets.SyntheticName || l.data == "" || l.readyMade(name) {
			continue
		}
		if videos == nil {
			if videos, err = l.videoSets(); err != nil {
				return nil, nil, err
			}
		}
		of, ok := videos[datasets.SetName(name)]
		if !ok {
			continue
		}
		all := []string{}
		if d.Fakes {
			all = []string{"--all"} // fakes of training parts are not cut else
		}
		set, bad, err := l.cut(of, func(c *extract.Cache) (datasets.Set, []datasets.Problem, error) { return c.Train(of, d.Fakes, l.mode) }, all...)
		if err != nil {
			return nil, nil, err
		}
		set.Name = name
		found, problems = append(found, set), append(problems, bad...)
	}
	return found, problems, nil
}

// readyMade tells whether a folder below the data root holds real faces.
func (l *Lab) readyMade(name string) bool {
	for _, manifest := range []string{"landmarks.csv", "manifest.csv"} {
		if _, err := os.Stat(filepath.Join(l.data, filepath.FromSlash(name), manifest)); err == nil {
			return true
		}
	}
	return false
}

// trainingSets opens the training sets of an experiment and holds some of their people out.
func (l *Lab) trainingSets(s spec.Spec) (train, held datasets.Set, problems []datasets.Problem, err error) {
	cut, bad, err := l.cutFaces(s.Data)
	if err != nil {
		return datasets.Set{}, datasets.Set{}, nil, err
	}
	train, held, problems, err = datasets.Train(l.data, s.Data, s.Seed, l.mode, cut...)
	return train, held, append(bad, problems...), err
}
