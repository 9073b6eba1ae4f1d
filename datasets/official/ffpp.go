package official

import (
	_ "embed" // the split lists
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// ffppLayout is the layout of FaceForensics++ (Rössler et al. 2019, arXiv:1901.08971) as its download script makes it,
// with DeepFakeDetection (DFD) beside it:
//
//	original_sequences/youtube/<c>/videos/000.mp4 …
//	original_sequences/actors/<c>/videos/01__exit_phone_room.mp4 …
//	manipulated_sequences/<method>/<c>/videos/000_003.mp4 …
//	manipulated_sequences/DeepFakeDetection/<c>/videos/01_02__exit_phone_room__YVGY8LOK.mp4 …
//
// A folder FaceForensics++_C23 and the like may hold original, Deepfakes … and in these the videos, without more.
//
// Here <c> is raw (or c0), c23 or c40. Folders of frames lie in <c>/images, where the authors' extraction script puts
// them, or in <c>/frames. Each compression is a data set of its own, and so is DFD, whose real videos are others.
const ffppLayout = "FaceForensics++"

// ffppSplits are the official parts: 360, 70 and 70 pairs of sequences, each of which is the target of one fake of a
// method and the source of the other. They are the pairs of dataset/splits/{train,val,test}.json in the repository
// github.com/ondyari/FaceForensics at commit b952e41, sorted.
//
//go:embed ffpp_splits.txt
var ffppSplits string

// ffppSequence is what the lists say of a sequence.
type ffppSequence struct {
	split   layout.Split
	partner string // the other of its pair
}

// ffppSequences are the 1,000 sequences by name.
var ffppSequences = sync.OnceValue(func() map[string]ffppSequence {
	sequences := map[string]ffppSequence{}
	for line := range strings.Lines(ffppSplits) {
		words := strings.Fields(line)
		for _, pair := range words[1:] {
			a, b, _ := strings.Cut(pair, "_")
			sequences[a] = ffppSequence{layout.Split(words[0]), b}
			sequences[b] = ffppSequence{layout.Split(words[0]), a}
		}
	}
	return sequences
})

// ffppPart is the number of sequences in a part, and of the fakes of each method.
func ffppPart(split layout.Split) (n int) {
	for _, of := range ffppSequences() {
		if of.split == split {
			n++
		}
	}
	return n
}

// ffppMethods are the methods of FF++. The first four are those of the paper; FaceShifter came later and is counted
// where its folder is there.
var ffppMethods = []string{"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter"}

const (
	ffppOriginal = "original"
	ffppOptional = "FaceShifter"

	dfdOriginal = "original_actors"
	dfdMethod   = "DeepFakeDetection"
	// The sizes of DFD are those of dataset/README.md in the repository above. It has no official parts.
	dfdReals, dfdFakes = 363, 3068
)

// ffppFolders are the compressions and the folders that hold them.
var ffppFolders = []struct {
	compression string
	folders     []string
}{{"raw", []string{"raw", "c0"}}, {"c23", []string{"c23"}}, {"c40", []string{"c40"}}}

func init() {
	folders := func(folder, name string) map[string]string {
		names := map[string]string{}
		for _, f := range ffppFolders {
			names[folder+"_"+f.compression] = name + " " + f.compression
		}
		return names
	}
	layout.Register(layout.Layout{Name: ffppLayout, Rank: 1, Recognise: recogniseFFPP, Open: openFFPP, Published: []datasets.Published{
		{Name: "FF++", Folders: folders("ffpp", "FF++"), Person: ffppPerson, Lacks: ffppLacks},
		{Name: "DFD", Folders: folders("dfd", "DFD"), Lacks: fewerThan(dfdReals, dfdFakes)},
	}})
}

// ffppPerson is what the person of a sequence is called: by the first of the sequences that were cut from one video.
func ffppPerson(name string) string {
	for _, same := range ffppSameVideo {
		if slices.Contains(same, name) {
			return same[0]
		}
	}
	return name
}

// ffppLacks is [datasets.Published.Lacks]. The real videos are wanted, and those of each method that the set has at all.
func ffppLacks(videos []datasets.Item) bool {
	tested := map[string]int{ffppOriginal: 0} // videos of the test part by method
	for _, it := range videos {
		if it.Method == ffppOriginal || slices.Contains(ffppMethods, it.Method) {
			tested[it.Method] += 0
			if ffppSequences()[it.Identity].split == layout.TestSplit {
				tested[it.Method]++
			}
		}
	}
	part := ffppPart(layout.TestSplit)
	for _, n := range tested {
		if n < part {
			return true
		}
	}
	return false
}

func recogniseFFPP(dir string) (bool, string) {
	c := layout.NewCollector("", ffppLayout, dir, datasets.Skip)
	trees := 0
	for _, tree := range []string{"original_sequences", "manipulated_sequences"} {
		if !isDir(filepath.Join(dir, tree)) {
			continue
		}
		trees++
		kinds, _ := c.Folders(tree)
		for _, kind := range kinds {
			for _, f := range ffppFolders {
				if slices.ContainsFunc(f.folders, func(folder string) bool { return ffppShelves(dir, path.Join(tree, kind, folder)) }) {
					return true, ""
				}
			}
		}
	}
	if trees > 0 {
		return false, "no folder like original_sequences/youtube/c23/videos in it"
	}
	if ffppFlat(dir) != "" {
		return true, ""
	}
	methods, _ := c.Folders(".")
	methods = slices.DeleteFunc(methods, func(name string) bool { return !slices.Contains(ffppMethods, name) })
	if len(methods) > 1 {
		return false, fmt.Sprintf("%s lie directly in it; want manipulated_sequences/%s/c23/videos, or a folder original beside them and the compression in the name of the folder that holds them, as in FF_c23",
			strings.Join(methods, ", "), methods[0])
	}
	return false, ""
}

// ffppName finds the compression in the name of a folder.
var ffppName = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(raw|c0|c23|c40)(?:[^a-z0-9]|$)`)

// ffppFlat is the compression of a folder that holds original and the methods, and in each the videos, as copies for
// contests do; "" if it is none, or if its name does not say the compression.
func ffppFlat(dir string) string {
	abs, err := filepath.Abs(dir)
	m := ffppName.FindStringSubmatch(filepath.Base(abs))
	if err != nil || m == nil || !layout.HoldsMedia(filepath.Join(dir, ffppOriginal)) ||
		!slices.ContainsFunc(ffppMethods, func(method string) bool { return layout.HoldsMedia(filepath.Join(dir, method)) }) {
		return ""
	}
	if m[1] = strings.ToLower(m[1]); m[1] == "c0" {
		return "raw"
	}
	return m[1]
}

// ffppShelves tells whether a folder of one compression has a folder of videos or frames.
func ffppShelves(dir, folder string) bool {
	return slices.ContainsFunc([]string{"videos", "images", "frames"}, func(shelf string) bool {
		return isDir(filepath.Join(dir, filepath.FromSlash(folder), shelf))
	})
}

func openFFPP(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	var sets []layout.Dataset
	for _, f := range ffppFolders {
		ff := layout.NewCollector("FF++ "+f.compression, ffppLayout, dir, mode)
		dfd := layout.NewCollector("DFD "+f.compression, ffppLayout, dir, mode)
		if found, err := openSequences(ff, f.compression, f.folders); err != nil {
			return nil, err
		} else if found {
			sets = append(sets, ff.Finish())
		}
		if found, err := openDFD(dfd, f.compression, f.folders); err != nil {
			return nil, err
		} else if found {
			sets = append(sets, dfd.Finish())
		}
	}
	return sets, nil
}

// ffppShelf lists the videos of a kind, such as original_sequences/youtube, and tells whether the kind has the
// compression at all.
func ffppShelf(c *layout.Collector, kind string, folders []string) (places map[string]layout.Footage, found bool, err error) {
	if flat := ffppFlat(c.Dir); flat != "" {
		at := map[string]string{"original_sequences/youtube": ffppOriginal}[kind]
		if method, ok := strings.CutPrefix(kind, "manipulated_sequences/"); ok {
			at = method
		}
		if at == "" || !isDir(filepath.Join(c.Dir, at)) || !slices.Contains(folders, flat) {
			return nil, false, nil
		}
		places, err = c.Shelf([]string{at, path.Join(at, "videos")}, []string{path.Join(at, "frames"), path.Join(at, "images")})
		return places, true, err
	}
	var videos, frames []string
	for _, folder := range folders {
		at := path.Join(kind, folder)
		found = found || ffppShelves(c.Dir, at)
		videos = append(videos, path.Join(at, "videos"))
		frames = append(frames, path.Join(at, "images"), path.Join(at, "frames"))
	}
	places, err = c.Shelf(videos, frames)
	return places, found, err
}

// openSequences collects the sequences and their fakes. They are looked for by the official lists; what else is there is a
// problem.
func openSequences(c *layout.Collector, compression string, folders []string) (found bool, err error) {
	kinds := []struct{ method, folder string }{{ffppOriginal, "original_sequences/youtube"}}
	for _, method := range ffppMethods {
		kinds = append(kinds, struct{ method, folder string }{method, "manipulated_sequences/" + method})
	}
	for _, kind := range kinds {
		places, there, err := ffppShelf(c, kind.folder, folders)
		if err != nil {
			return false, err
		}
		if !there && kind.method == ffppOptional {
			continue
		}
		found = found || there
		for _, sequence := range slices.Sorted(maps.Keys(ffppSequences())) {
			of := ffppSequences()[sequence]
			v := layout.Video{Compression: compression, Method: kind.method, Name: sequence, Identity: sequence, Split: of.split}
			if kind.method != ffppOriginal {
				v.Name, v.Source, v.Fake = sequence+"_"+of.partner, of.partner, true
			}
			at, ok := places[v.Name]
			if !ok {
				c.Lack(v, path.Join(kind.folder, folders[0], "videos", v.Name+".mp4"))
				continue
			}
			delete(places, v.Name)
			if err := c.Add(v, at); err != nil {
				return false, err
			}
		}
		if err := c.Unlisted(places, "no sequence or pair of the official lists of FaceForensics++"); err != nil {
			return false, err
		}
		for _, split := range []layout.Split{layout.TrainSplit, layout.ValSplit, layout.TestSplit} {
			c.Count(split, kind.method, kind.method != ffppOriginal, ffppPart(split))
		}
	}
	return found, nil
}

// Names in DFD: actor and scene, and target, source, scene and experiment.
var (
	dfdReal = regexp.MustCompile(`^(\d\d)__[a-z_]+$`)
	dfdFake = regexp.MustCompile(`^(\d\d)_(\d\d)__[a-z_]+__[A-Z0-9]{8}$`)
)

func openDFD(c *layout.Collector, compression string, folders []string) (found bool, err error) {
	for _, kind := range []struct {
		method, folder string
		fake           bool
		name           *regexp.Regexp
		published      int
	}{
		{dfdOriginal, "original_sequences/actors", false, dfdReal, dfdReals},
		{dfdMethod, "manipulated_sequences/" + dfdMethod, true, dfdFake, dfdFakes},
	} {
		places, there, err := ffppShelf(c, kind.folder, folders)
		if err != nil {
			return false, err
		}
		found = found || there
		for _, name := range slices.Sorted(maps.Keys(places)) {
			m := kind.name.FindStringSubmatch(name)
			if m == nil {
				continue
			}
			v := layout.Video{Compression: compression, Method: kind.method, Name: name, Identity: m[1], Fake: kind.fake}
			if kind.fake {
				v.Source = m[2]
			}
			if err := c.Add(v, places[name]); err != nil {
				return false, err
			}
			delete(places, name)
		}
		if err := c.Unlisted(places, "not named as a video of DeepFakeDetection"); err != nil {
			return false, err
		}
		c.Count(layout.NoSplit, kind.method, kind.fake, kind.published)
	}
	return found, nil
}

// ffppSameVideo are the sequences that were cut from one YouTube video and so show one person or two of the same
// broadcast, by dataset/conversion_dict.json in the repository above: 1,000 sequences of 977 videos. The official parts
// divide seven of them; two of these lie in the training and in the test part (755 and 756, 954 and 955). That other
// videos show the same people, too, no list tells.
var ffppSameVideo = [][]string{
	{"331", "332"}, {"524", "525"}, {"566", "567"}, {"605", "606"}, {"614", "615"}, {"618", "619"}, {"639", "640"},
	{"685", "686", "687"}, {"755", "756"}, {"766", "767"}, {"769", "770"}, {"787", "788"}, {"837", "838"}, {"875", "876"},
	{"883", "884"}, {"937", "938"}, {"942", "943"}, {"954", "955"}, {"967", "968"}, {"973", "974"}, {"982", "983"}, {"993", "994"},
}
