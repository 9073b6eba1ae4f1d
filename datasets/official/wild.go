package official

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// wildLayout is the layout of WildDeepfake (Zi et al. 2020, arXiv:2101.01456), usually the folder deepfake_in_the_wild, after
// its archives were unpacked:
//
//	real_train/12/real/103/00001.png …   12 is the archive, 103 a sequence of faces
//	fake_test/3/fake/64/1.png …
//
// Which sequences are of one video or one person is not published.
const wildLayout = "WildDeepfake"

var wildParts = []struct {
	folder string
	fake   bool
	split  layout.Split
}{
	{"real_train", false, layout.TrainSplit}, {"fake_train", true, layout.TrainSplit},
	{"real_test", false, layout.TestSplit}, {"fake_test", true, layout.TestSplit},
}

func init() {
	layout.Register(layout.Layout{Name: wildLayout, Rank: 5, Recognise: recogniseWild, Open: openWild})
}

func recogniseWild(dir string) (bool, string) {
	there, media := 0, false
	for _, part := range wildParts {
		if at := filepath.Join(dir, part.folder); isDir(at) {
			there++
			media = media || layout.HoldsMedia(at)
		}
	}
	switch {
	case there < 2:
		return false, ""
	case !media:
		return false, "no picture lies in its folders real_train, fake_train, real_test and fake_test: unpack the archives there"
	}
	return true, ""
}

func openWild(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(wildLayout, wildLayout, dir, mode)
	for _, part := range wildParts {
		places, err := c.Media([]string{part.folder}, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		method := map[bool]string{false: "real", true: "fake"}[part.fake]
		for _, at := range slices.Sorted(maps.Keys(places)) {
			// What all have in common says nothing.
			names := slices.DeleteFunc(strings.Split(at, "/")[1:], func(name string) bool { return name == "real" || name == "fake" || name == "frames" })
			name := strings.Join(names, "/")
			if part.split == layout.TestSplit {
				name = "test/" + name
			}
			v := layout.Video{Method: method, Name: name, Identity: fmt.Sprintf("%s/%s/%s", wildLayout, method, name), Fake: part.fake, Split: part.split}
			if err := c.Add(v, places[at]); err != nil {
				return nil, err
			}
		}
	}
	if len(c.Videos) == 0 {
		return nil, c.None()
	}
	c.CountAll()
	c.Notes = append(c.Notes, "how many videos its authors published is not checked, nor whether one person is seen in several sequences")
	return []layout.Dataset{c.Finish()}, nil
}
