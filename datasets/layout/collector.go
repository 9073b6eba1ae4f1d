package layout

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
)

// A Collector builds a data set for the Open of a [Layout] and keeps account of what is wrong with it. Names of files are
// slash paths below Dir.
type Collector struct {
	Dataset
	mode datasets.Mode
	seen map[string]Video // by ID
}

// NewCollector returns a collector of the data set called name in the folder dir.
func NewCollector(name, layout, dir string, mode datasets.Mode) *Collector {
	return &Collector{Dataset{Name: name, Layout: layout, Dir: dir}, mode, map[string]Video{}}
}

// Problem keeps account of err; in mode Strict it returns it. A file is given by its path, which may be in Dir. The line
// counts from 1; 0 means the whole file.
func (c *Collector) Problem(fault datasets.Fault, file string, line int, err error) error {
	p := datasets.Problem{File: file, Line: line, Fault: fault, Err: err}
	if c.mode == datasets.Strict {
		return p
	}
	c.Problems = append(c.Problems, p)
	return nil
}

// Add takes a video that lies there. Its Dataset, File, Path and Pixels are filled in; a second one of its ID is a problem.
func (c *Collector) Add(v Video, at Footage) error {
	v.Dataset, v.File, v.Pixels = c.Name, at.File, at.pixels
	v.Path = filepath.Join(c.Dir, filepath.FromSlash(at.File))
	if before, ok := c.seen[v.ID()]; ok {
		return c.Problem(datasets.Duplicate, v.Path, 0, fmt.Errorf("%s is there already, as %s: want one file per video", v.ID(), datasets.Printable(before.File)))
	}
	c.seen[v.ID()] = v
	c.Videos = append(c.Videos, v)
	if at.framed {
		c.Frames++
	}
	return nil
}

// Lack notes a video that a list names and that is not there. File is where it would lie.
func (c *Collector) Lack(v Video, file string) {
	v.Dataset, v.File = c.Name, file
	c.Missing = append(c.Missing, v)
}

// Unread notes a video whose file is there and cannot be read: it is tested, without a face.
func (c *Collector) Unread(v Video, file string, fault datasets.Fault) {
	v.Dataset, v.File = c.Name, file
	if _, ok := c.seen[v.ID()]; ok {
		return
	}
	c.seen[v.ID()] = v
	c.Dataset.Unread = append(c.Dataset.Unread, Unread{v, fault})
}

// Count adds a row of Counts. Published is what the authors say, or a negative number where nobody says.
func (c *Collector) Count(split Split, method string, fake bool, published int) {
	row := Count{Split: split, Method: method, Fake: fake, Listed: published}
	row.There = row.of(c.Videos)
	if published < 0 {
		row.Listed = row.There
	}
	c.Counts = append(c.Counts, row)
}

// Unlisted notes videos that are there and that no list knows, and why they are left out.
func (c *Collector) Unlisted(places map[string]Footage, why string) error {
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if err := c.Problem(datasets.Unlisted, filepath.Join(c.Dir, filepath.FromSlash(places[name].File)), 0, errors.New(why)); err != nil {
			return err
		}
	}
	return nil
}

// Unofficial notes that the list of the test part is not the official one, which makes the data set [Dataset.Partial], and
// says so to people.
func (c *Collector) Unofficial(note string) {
	c.unofficial = true
	c.Notes = append(c.Notes, note)
}

// Finish returns the data set with all in order.
func (c *Collector) Finish() Dataset {
	slices.SortStableFunc(c.Counts, compareCounts)
	byID := func(a, b Video) int { return cmp.Compare(a.ID(), b.ID()) }
	slices.SortFunc(c.Videos, byID)
	slices.SortStableFunc(c.Missing, byID)
	slices.SortFunc(c.Dataset.Unread, func(a, b Unread) int { return byID(a.Video, b.Video) })
	return c.Dataset
}

// Footage is where the pixels of a video lie.
type Footage struct {
	File   string // slash path below the data set's folder
	pixels Pixels
	framed bool // a folder of frames lies beside the video file
}

// Shelf lists the videos in folders below the data set's, by name without extension: the video files in each folder of
// files, and the folders of images in each folder of frames. A folder that is not there holds none. What cannot be read,
// and a second file of one name, is a problem.
func (c *Collector) Shelf(files, frames []string) (map[string]Footage, error) {
	places := map[string]Footage{}
	for _, dir := range files {
		entries, err := c.List(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if m, ok := Medium(e); !ok || m != VideoFile {
				continue
			}
			at, ok, err := c.file(path.Join(dir, e))
			if err == nil && ok {
				if before, twice := places[stem(e)]; twice {
					ok = false
					err = c.Problem(datasets.Duplicate, filepath.Join(c.Dir, filepath.FromSlash(at.File)), 0,
						fmt.Errorf("%s is there already, as %s: want one file per video", stem(e), before.File))
				}
			}
			if err != nil {
				return nil, err
			}
			if ok {
				places[stem(e)] = at
			}
		}
	}
	for _, dir := range frames {
		entries, err := c.List(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			file := path.Join(dir, e)
			full := filepath.Join(c.Dir, filepath.FromSlash(file))
			if info, err := os.Stat(full); err != nil || !info.IsDir() {
				continue
			}
			err := datasets.CheckName(e)
			if err == nil {
				_, err = frameNames(full)
			}
			if err != nil {
				if err := c.Problem(present(err), full, 0, err); err != nil {
					return nil, err
				}
				continue
			}
			at, ok := places[e]
			if !ok {
				at = Footage{File: file, pixels: FrameFolder}
			}
			at.framed = true
			places[e] = at
		}
	}
	return places, nil
}

// List returns the names in a folder below the data set's, sorted, without hidden ones.
func (c *Collector) List(dir string) ([]string, error) {
	full := filepath.Join(c.Dir, filepath.FromSlash(dir))
	entries, err := os.ReadDir(full)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, c.Problem(datasets.Unreadable, full, 0, datasets.Pathless(err))
	}
	var names []string
	for _, e := range entries {
		if !hidden(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Folders returns the names of the folders, or links to folders, in a folder below the data set's.
func (c *Collector) Folders(dir string) ([]string, error) {
	names, err := c.List(dir)
	return slices.DeleteFunc(names, func(name string) bool {
		return !isDir(filepath.Join(c.Dir, filepath.FromSlash(dir), name))
	}), err
}
