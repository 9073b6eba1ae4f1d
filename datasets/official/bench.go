package official

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// benchLayout is a folder of the lists of DeepfakeBench (Yan et al. 2023, arXiv:2307.01426), usually dataset_json, one file a set:
//
//	{"UADFV": {"UADFV_Real": {"train": {"0000": {"label": "UADFV_Real", "frames": ["…/UADFV/real/frames/0000/000.png", …]}, …}, …}, …}}
//
// Between part and video may stand a compression. The frames are looked for below the folder and the three above it, by as much of
// their paths as is there. A video of several parts, as in the lists of Celeb-DF, is one of the test part.
//
// Sets all of whose frames lie in folders that are read without a list are left out: they are there already.
const benchLayout = "DeepfakeBench"

var benchHead = regexp.MustCompile(`^\s*\{\s*"[^"]+"\s*:\s*\{\s*"[^"]+"\s*:\s*\{\s*"(train|val|test)"\s*:`)

func init() {
	layout.Register(layout.Layout{Name: benchLayout, Rank: 8, Recognise: recogniseBench, Open: openBench, Beside: func(string) bool { return true }})
}

func benchFiles(dir string) (files []string) {
	c := layout.NewCollector("", benchLayout, dir, datasets.Skip)
	names, _ := c.List(".")
	for _, name := range names {
		if strings.EqualFold(path.Ext(name), ".json") && benchHead.Match(headOf(filepath.Join(dir, name))) {
			files = append(files, name)
		}
	}
	return files
}

func recogniseBench(dir string) (bool, string) { return len(benchFiles(dir)) > 0, "" }

// benchVideo is a video of a list.
type benchVideo struct {
	label, name string
	split       layout.Split
	folder      string // of its frames, as the list has it
}

// benchSplits are the parts; of two, a video belongs to the later one.
var benchSplits = []layout.Split{layout.TrainSplit, layout.ValSplit, layout.TestSplit}

// benchEntry is what may stand under a part: a video, or a compression with its videos.
type benchEntry struct {
	Frames []string
	videos map[string]json.RawMessage
}

func (e *benchEntry) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		if err := json.Unmarshal(raw, &e.videos); err != nil {
			return err
		}
		if frames, ok := e.videos["frames"]; ok {
			return json.Unmarshal(frames, &e.Frames)
		}
	}
	return nil
}

func openBench(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	find := &benchFinder{dir: dir}
	var opened []layout.Dataset
	seen := map[string]bool{}
	there := false
	for _, file := range benchFiles(dir) {
		// Its lists are as long as it has frames, so that a file may be larger than a label file.
		sets, err := readBench(dir, file, mode)
		if err != nil {
			if mode == datasets.Strict {
				return nil, err
			}
			c := layout.NewCollector(file, benchLayout, dir, mode)
			_ = c.Problem(datasets.BadRow, filepath.Join(dir, file), 0, err)
			opened = append(opened, c.Finish())
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(sets)) {
			if seen[name] {
				continue // the same set in a second file, as FF-real is in many
			}
			seen[name] = true
			d, known, err := openBenchSet(name, sets[name], file, find, mode)
			if err != nil {
				return nil, err
			}
			there = there || known
			if d != nil {
				opened = append(opened, *d)
			}
		}
	}
	if len(opened) == 0 && !there {
		return nil, fmt.Errorf("layout: of the frames that the lists in %s name none is there, as %s; want them below the folder, or below one of the three above it",
			datasets.Printable(dir), datasets.Printable(find.missed))
	}
	return opened, nil
}

// openBenchSet collects the videos of a set; known tells that all that is there of it is read without a list, and then there
// is no data set.
func openBenchSet(name string, videos map[string]benchVideo, file string, find *benchFinder, mode datasets.Mode) (d *layout.Dataset, known bool, err error) {
	c := layout.NewCollector(benchLayout+" "+name, benchLayout, find.dir, mode)
	known = true
	for _, key := range slices.Sorted(maps.Keys(videos)) {
		b := videos[key]
		target, _, _ := strings.Cut(b.name, "_")
		v := layout.Video{Method: b.label, Name: b.name, Identity: c.Name + "/" + target, Split: b.split, Fake: !strings.HasSuffix(strings.ToLower(b.label), "real")}
		folder, ok := find.folder(b.folder)
		at, framed := layout.Footage{}, false
		if ok {
			known = known && find.known(folder)
			at, framed = c.FramesAt(folder)
		}
		if !framed {
			c.Lack(v, b.folder)
			if err := c.Problem(datasets.Absent, filepath.Join(find.dir, file), 0, fmt.Errorf("the frames of %s, %s, are not there", b.name, b.folder)); err != nil {
				return nil, false, err
			}
			continue
		}
		if err := c.Add(v, at); err != nil {
			return nil, false, err
		}
	}
	if len(c.Videos) == 0 {
		return nil, false, nil
	}
	if known {
		return nil, true, nil
	}
	c.CountAll()
	set := c.Finish()
	return &set, true, nil
}

// readBench returns the videos of each set of a file, with its compression, by label and name.
func readBench(dir, file string, mode datasets.Mode) (map[string]map[string]benchVideo, error) {
	f, err := layout.OpenLabels(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lists map[string]map[string]map[layout.Split]map[string]benchEntry
	if err := json.NewDecoder(datasets.Text(f)).Decode(&lists); err != nil {
		return nil, fmt.Errorf(`%w; want {"set": {"label": {"test": {"video": {"label": …, "frames": […]}}}}}`, err)
	}
	sets := map[string]map[string]benchVideo{}
	add := func(set, label, name string, split layout.Split, frames []string) {
		if len(frames) == 0 {
			return
		}
		if sets[set] == nil {
			sets[set] = map[string]benchVideo{}
		}
		folder := path.Dir(path.Clean(strings.ReplaceAll(frames[0], `\`, "/")))
		sets[set][label+"\n"+name] = benchVideo{label, name, split, folder}
	}
	for set, labels := range lists {
		for label, parts := range labels {
			for _, split := range benchSplits {
				for name, entry := range parts[split] {
					if entry.Frames != nil || entry.videos == nil {
						add(set, label, name, split, entry.Frames)
						continue
					}
					for video, raw := range entry.videos { // name is a compression
						var entry benchEntry
						if err := json.Unmarshal(raw, &entry); err != nil {
							return nil, fmt.Errorf("the entry of %s is malformed: %w", video, err)
						}
						add(set+" "+name, label, video, split, entry.Frames)
					}
				}
			}
		}
	}
	return sets, nil
}

// benchFinder finds folders of frames.
type benchFinder struct {
	dir    string
	bases  []string // that have been of use, below dir
	cut    []int    // how many names of a path go before it there
	missed string
	read   map[string]bool // folders that are read without a list
	gone   map[string]int  // folders below which nothing was found, and how often
}

// folder returns the slash path below dir of a folder as a list has it.
func (f *benchFinder) folder(listed string) (string, bool) {
	names := strings.Split(strings.TrimPrefix(listed, "/"), "/")
	try := func(base string, cut int) (string, bool) {
		if cut >= len(names) {
			return "", false
		}
		at := path.Join(append([]string{base}, names[cut:]...)...)
		return at, isDir(filepath.Join(f.dir, filepath.FromSlash(at)))
	}
	for i, base := range f.bases {
		if at, ok := try(base, f.cut[i]); ok {
			return at, true
		}
	}
	shelf := path.Dir(listed)
	if f.gone[shelf] > 2 {
		return "", false
	}
	for cut := range len(names) - 1 { // the longest first; a video's name alone is no path
		for _, above := range []string{".", "..", "../..", "../../.."} {
			for _, below := range []string{"", "rgb", "datasets", "datasets/rgb"} {
				base := path.Join(above, below)
				if at, ok := try(base, cut); ok {
					f.bases, f.cut = append(f.bases, base), append(f.cut, cut)
					return at, true
				}
			}
		}
	}
	if f.gone == nil {
		f.gone, f.missed = map[string]int{}, listed
	}
	f.gone[shelf]++
	return "", false
}

// known tells whether a folder of frames lies in a data set that is read without a list. DF40 is not: it has no real videos.
func (f *benchFinder) known(folder string) bool {
	if f.read == nil {
		f.read = map[string]bool{}
	}
	at := path.Dir(folder)
	known, ok := f.read[at]
	if !ok {
		for above, n := at, 0; n < 7 && !known; above, n = path.Dir(above), n+1 {
			name := layout.Of(filepath.Join(f.dir, filepath.FromSlash(above)))
			known = name != "" && name != benchLayout && name != df40Layout
			if strings.HasSuffix(above, "..") || above == "." {
				break
			}
		}
		f.read[at] = known
	}
	return known
}
