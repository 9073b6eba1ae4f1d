package layout

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
)

// maxDepth bounds how deep videos lie in a folder.
const maxDepth = 12

// walk calls visit for each folder at and below the named ones, in the order of their names, with the names of its files.
// Links to folders are followed, to each folder once, so that links in a circle do no harm.
func (c *Collector) walk(dirs []string, visit func(dir string, files []string) error) error {
	known := map[string]string{} // by path without links
	var descend func(dir string, depth int) error
	descend = func(dir string, depth int) error {
		full := filepath.Join(c.Dir, filepath.FromSlash(dir))
		real, err := filepath.EvalSymlinks(full)
		if err != nil {
			return c.Problem(datasets.Unreadable, full, 0, datasets.Pathless(err))
		}
		if before, ok := known[real]; ok {
			return c.Problem(datasets.Duplicate, full, 0, fmt.Errorf("it is the folder %s again, by a link: left out", datasets.Printable(before)))
		}
		known[real] = dir
		if depth == 0 {
			return c.Problem(datasets.Unreadable, full, 0, fmt.Errorf("folders within folders, more than %d: left out", maxDepth))
		}
		names, err := c.List(dir)
		if err != nil {
			return err
		}
		var files, folders []string
		for _, name := range names {
			if isDir(filepath.Join(full, name)) {
				if err := checkName(name); err != nil {
					if err := c.Problem(faultOf(err), filepath.Join(full, name), 0, err); err != nil {
						return err
					}
					continue
				}
				folders = append(folders, name)
			} else {
				files = append(files, name)
			}
		}
		if err := visit(dir, files); err != nil {
			return err
		}
		for _, name := range folders {
			if err := descend(path.Join(dir, name), depth-1); err != nil {
				return err
			}
		}
		return nil
	}
	for _, dir := range dirs {
		if !isDir(filepath.Join(c.Dir, filepath.FromSlash(dir))) {
			continue
		}
		if err := descend(dir, maxDepth); err != nil {
			return err
		}
	}
	return nil
}

// Tree lists the video files below the named folders, by their slash paths below the data set's.
func (c *Collector) Tree(dirs []string) (map[string]Footage, error) {
	places := map[string]Footage{}
	err := c.walk(dirs, func(dir string, files []string) error {
		for _, name := range files {
			if m, ok := Medium(name); !ok || m != VideoFile {
				continue
			}
			at, ok, err := c.file(path.Join(dir, name))
			if err != nil {
				return err
			}
			if ok {
				places[at.File] = at
			}
		}
		return nil
	})
	return places, err
}

// file tells where a video file or an image lies, and whether it can be used; if not, that is a problem.
func (c *Collector) file(name string) (at Footage, ok bool, err error) {
	full := filepath.Join(c.Dir, filepath.FromSlash(name))
	err = checkName(name)
	if err == nil {
		err = checkFile(full)
	}
	if err != nil {
		return Footage{}, false, c.Problem(faultOf(err), full, 0, err)
	}
	pixels, _ := Medium(name)
	return Footage{File: name, pixels: pixels}, true, nil
}

// stem is a file's name without its extension.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
