package official

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// dfdcLayout is the layout of the Deepfake Detection Challenge (Dolhansky et al. 2020, arXiv:2006.07397). A folder of it,
// or each of its folders train/dfdc_train_part_0 …, validation and test, holds videos and their labels:
//
//	metadata.json   {"a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"}, …}, of the training parts;
//	                {"a.mp4": {"is_fake": 1, …}, …}, of the test part
//	labels.csv      filename,label with 1 for fake, of the validation and test parts
//
// The videos lie beside the labels, or in a folder videos, test or test_videos there; folders of their frames in frames, as
// DeepfakeBench has them, or images.
const dfdcLayout = "DFDC"

// dfdcMethod is the method of all its videos: which one made a fake is not published.
const dfdcMethod = "DFDC"

// dfdcSizes are the published videos: 100,000 fakes of 119,154 to train on (the paper), and 4,000 and 5,000, half of each
// fake, to validate and to test (the labels.csv of each).
var dfdcSizes = []struct {
	split        layout.Split
	reals, fakes int
}{{layout.TrainSplit, 19154, 100000}, {layout.ValSplit, 2000, 2000}, {layout.TestSplit, 2500, 2500}}

func init() {
	layout.Register(layout.Layout{Name: dfdcLayout, Rank: 4, Recognise: recogniseDFDC, Open: openDFDC, Published: []datasets.Published{{
		Name:    dfdcLayout,
		Folders: map[string]string{"dfdc": dfdcLayout},
		Lacks:   fewerThan(dfdcSizes[2].reals, dfdcSizes[2].fakes),
	}}})
}

// Where videos and parts lie below a folder of DFDC.
var (
	dfdcShelves = []string{".", "videos", "test", "test_videos"}
	dfdcParts   = regexp.MustCompile(`^(train|val|valid|validation|test|test_videos|train_sample_videos|(dfdc_)?train_part_\d+)$`)
)

// dfdcHeads are how the label files begin.
var dfdcHeads = map[string]*regexp.Regexp{
	"metadata.json": regexp.MustCompile(`(?s)^\s*\{.*("label"\s*:\s*"(?i:REAL|FAKE)"|"is_fake"\s*:)`),
	"labels.csv":    regexp.MustCompile(`(?i)^(sep=.\s+)?"?\s*filename\s*"?[,;\t|]\s*"?label\b`),
}

var dfdcFiles = []string{"metadata.json", "labels.csv"}

// dfdcLabelled tells whether a folder holds a label file of DFDC.
func dfdcLabelled(dir string) bool {
	return slices.ContainsFunc(dfdcFiles, func(name string) bool { return dfdcHeads[name].Match(headOf(filepath.Join(dir, name))) })
}

// headOf returns the first bytes of a file, none if it cannot be read.
func headOf(path string) []byte {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(datasets.Text(f), 1<<16))
	return head
}

// dfdcFolders lists the labelled folders of dir as slash paths below it: itself, its parts, and their parts.
func dfdcFolders(dir string) []string {
	var labelled []string
	if dfdcLabelled(dir) {
		labelled = append(labelled, ".")
	}
	c := layout.NewCollector("", dfdcLayout, dir, datasets.Skip)
	var descend func(at string, depth int)
	descend = func(at string, depth int) {
		names, _ := c.Folders(at)
		for _, name := range names {
			if !dfdcParts.MatchString(name) {
				continue
			}
			part := path.Join(at, name)
			if dfdcLabelled(filepath.Join(dir, filepath.FromSlash(part))) {
				labelled = append(labelled, part)
			}
			if depth > 1 {
				descend(part, depth-1)
			}
		}
	}
	descend(".", 2)
	return labelled
}

func recogniseDFDC(dir string) (bool, string) {
	if len(dfdcFolders(dir)) > 0 {
		return true, ""
	}
	videos := 0
	c := layout.NewCollector("", dfdcLayout, dir, datasets.Skip)
	names, _ := c.List(".")
	for _, name := range names {
		if dfdcName.MatchString(name) {
			videos++
		}
	}
	if videos == 0 {
		return false, ""
	}
	for _, name := range dfdcFiles {
		if slices.Contains(names, name) {
			return false, name + " is not as DFDC has it"
		}
	}
	return false, fmt.Sprintf("metadata.json or labels.csv is missing beside its %d videos", videos)
}

// dfdcName is a video file's name in DFDC: ten letters.
var dfdcName = regexp.MustCompile(`^[a-z]{10}\.mp4$`)

// dfdcLabel is what the labels of one folder say of a video.
type dfdcLabel struct {
	fake     bool
	original string // name of the real video that a fake was made from, without extension; "" if not said
	split    layout.Split
	disputed bool   // two rows give different labels
	file     string // the label file
	line     int
}

func openDFDC(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(dfdcLayout, dfdcLayout, dir, mode)
	for _, folder := range dfdcFolders(dir) {
		if err := dfdcFolder(c, folder); err != nil {
			return nil, err
		}
	}
	for _, size := range dfdcSizes {
		c.Count(size.split, dfdcMethod, false, size.reals)
		c.Count(size.split, dfdcMethod, true, size.fakes)
	}
	return []layout.Dataset{c.Finish()}, nil
}

func dfdcFolder(c *layout.Collector, folder string) error {
	labels := map[string]dfdcLabel{}
	for _, name := range dfdcFiles {
		file := filepath.Join(c.Dir, filepath.FromSlash(folder), name)
		if !dfdcHeads[name].Match(headOf(file)) {
			continue
		}
		f, err := layout.OpenLabels(file)
		if err != nil {
			return err
		}
		read := readDFDCMetadata
		if name == "labels.csv" {
			read = readDFDCLabels
		}
		err = read(c, f, file, dfdcSplit(folder, name), labels)
		f.Close()
		if err != nil {
			return err
		}
	}
	var shelves []string
	for _, shelf := range dfdcShelves {
		if at := path.Join(folder, shelf); at == folder || !dfdcLabelled(filepath.Join(c.Dir, filepath.FromSlash(at))) {
			shelves = append(shelves, at)
		}
	}
	places, err := c.Shelf(shelves, []string{path.Join(folder, "frames"), path.Join(folder, "images")})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		label := labels[name]
		if label.disputed {
			delete(places, name)
			continue
		}
		v := layout.Video{Method: dfdcMethod, Name: name, Identity: name, Fake: label.fake, Split: label.split}
		// Who is seen is not published; the clip that a fake was made from stands for its actor.
		if label.fake && label.original != "" {
			v.Identity = label.original
		}
		at, ok := places[name]
		if !ok {
			c.Lack(v, path.Join(folder, name+".mp4"))
			if err := c.Problem(datasets.Absent, label.file, label.line, fmt.Errorf("%s.mp4 is not there, or cannot be read", name)); err != nil {
				return err
			}
			continue
		}
		delete(places, name)
		if err := c.Add(v, at); err != nil {
			return err
		}
	}
	return c.Unlisted(places, "the label file of its folder does not name it")
}

// dfdcSplit is the part that a label file tells of by its place and name.
func dfdcSplit(folder, file string) layout.Split {
	switch base := path.Base(folder); {
	case strings.HasPrefix(base, "val"):
		return layout.ValSplit
	case strings.Contains(base, "train"):
		return layout.TrainSplit
	case strings.HasPrefix(base, "test") || file == "labels.csv":
		return layout.TestSplit
	}
	return layout.NoSplit
}

// dfdcVideo checks the name of a video in a label file and returns it without extension.
func dfdcVideo(file string) (string, error) {
	if err := layout.CheckLocal(file); err != nil {
		return "", err
	}
	name, ok := strings.CutSuffix(file, ".mp4")
	if !ok || name == "" || strings.Contains(name, "/") {
		return "", fmt.Errorf("file %q is not named as a video of DFDC; want one like aaaaaaaaaa.mp4", file)
	}
	return name, nil
}

// dfdcTell adds what a label file says of a video to what is known. What two rows dispute is true of neither.
func dfdcTell(labels map[string]dfdcLabel, name string, label dfdcLabel) error {
	before, ok := labels[name]
	switch {
	case !ok:
		labels[name] = label
		return nil
	case before.fake != label.fake:
		before.disputed = true
		labels[name] = before
		return datasets.Problem{File: label.file, Line: label.line, Fault: datasets.Conflict, Err: fmt.Errorf("%s.mp4 is labelled otherwise at %s:%d: left out", name, datasets.Printable(before.file), before.line)}
	case before.file == label.file:
		return datasets.Problem{File: label.file, Line: label.line, Fault: datasets.Duplicate, Err: fmt.Errorf("%s.mp4 is listed already in line %d", name, before.line)}
	}
	return nil
}

func readDFDCMetadata(c *layout.Collector, r io.Reader, file string, split layout.Split, labels map[string]dfdcLabel) error {
	return c.EachJSON(r, file, func(line int, key string, raw json.RawMessage) error {
		name, err := dfdcVideo(key)
		if err != nil {
			return err
		}
		var entry struct {
			Label    *string `json:"label"`
			IsFake   *int    `json:"is_fake"`
			Split    string  `json:"split"`
			Original *string `json:"original"` // null for real videos
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			return fmt.Errorf(`the entry of %s is malformed: %w; want {"label": "FAKE", "split": "train", "original": "b.mp4"}`, key, err)
		}
		label := dfdcLabel{split: split, file: file, line: line}
		switch {
		case entry.Label != nil && strings.EqualFold(*entry.Label, "FAKE"), entry.Label == nil && entry.IsFake != nil && *entry.IsFake == 1:
			label.fake = true
		case entry.Label != nil && strings.EqualFold(*entry.Label, "REAL"), entry.Label == nil && entry.IsFake != nil && *entry.IsFake == 0:
		default:
			return fmt.Errorf(`the entry of %s has no label; want "label": "REAL" or "FAKE", or "is_fake": 0 or 1`, key)
		}
		switch entry.Split {
		case "train":
			label.split = layout.TrainSplit
		case "test":
			label.split = layout.TestSplit
		case "":
			if entry.IsFake != nil && label.split == layout.NoSplit {
				label.split = layout.TestSplit
			}
		default:
			return fmt.Errorf("the split of %s is %q; want train or test", key, entry.Split)
		}
		if entry.Original != nil && *entry.Original != "" {
			if label.original, err = dfdcVideo(*entry.Original); err != nil {
				return fmt.Errorf("the original of %s: %w", key, err)
			}
		}
		return dfdcTell(labels, name, label)
	})
}

func readDFDCLabels(c *layout.Collector, r io.Reader, file string, split layout.Split, labels map[string]dfdcLabel) error {
	return c.EachRow(r, file, func(header []string) error {
		if len(header) < 2 || header[0] != "filename" || header[1] != "label" {
			return errors.New("want the header filename,label")
		}
		return nil
	}, func(line int, fields []string) error {
		name, err := dfdcVideo(fields[0])
		if err != nil {
			return err
		}
		label := dfdcLabel{split: split, file: file, line: line}
		if label.fake, err = datasets.ParseLabel(fields[1]); err != nil {
			return fmt.Errorf("%s: %w", fields[0], err)
		}
		return dfdcTell(labels, name, label)
	})
}
