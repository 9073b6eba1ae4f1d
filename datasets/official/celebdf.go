package official

import (
	"crypto/sha256"
	"encoding/hex"
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

// celebLayout is the layout of Celeb-DF v2 (Li et al. 2020, arXiv:1909.12962):
//
//	Celeb-real/id0_0000.mp4 …            590 videos
//	YouTube-real/00000.mp4 …             300 videos
//	Celeb-synthesis/id0_id1_0000.mp4 …   5,639 fakes: target, source, number of the target's video
//	List_of_testing_videos.txt           518 lines: 1 for real or 0 for fake, and the file
//
// The videos may lie one folder lower, in videos. What the list does not name is the training part.
const celebLayout = "Celeb-DF v2"

const celebList = "List_of_testing_videos.txt"

// celebKind is one of the three folders.
type celebKind struct {
	folder    string
	fake      bool
	name      *regexp.Regexp // of a video; its first group is the target, its second the source
	all, test int            // videos in the paper and in the official list
}

var celebKinds = []celebKind{
	{"Celeb-real", false, regexp.MustCompile(`^(id\d+)_\d{4}$`), 590, 108},
	{"YouTube-real", false, regexp.MustCompile(`^(\d{5})$`), 300, 70},
	{"Celeb-synthesis", true, regexp.MustCompile(`^(id\d+)_(id\d+)_\d{4}$`), 5639, 340},
}

// celebListDigest is the SHA-256 of the official list's lines, sorted, each with a line feed. Two public copies of the list
// agree with it: 178 real and 340 fake videos.
const celebListDigest = "a0742307bae02294d7412648732fb9879f967b4971eb195fa6fb6d67dcd41451"

func init() {
	layout.Register(layout.Layout{Name: celebLayout, Rank: 2, Recognise: recogniseCeleb, Open: openCeleb, Published: []datasets.Published{{
		Name:    celebLayout,
		Folders: map[string]string{"celebdf_v2": celebLayout},
		Lacks:   fewerThan(celebKinds[0].test+celebKinds[1].test, celebKinds[2].test),
	}}})
}

// celebFolder returns the folder's name as it is on disk: some copies write Youtube-real.
func celebFolder(dir, folder string) (string, bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), folder) && isDir(filepath.Join(dir, e.Name())) {
			return e.Name(), true
		}
	}
	return "", false
}

func recogniseCeleb(dir string) (bool, string) {
	var folders []string
	for _, kind := range celebKinds {
		if name, ok := celebFolder(dir, kind.folder); ok {
			folders = append(folders, name)
		}
	}
	_, err := os.Lstat(filepath.Join(dir, celebList))
	switch {
	case err == nil && len(folders) > 0:
		return true, ""
	case err == nil:
		return false, "Celeb-real, YouTube-real and Celeb-synthesis are missing"
	case len(folders) > 0:
		return false, celebList + " is missing: it says which videos are the test part"
	}
	return false, ""
}

func openCeleb(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(celebLayout, celebLayout, dir, mode)
	listPath := filepath.Join(dir, celebList)
	f, err := layout.OpenLabels(listPath)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tests, err := readCelebList(c, f, listPath)
	if err != nil {
		return nil, err
	}
	for _, kind := range celebKinds {
		folder, ok := celebFolder(dir, kind.folder)
		if !ok {
			folder = kind.folder
		}
		places, err := c.Shelf([]string{folder, path.Join(folder, "videos")}, nil)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(places)) {
			v, ok := celebVideo(kind.folder, name)
			if !ok {
				continue
			}
			if id := kind.folder + "/" + name; tests[id] > 0 {
				v.Split = layout.TestSplit
				delete(tests, id)
			}
			if err := c.Add(v, places[name]); err != nil {
				return nil, err
			}
			delete(places, name)
		}
		if err := c.Unlisted(places, "not named as a video of "+kind.folder+" of Celeb-DF v2"); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(tests)) {
		folder, name, _ := strings.Cut(id, "/")
		v, _ := celebVideo(folder, name)
		v.Split = layout.TestSplit
		c.Lack(v, id+".mp4")
		if err := c.Problem(datasets.Absent, listPath, tests[id], fmt.Errorf("%s.mp4 is not there, or cannot be read", id)); err != nil {
			return nil, err
		}
	}
	for _, split := range []layout.Split{layout.TrainSplit, layout.TestSplit} {
		for _, kind := range celebKinds {
			published := kind.test
			if split == layout.TrainSplit {
				published = kind.all - kind.test
			}
			c.Count(split, kind.folder, kind.fake, published)
		}
	}
	return []layout.Dataset{c.Finish()}, nil
}

// celebVideo returns what the name of a video says, as of the training part; ok is false if it is no name of the folder.
func celebVideo(folder, name string) (v layout.Video, ok bool) {
	for _, kind := range celebKinds {
		if kind.folder != folder {
			continue
		}
		m := kind.name.FindStringSubmatch(name)
		if m == nil {
			return layout.Video{}, false
		}
		v = layout.Video{Method: folder, Name: name, Identity: m[1], Fake: kind.fake, Split: layout.TrainSplit}
		if kind.fake {
			v.Source = m[2]
		}
		return v, true
	}
	return layout.Video{}, false
}

// readCelebList returns the line of each video of the test list by folder and name without extension. That the list is
// not the official one is a problem of the whole file.
func readCelebList(c *layout.Collector, r io.Reader, path string) (map[string]int, error) {
	tests := map[string]int{}
	var lines []string
	err := c.EachLine(r, path, func(line int, text string) error {
		label, file, _ := strings.Cut(text, " ")
		file = strings.TrimSpace(file)
		if label != "0" && label != "1" || file == "" {
			return fmt.Errorf("the line is %q; want 1 (real) or 0 (fake) and a file, as in 1 Celeb-real/id0_0000.mp4", text)
		}
		if err := layout.CheckLocal(file); err != nil {
			return err
		}
		folder, base, _ := strings.Cut(file, "/")
		kind := slices.IndexFunc(celebKinds, func(k celebKind) bool { return strings.EqualFold(k.folder, folder) })
		if kind < 0 {
			return fmt.Errorf("%s is in none of the folders of Celeb-DF v2", file)
		}
		folder = celebKinds[kind].folder
		name, isMP4 := strings.CutSuffix(base, ".mp4")
		if v, ok := celebVideo(folder, name); !isMP4 || !ok {
			return fmt.Errorf("%s is not named as a video of %s", file, folder)
		} else if v.Fake != (label == "0") {
			err := fmt.Errorf("the list says %s of %s, but its folder says otherwise and is believed; in this list 1 is real", label, file)
			if err := c.Problem(datasets.Conflict, path, line, err); err != nil {
				return err
			}
		}
		id := folder + "/" + name
		if before, ok := tests[id]; ok {
			return datasets.Problem{File: path, Line: line, Fault: datasets.Duplicate, Err: fmt.Errorf("%s is listed already in line %d", file, before)}
		}
		tests[id] = line
		lines = append(lines, label+" "+id+".mp4\n")
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(tests) == 0 {
		return nil, c.Unusable(path, "no usable line; want 1 (real) or 0 (fake) and a file in each")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	if hex.EncodeToString(sum[:]) != celebListDigest {
		c.Unofficial(fmt.Sprintf("%s is not the official list: %d usable lines, and the official one has 518; what it lists counts as the test part", celebList, len(lines)))
	}
	return tests, nil
}
