package official

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// ffiwLayout is the layout of FFIW10K (Zhou et al. 2021, arXiv:2103.04570), usually the folder FFIW10K-v1-release: real videos
// in source, fakes in target, in which some of several faces are swapped.
//
//	source/val/val_00000000.mp4 …
//	target/val/val_00000000.mp4 …
//
// The parts are train, val and test; the videos may lie one folder lower, in videos.
const ffiwLayout = "FFIW"

var ffiwSplits = []layout.Split{layout.TrainSplit, layout.ValSplit, layout.TestSplit}

func init() {
	layout.Register(layout.Layout{Name: ffiwLayout, Rank: 6, Recognise: recogniseFFIW, Open: openFFIW})
}

func recogniseFFIW(dir string) (bool, string) {
	media := func(kind string) bool {
		return slices.ContainsFunc(ffiwSplits, func(split layout.Split) bool { return layout.HoldsMedia(filepath.Join(dir, kind, string(split))) })
	}
	source, target := media("source"), media("target")
	named := strings.Contains(strings.ToLower(filepath.Base(dir)), "ffiw")
	switch {
	case source && target:
		return true, ""
	case named && source:
		return false, "there are no fakes in target/train, target/val or target/test"
	case named && target:
		return false, "there are no real videos in source/train, source/val or source/test"
	}
	return false, ""
}

func openFFIW(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(ffiwLayout, ffiwLayout, dir, mode)
	for _, kind := range []struct {
		folder string
		fake   bool
	}{{"source", false}, {"target", true}} {
		for _, split := range ffiwSplits {
			at := path.Join(kind.folder, string(split))
			places, err := c.Shelf([]string{at, path.Join(at, "videos")}, []string{path.Join(at, "frames"), path.Join(at, "images")})
			if err != nil {
				return nil, err
			}
			for _, name := range slices.Sorted(maps.Keys(places)) {
				// A fake has the name of the video that it was made of; names of two parts may be alike.
				v := layout.Video{Method: kind.folder, Name: string(split) + "/" + name, Identity: ffiwLayout + "/" + string(split) + "/" + name, Fake: kind.fake, Split: split}
				if err := c.Add(v, places[name]); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(c.Videos) == 0 {
		return nil, c.None()
	}
	c.CountAll()
	c.Notes = append(c.Notes,
		"a video in target is fake as a whole, but not each of its faces: which ones are swapped is in its masks, which are not read",
		"how many videos its authors published is not checked")
	return []layout.Dataset{c.Finish()}, nil
}
