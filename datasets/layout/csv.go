package layout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
)

// csvLayout is a folder with a file videos.csv that lists its videos, one a line, under a header with the columns
//
//	file     slash path below the folder: a video file, an image, or a folder of frames
//	label    1 for fake, 0 for real
//	method   what made the fake, or the kind of the real video; by default "real" or "fake"
//	video    name within the method; by default the file without its extension
//	target   who is seen; by default the video stands for the person
//	source   whose face or expression was put in
//	split    train, val or test; by default none
//
// of which file and label must be there. The data set is called by the folder.
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
	if err := c.readVideos(f, file); err != nil {
		return nil, err
	}
	if len(c.seen) == 0 && len(c.Missing) == 0 {
		return nil, datasets.Problem{File: file, Line: 0, Fault: datasets.BadRow, Err: errors.New("no usable row; want one for each video")}
	}
	c.countAll()
	return []Dataset{c.Finish()}, nil
}

// countAll counts the videos of a data set without published lists: what its own list names.
func (c *Collector) countAll() {
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

// readVideos reads the rows of videos.csv.
func (c *Collector) readVideos(r io.Reader, file string) error {
	column := map[string]int{}
	lines := map[string]int{} // by ID and by file
	return c.EachRow(r, file, func(header []string) error {
		for i, name := range header {
			if _, ok := column[name]; ok && name != "" {
				return fmt.Errorf("column %s is there twice", name)
			}
			column[name] = i
		}
		for _, name := range []string{"file", "label"} {
			if _, ok := column[name]; !ok {
				return fmt.Errorf("column %s is missing; want file,label and, if known, method,video,target,source,split", name)
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
		name := field("file")
		if err := CheckLocal(name); err != nil {
			return err
		}
		v := Video{
			Method: field("method"), Name: field("video"), Identity: field("target"), Source: field("source"),
			Split: Split(field("split")),
		}
		kind := "real"
		switch field("label") {
		case "0":
		case "1":
			v.Fake, kind = true, "fake"
		default:
			return fmt.Errorf("label is %q; want 0 (real) or 1 (fake)", field("label"))
		}
		if !slices.Contains([]Split{NoSplit, TrainSplit, ValSplit, TestSplit}, v.Split) {
			return fmt.Errorf("split is %q; want train, val, test or nothing", v.Split)
		}
		if v.Method == "" {
			v.Method = kind
		}
		if v.Name == "" {
			if v.Name = name; slices.Contains(slices.Concat(videoExtensions, imageExtensions), path.Ext(name)) {
				v.Name = stem(name)
			}
		}
		if v.Identity == "" {
			v.Identity = c.Name + "/" + v.Method + "/" + v.Name
		}
		for _, s := range []string{v.Method, v.Name, v.Identity, v.Source} {
			if err := checkName(s); err != nil {
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
			if errors.Is(err, os.ErrNotExist) {
				fault = datasets.Absent
			}
			return datasets.Problem{File: file, Line: line, Fault: fault, Err: fmt.Errorf("file %s: %w", name, err)}
		}
		return c.Add(v, at)
	})
}

// media tells where a video file, an image or a folder of frames lies.
func (c *Collector) media(name string) (Footage, error) {
	full := filepath.Join(c.Dir, filepath.FromSlash(name))
	if isDir(full) {
		_, err := frameNames(full)
		return Footage{name, FrameFolder, true}, err
	}
	pixels, ok := Medium(name)
	if !ok {
		return Footage{}, errors.New("its extension is that of no video and no image; want one like .mp4 or .png, or a folder of frames")
	}
	return Footage{File: name, pixels: pixels}, checkFile(full)
}
