package layout

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// csvLayout is a folder with a file videos.csv that lists its videos, one a line ([datasets.ReadRows] says in which forms), under
// a header with the columns
//
//	file     slash path below the folder: a video file, an image of any format that package face reads, or a folder of frames
//	label    1 for fake, 0 for real, or a word ([datasets.ParseLabel])
//	method   what made the fake, or the kind of the real video; by default "real" or "fake"
//	video    name within the method; by default the file without its extension
//	target   who is seen; by default the video stands for the person
//	source   whose face or expression was put in
//	split    train, val or test; by default none
//
// of which file and label must be there. Videos and images that lie beside those listed, and that no row names, are problems. The data set is called by the folder.
const csvLayout = "videos.csv"

func init() { Register(Layout{Name: csvLayout, Rank: 0, Recognise: recogniseCSV, Open: openCSV}) }

func recogniseCSV(dir string) (bool, string) { return exists(filepath.Join(dir, csvLayout)), "" }

func openCSV(dir string, mode datasets.Mode) ([]Dataset, error) {
	name, err := datasets.FolderName(dir)
	if err != nil {
		return nil, err
	}
	c := NewCollector(name, csvLayout, dir, mode)
	file := filepath.Join(dir, csvLayout)
	f, err := OpenLabels(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	named, err := c.readVideos(f, file)
	if err != nil {
		return nil, err
	}
	if err := c.besideNamed(named); err != nil {
		return nil, err
	}
	if len(c.seen) == 0 {
		return nil, c.Unusable(file, "no usable row; want one for each video")
	}
	c.CountAll()
	return []Dataset{c.Finish()}, nil
}

// CountAll counts the videos of a data set without published lists: what its own list names, or what is there.
func (c *Collector) CountAll() {
	type kind struct {
		split  Split
		method string
		fake   bool
	}
	var kinds []kind
	lacking := map[kind]int{}
	for _, v := range slices.Concat(c.Videos, c.Missing) {
		k := kind{v.Split, v.Method, v.Fake}
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
		if v.Path == "" {
			lacking[k]++
		}
	}
	for _, k := range kinds {
		c.Count(k.split, k.method, k.fake, -1)
		c.Counts[len(c.Counts)-1].Listed += lacking[k]
	}
}

// readVideos reads the rows of videos.csv and returns the files that they name, good rows or bad.
func (c *Collector) readVideos(r io.Reader, file string) (named map[string]bool, err error) {
	named = map[string]bool{}
	column := map[string]int{}
	lines := map[string]int{} // by ID and by file
	err = c.EachRow(r, file, func(header []string) error {
		for i, name := range header {
			if _, ok := column[name]; ok && name != "" {
				return fmt.Errorf("column %s is there twice", name)
			}
			column[name] = i
		}
		for _, name := range []string{"file", "label"} {
			if _, ok := column[name]; !ok {
				return fmt.Errorf("column %s is missing in the header %q; want file,label and, if known, method,video,target,source,split", name, strings.Join(header, ","))
			}
		}
		return nil
	}, func(line int, fields []string) error {
		field := func(name string) string {
			if i, ok := column[name]; ok {
				return fields[i]
			}
			return ""
		}
		name := datasets.FindFile(c.Dir, field("file"))
		if err := CheckLocal(name); err != nil {
			return err
		}
		named[name] = true
		v := Video{
			Method: field("method"), Name: field("video"), Identity: field("target"), Source: field("source"),
			Split: Split(strings.ToLower(strings.TrimSpace(field("split")))),
		}
		var err error
		if v.Fake, err = datasets.ParseLabel(field("label")); err != nil {
			return err
		}
		kind := "real"
		if v.Fake {
			kind = "fake"
		}
		if !slices.Contains([]Split{NoSplit, TrainSplit, ValSplit, TestSplit}, v.Split) {
			return fmt.Errorf("split is %q; want train, val, test or nothing", v.Split)
		}
		if v.Method == "" {
			v.Method = kind
		}
		if v.Name == "" {
			v.Name = name
			if _, ok := listed(name); ok && path.Ext(name) == strings.ToLower(path.Ext(name)) {
				v.Name = stem(name)
			}
		}
		if v.Identity == "" {
			v.Identity = c.Name + "/" + v.Method + "/" + v.Name
		}
		for _, s := range []string{v.Method, v.Name, v.Identity, v.Source} {
			if err := datasets.CheckName(s); err != nil {
				return err
			}
		}
		v.Dataset = c.Name
		for _, key := range []string{"file " + name, "video " + v.ID()} {
			if before, ok := lines[key]; ok {
				return datasets.Problem{File: file, Line: line, Fault: datasets.Duplicate, Err: fmt.Errorf("%s is listed already in line %d", key, before)}
			}
		}
		lines["file "+name], lines["video "+v.ID()] = line, line
		at, err := c.media(name)
		if err != nil {
			c.Lack(v, name)
			fault := faultOf(err)
			if fault != datasets.Absent {
				c.Unread(v, name, fault)
				return datasets.Problem{File: filepath.Join(c.Dir, filepath.FromSlash(name)), Fault: fault, Err: err}
			}
			return datasets.Problem{File: file, Line: line, Fault: fault, Err: fmt.Errorf("file %s: %w", name, err)}
		}
		return c.Add(v, at)
	})
	return named, err
}

// besideNamed keeps account of videos and images that no row names, in the folders of those that rows do.
func (c *Collector) besideNamed(named map[string]bool) error {
	folders := map[string]bool{}
	for name := range named {
		folders[path.Dir(name)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		names, err := c.List(dir)
		if err != nil {
			return err
		}
		for _, name := range names {
			file := path.Join(dir, name)
			full := filepath.Join(c.Dir, filepath.FromSlash(file))
			if _, ok := listed(name); !ok || named[file] || isDir(full) || c.mode == datasets.Strict {
				continue
			}
			if err := c.Problem(datasets.Unlisted, full, 0, errors.New(csvLayout+" does not name it")); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed is [Medium] of a file that a list may name: also an image of those formats that package face reads besides. In a
// folder without a list these are no images, so that the sets of old stay what they are.
func listed(name string) (Pixels, bool) {
	if face.PictureName(name) {
		return StillImage, true
	}
	return Medium(name)
}

// media tells where a video file, an image or a folder of frames lies.
func (c *Collector) media(name string) (Footage, error) {
	full := filepath.Join(c.Dir, filepath.FromSlash(name))
	if isDir(full) {
		_, err := frameNames(full)
		return Footage{name, FrameFolder, true}, err
	}
	pixels, ok := listed(name)
	if !ok {
		if err := checkFile(full); err != nil {
			return Footage{}, err
		}
		return Footage{}, errNoMedium
	}
	return Footage{File: name, pixels: pixels}, checkFile(full)
}
