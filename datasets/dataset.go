package datasets

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Dataset is a data set as it lies on disk: the videos that are there, and those of its lists that are not.
type Dataset struct {
	Name     string    // with its compression, as in "FF++ c40"
	Layout   string    // how the folder is laid out, the name of one of [Layouts]
	Dir      string    // the folder
	Videos   []Video   // that are there, ordered by [Video.ID]
	Missing  []Video   // that a list names and that are not there or cannot be read, likewise ordered; without a Path
	Counts   []Count   // what is there of what the data set's authors published, by part and kind
	Problems []Problem // what was left out, in the order of finding
	Notes    []string  // what else to know of it, for people
	Frames   int       // videos of which a folder of frames is there

	unofficial bool // the list of the test part is not the official one
}

// Count is how many videos of one part and kind are there, and how many its authors published.
type Count struct {
	Split  Split  `json:"split"`
	Method string `json:"method"` // "" for all methods together
	Fake   bool   `json:"fake"`
	There  int    `json:"there"`
	Listed int    `json:"listed"` // by the official lists; where there are none, as many as there are
}

// Partial tells whether the data set lacks videos of the given parts, or, given none, of any: fewer are there than its
// authors published, one that a list names is missing, or the list is not the official one. A figure of a partial data
// set is not comparable with published ones.
func (d Dataset) Partial(splits ...Split) bool {
	in := func(s Split) bool { return len(splits) == 0 || slices.Contains(splits, s) }
	return d.unofficial && in(TestSplit) ||
		slices.ContainsFunc(d.Counts, func(c Count) bool { return in(c.Split) && c.There < c.Listed }) ||
		slices.ContainsFunc(d.Missing, func(v Video) bool { return in(v.Split) })
}

// Part returns the videos of one part.
func (d Dataset) Part(split Split) []Video {
	var videos []Video
	for _, v := range d.Videos {
		if v.Split == split {
			videos = append(videos, v)
		}
	}
	return videos
}

// fewest is how many real and how many fake videos a test part must have for a figure of it alone. The bound is ours; that
// of "few" in package table is the same.
const fewest = 10

// TrainedOn tells whether training sets of these names are of the data set, in whatever compression.
func (d Dataset) TrainedOn(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		name = SetName(name)
		of, ok := family(name)
		own, _ := family(d.Name)
		return name == d.Name || ok && of.Name == own.Name
	})
}

// TestVideos returns the videos to test on: those of the official test part, or all that are there where the test part has
// fewer than 10 real or fewer than 10 fake videos, as in a piece of a data set. If the data set is also trained on, the
// videos of [Dataset.TrainVideos], and all of the training part, are left out.
func (d Dataset) TestVideos(trained bool) []Video {
	videos := d.Part(TestSplit)
	fakes := 0
	for _, v := range videos {
		if v.Fake {
			fakes++
		}
	}
	if min(fakes, len(videos)-fakes) < fewest {
		videos = slices.Clone(d.Videos)
	}
	if !trained {
		return videos
	}
	seen := map[string]bool{}
	for _, v := range d.TrainVideos(false) {
		seen[v.ID()] = true
	}
	return slices.DeleteFunc(videos, func(v Video) bool { return seen[v.ID()] || v.Split == TrainSplit })
}

// TrainVideos returns the videos to train on: those of the official training part, or all where the data set has no parts;
// the real ones only, or the fakes as well.
func (d Dataset) TrainVideos(fakes bool) []Video {
	parts := slices.ContainsFunc(d.Videos, func(v Video) bool { return v.Split != NoSplit })
	var videos []Video
	for _, v := range d.Videos {
		if (fakes || !v.Fake) && (v.Split == TrainSplit || !parts) {
			videos = append(videos, v)
		}
	}
	return videos
}

// of counts the videos that a row is about.
func (c Count) of(videos []Video) (n int) {
	for _, v := range videos {
		if v.Split == c.Split && v.Fake == c.Fake && (c.Method == "" || v.Method == c.Method) {
			n++
		}
	}
	return n
}

// compareCounts orders parts as they are used, and real before fake.
func compareCounts(a, b Count) int {
	splits := []Split{TrainSplit, ValSplit, TestSplit, NoSplit}
	rank := map[bool]int{true: 1}
	return cmp.Or(
		cmp.Compare(slices.Index(splits, a.Split), slices.Index(splits, b.Split)),
		cmp.Compare(rank[a.Fake], rank[b.Fake]),
		cmp.Compare(a.Method, b.Method),
	)
}

// collector builds a data set and keeps account of what is wrong with it.
type collector struct {
	Dataset
	mode Mode
	seen map[string]Video // by ID
}

func newCollector(name, layout, dir string, mode Mode) *collector {
	return &collector{Dataset{Name: name, Layout: layout, Dir: dir}, mode, map[string]Video{}}
}

// problem keeps account of err; in mode Strict it returns it. A file is given by its path, which may be in Dir.
func (c *collector) problem(fault Fault, file string, line int, err error) error {
	p := Problem{file, line, fault, err}
	if c.mode == Strict {
		return p
	}
	c.Problems = append(c.Problems, p)
	return nil
}

// add takes a video that lies at the place.
func (c *collector) add(v Video, at place) error {
	v.Dataset, v.File, v.Pixels = c.Name, at.file, at.pixels
	v.Path = filepath.Join(c.Dir, filepath.FromSlash(at.file))
	if before, ok := c.seen[v.ID()]; ok {
		return c.problem(Duplicate, v.Path, 0, fmt.Errorf("%s is there already, as %s: want one file per video", v.ID(), printable(before.File)))
	}
	c.seen[v.ID()] = v
	c.Videos = append(c.Videos, v)
	if at.framed {
		c.Frames++
	}
	return nil
}

// lack notes a video that a list names and that is not there. File is where it would lie.
func (c *collector) lack(v Video, file string) {
	v.Dataset, v.File = c.Name, file
	c.Missing = append(c.Missing, v)
}

// count adds a row of Counts. Published is what the authors say, or a negative number where nobody says.
func (c *collector) count(split Split, method string, fake bool, published int) {
	row := Count{Split: split, Method: method, Fake: fake, Listed: published}
	row.There = row.of(c.Videos)
	if published < 0 {
		row.Listed = row.There
	}
	c.Counts = append(c.Counts, row)
}

// finish returns the data set with all in order.
func (c *collector) finish() Dataset {
	slices.SortStableFunc(c.Counts, compareCounts)
	byID := func(a, b Video) int { return cmp.Compare(a.ID(), b.ID()) }
	slices.SortFunc(c.Videos, byID)
	slices.SortStableFunc(c.Missing, byID)
	return c.Dataset
}

// place is where the pixels of a video lie.
type place struct {
	file   string // slash path below the data set's folder
	pixels Pixels
	framed bool // a folder of frames lies beside the video file
}

// shelf lists the videos in folders below the data set's, by name without extension: the video files in each folder of
// files, and the folders of images in each folder of frames. A folder that is not there holds none. What cannot be read,
// and a second file of one name, is a problem.
func (c *collector) shelf(files, frames []string) (map[string]place, error) {
	places := map[string]place{}
	for _, dir := range files {
		entries, err := c.list(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if m, ok := medium(e); !ok || m != VideoFile {
				continue
			}
			at, ok, err := c.file(path.Join(dir, e))
			if err == nil && ok {
				if before, twice := places[stem(e)]; twice {
					ok = false
					err = c.problem(Duplicate, filepath.Join(c.Dir, filepath.FromSlash(at.file)), 0,
						fmt.Errorf("%s is there already, as %s: want one file per video", stem(e), before.file))
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
		entries, err := c.list(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			file := path.Join(dir, e)
			full := filepath.Join(c.Dir, filepath.FromSlash(file))
			if info, err := os.Stat(full); err != nil || !info.IsDir() {
				continue
			}
			err := checkName(e)
			if err == nil {
				_, err = frameNames(full)
			}
			if err != nil {
				if err := c.problem(Unreadable, full, 0, err); err != nil {
					return nil, err
				}
				continue
			}
			at, ok := places[e]
			if !ok {
				at = place{file: file, pixels: FrameFolder}
			}
			at.framed = true
			places[e] = at
		}
	}
	return places, nil
}

// list returns the names in a folder below the data set's, sorted, without hidden ones.
func (c *collector) list(dir string) ([]string, error) {
	full := filepath.Join(c.Dir, filepath.FromSlash(dir))
	entries, err := os.ReadDir(full)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, c.problem(Unreadable, full, 0, pathless(err))
	}
	var names []string
	for _, e := range entries {
		if !hidden(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// folders returns the names of the folders, or links to folders, in a folder below the data set's.
func (c *collector) folders(dir string) ([]string, error) {
	names, err := c.list(dir)
	return slices.DeleteFunc(names, func(name string) bool {
		return !isDir(filepath.Join(c.Dir, filepath.FromSlash(dir), name))
	}), err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
