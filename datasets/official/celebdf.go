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
// The videos may lie one folder lower, in videos, and folders of their frames in frames, as DeepfakeBench has them. What the
// list does not name is the training part.
//
// Celeb-DF v1, its forerunner, has the same folders with 158, 250 and 795 videos and a list of 100. It is told by its list
// or by the name of its folder. Celeb-DF++ (Li et al. 2025, arXiv:2507.18015) has the real videos of v2 and its fakes by scenario and
// method, as Celeb-synthesis/FaceSwap/SimSwap/id0_id1_0000.mp4; of a talking face the name has no source.
const celebLayout = "Celeb-DF v2"

const (
	celebFirst = "Celeb-DF v1"
	celebPlus  = "Celeb-DF++"
)

const celebList = "List_of_testing_videos.txt"

const celebFakes = "Celeb-synthesis"

// celebScenarios are the folders of fakes of Celeb-DF++.
var celebScenarios = []string{"FaceSwap", "FaceReenact", "TalkingFace"}

// celebKind is one of the three folders.
type celebKind struct {
	folder    string
	fake      bool
	name      *regexp.Regexp // of a video; its first group is the target, its second the source
	all, test int            // videos of v2 in the paper and in the official list
	first     int            // videos of v1
}

var celebKinds = []celebKind{
	{"Celeb-real", false, regexp.MustCompile(`^(id\d+)_\d{4}$`), 590, 108, 158},
	{"YouTube-real", false, regexp.MustCompile(`^(\d{5})$`), 300, 70, 250},
	{celebFakes, true, regexp.MustCompile(`^(id\d+)_(?:(id\d+)_)?\d{4}`), 5639, 340, 795},
}

// The videos of the lists of v1 and of ++: for ++ 340 of v2, and 200 of each other method, but 300 of talking faces.
const (
	celebFirstReals, celebFirstFakes = 38, 62
	celebPlusFakes                   = 340 + 7*200 + 7*200 + 7*300
)

// celebListDigest is the SHA-256 of the official list's lines of v2, sorted, each with a line feed. Two public copies of the
// list agree with it: 178 real and 340 fake videos.
const celebListDigest = "a0742307bae02294d7412648732fb9879f967b4971eb195fa6fb6d67dcd41451"

func init() {
	reals := celebKinds[0].test + celebKinds[1].test
	layout.Register(layout.Layout{Name: celebLayout, Rank: 2, Recognise: recogniseCeleb, Open: openCeleb, Published: []datasets.Published{
		{Name: celebLayout, Folders: map[string]string{"celebdf_v2": celebLayout}, Lacks: fewerThan(reals, celebKinds[2].test)},
		{Name: celebFirst, Folders: map[string]string{"celebdf_v1": celebFirst}, Lacks: fewerThan(celebFirstReals, celebFirstFakes)},
		{Name: celebPlus, Folders: map[string]string{"celebdf_pp": celebPlus}, Lacks: fewerThan(reals, celebPlusFakes)},
	}})
}

// Names of folders that tell v1 and v2 apart, as in Celeb-DF-v1 and celebdf(v2).
var celebVersion = regexp.MustCompile(`(?i)celeb.?df.{0,2}v?([12])\b`)

// celebRelease tells which of the three a folder is, by its scenarios, its list and its name.
func celebRelease(dir string, list celebTests) string {
	if fakes, ok := celebFolder(dir, celebFakes); ok {
		for _, scenario := range celebScenarios {
			if _, ok := celebFolder(filepath.Join(dir, fakes), scenario); ok {
				return celebPlus
			}
		}
	}
	if list.official {
		return celebLayout
	}
	if abs, err := filepath.Abs(dir); err == nil {
		if m := celebVersion.FindStringSubmatch(filepath.Base(abs)); m != nil {
			return map[string]string{"1": celebFirst, "2": celebLayout}[m[1]]
		}
	}
	if list.reals == celebFirstReals && list.fakes == celebFirstFakes {
		return celebFirst
	}
	return celebLayout
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
	list, err := readCelebList(c, f, listPath)
	if err != nil {
		return nil, err
	}
	tests := list.lines
	c.Name = celebRelease(dir, list)
	c.Layout = c.Name
	if c.Name == celebLayout && !list.official || c.Name == celebFirst && len(tests) != celebFirstReals+celebFirstFakes {
		c.Unofficial(fmt.Sprintf("%s is not the official list of %s: %d usable lines, and the official one has %d; what it lists counts as the test part",
			celebList, c.Name, len(tests), map[string]int{celebLayout: 518, celebFirst: celebFirstReals + celebFirstFakes}[c.Name]))
	}
	listed := map[string]int{} // by scenario
	for id := range tests {
		if folder, name, _ := strings.Cut(id, "/"); folder == celebFakes {
			scenario, _, _ := strings.Cut(name, "/")
			listed[scenario]++
		}
	}
	for _, kind := range celebKinds {
		folder, ok := celebFolder(dir, kind.folder)
		if !ok {
			folder = kind.folder
		}
		places, err := celebShelf(c, kind, folder)
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
		if err := c.Unlisted(places, "not named as a video of "+kind.folder+" of "+c.Name); err != nil {
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
	celebCounts(c, listed)
	return []layout.Dataset{c.Finish()}, nil
}

// celebShelf lists the videos of a folder, those of ++ by scenario and method, as FaceSwap/SimSwap/id0_id1_0000.
func celebShelf(c *layout.Collector, kind celebKind, folder string) (map[string]layout.Footage, error) {
	shelf := func(at string) (map[string]layout.Footage, error) {
		return c.Shelf([]string{at, path.Join(at, "videos")}, []string{path.Join(at, "frames"), path.Join(at, "images")})
	}
	if c.Name != celebPlus || !kind.fake {
		return shelf(folder)
	}
	all := map[string]layout.Footage{}
	for _, scenario := range celebScenarios {
		at, ok := celebFolder(filepath.Join(c.Dir, folder), scenario)
		if !ok {
			continue
		}
		at = path.Join(folder, at)
		methods, err := c.Folders(at)
		if err != nil {
			return nil, err
		}
		for _, method := range methods {
			places, err := shelf(path.Join(at, method))
			if err != nil {
				return nil, err
			}
			for name, place := range places {
				all[scenario+"/"+method+"/"+name] = place
			}
		}
	}
	return all, nil
}

// celebCounts counts what is there; listed are the fakes in the list of ++, by scenario.
func celebCounts(c *layout.Collector, listed map[string]int) {
	if c.Name == celebFirst {
		c.Count(layout.TestSplit, "", false, celebFirstReals)
		c.Count(layout.TestSplit, "", true, celebFirstFakes)
		c.Count(layout.TrainSplit, "", false, celebKinds[0].first+celebKinds[1].first-celebFirstReals)
		c.Count(layout.TrainSplit, "", true, celebKinds[2].first-celebFirstFakes)
		return
	}
	for _, split := range []layout.Split{layout.TrainSplit, layout.TestSplit} {
		for _, kind := range celebKinds {
			if kind.fake && c.Name == celebPlus {
				continue
			}
			published := kind.test
			if split == layout.TrainSplit {
				published = kind.all - kind.test
			}
			c.Count(split, kind.folder, kind.fake, published)
		}
		for _, scenario := range celebScenarios {
			if c.Name == celebPlus && split == layout.TestSplit {
				c.Count(split, scenario, true, listed[scenario])
			} else if c.Name == celebPlus {
				c.Count(split, scenario, true, -1) // nobody says
			}
		}
	}
}

// celebVideo returns what the name of a video says, as of the training part; ok is false if it is no name of the folder. In
// ++ it begins with scenario and method.
func celebVideo(folder, name string) (v layout.Video, ok bool) {
	method := folder
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		if method, name = name[:at], name[at+1:]; folder != celebFakes || strings.Count(method, "/") != 1 {
			return layout.Video{}, false
		}
	}
	for _, kind := range celebKinds {
		if kind.folder != folder {
			continue
		}
		m := kind.name.FindStringSubmatch(name)
		if m == nil || method == folder && kind.fake && (m[2] == "" || len(name) != len(m[0])) {
			return layout.Video{}, false
		}
		v = layout.Video{Method: method, Name: name, Identity: m[1], Fake: kind.fake, Split: layout.TrainSplit}
		if kind.fake {
			v.Source = m[2]
		}
		return v, true
	}
	return layout.Video{}, false
}

// celebTests is what a list of testing videos says.
type celebTests struct {
	lines        map[string]int // the line of each video by folder and name without extension
	reals, fakes int
	official     bool // it is that of v2
}

// readCelebList reads the test list.
func readCelebList(c *layout.Collector, r io.Reader, path string) (celebTests, error) {
	tests, list := map[string]int{}, celebTests{}
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
			return fmt.Errorf("%s is in none of the folders of Celeb-DF", file)
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
		if v, _ := celebVideo(folder, name); v.Fake {
			list.fakes++
		} else {
			list.reals++
		}
		lines = append(lines, label+" "+id+".mp4\n")
		return nil
	})
	if err != nil {
		return celebTests{}, err
	}
	if len(tests) == 0 {
		return celebTests{}, c.Unusable(path, "no usable line; want 1 (real) or 0 (fake) and a file in each")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	list.lines, list.official = tests, hex.EncodeToString(sum[:]) == celebListDigest
	return list, nil
}
