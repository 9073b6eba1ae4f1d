package layout

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
)

// Media lists all that lies below the named folders, by slash path without the ending: video files, the folders of images as
// folders of frames, and single images in the folders that stills names. What cannot be read is a problem.
func (c *Collector) Media(dirs []string, stills func(dir string) bool) (map[string]Footage, error) {
	places := map[string]Footage{}
	add := func(name string, at Footage) error {
		if before, ok := places[name]; ok {
			return c.Problem(datasets.Duplicate, filepath.Join(c.Dir, filepath.FromSlash(at.File)), 0,
				fmt.Errorf("%s is there already, as %s: want one file per video", name, datasets.Printable(before.File)))
		}
		places[name] = at
		return nil
	}
	err := c.walk(dirs, func(dir string, files []string) error {
		images := false
		for _, name := range files {
			m, ok := Medium(name)
			if !ok {
				continue
			}
			if m == StillImage && !stills(dir) {
				images = true
				continue
			}
			file := path.Join(dir, name)
			at, ok, err := c.file(file)
			if err == nil && ok {
				err = add(stem(file), at)
			}
			if err != nil {
				return err
			}
		}
		if images {
			return add(dir, Footage{dir, FrameFolder, true})
		}
		return nil
	})
	return places, err
}

// FramesAt is the folder of frames at a slash path below the data set's, if it holds any.
func (c *Collector) FramesAt(dir string) (at Footage, ok bool) {
	full := filepath.Join(c.Dir, filepath.FromSlash(dir))
	if _, err := frameNames(full); err != nil {
		return Footage{}, false
	}
	return Footage{dir, FrameFolder, true}, true
}

// None is the error of a data set of which nothing is there that can be read, with the first reason.
func (c *Collector) None() error {
	for _, p := range c.Problems {
		return fmt.Errorf("layout: no video of %s in %s can be used; the first: %w", c.Name, datasets.Printable(c.Dir), p)
	}
	return errors.New("layout: no video of " + c.Name + " in " + datasets.Printable(c.Dir))
}
