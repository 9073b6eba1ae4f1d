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

// df40Layout is the layout of DF40 (Yan et al. 2024, arXiv:2406.13495): 40 methods in four scenarios, made of the videos of
// FaceForensics++ (ff) and Celeb-DF (cdf), and nine whose real pictures come with them.
//
//	simswap/ff/frames/000_003/000.png …   or below test and train
//	simswap/cdf/frames/id0_id1_0000/…
//	MidJourney/fake/0001.png …            MidJourney/real/…
//	real/ff/frames/000/…                  the real videos, which are not part of it and may be put there
//
// ff, cdf and the nine others are data sets of their own, as their real videos are others.
const df40Layout = "DF40"

// df40Methods are the scenarios (face swap, face reenactment, entire face synthesis, face editing) of the methods' folders, in small letters.
var df40Methods = func() map[string]string {
	methods := map[string]string{}
	for scenario, names := range map[string]string{
		"FS":  "fsgan faceswap simswap inswap blendface uniface mobileswap e4s facedancer deepfacelab",
		"FR":  "fomm facevid2vid wav2lip mraa one_shot_free pirender tpsm lia danet sadtalker mcnet hyperreenact heygen",
		"EFS": "vqgan stylegan2 stylegan3 styleganxl sd2.1 ddim rddm pixart dit sit midjourney whichisreal whichfaceisreal",
		"FE":  "collabdiff e4e stargan starganv2 styleclip",
	} {
		for name := range strings.FieldsSeq(names) {
			methods[name] = scenario
		}
	}
	return methods
}()

var df40Scenarios = []string{"FS", "FR", "EFS", "FE"}

// df40Halves are the folders below a method, with the data set that they belong to.
var df40Halves = map[string]string{"ff": "DF40 ff", "cdf": "DF40 cdf", "fake": "DF40", "real": "DF40"}

func init() {
	layout.Register(layout.Layout{Name: df40Layout, Rank: 6, Recognise: recogniseDF40, Open: openDF40, Beside: func(name string) bool {
		return df40Methods[strings.ToLower(name)] == "" && !slices.Contains([]string{"real", "train", "test"}, name)
	}})
}

// df40Part is the folder of a method and a half, such as test/simswap/ff.
type df40Part struct {
	at, scenario, method, half string
	split                      layout.Split
}

func df40Parts(dir string) (parts []df40Part) {
	c := layout.NewCollector("", df40Layout, dir, datasets.Skip)
	for _, above := range []struct {
		folder string
		split  layout.Split
	}{{".", layout.NoSplit}, {"train", layout.TrainSplit}, {"test", layout.TestSplit}} {
		methods, _ := c.Folders(above.folder)
		for _, method := range methods {
			scenario := df40Methods[strings.ToLower(method)]
			if scenario == "" && method != "real" {
				continue
			}
			halves, _ := c.Folders(path.Join(above.folder, method))
			for _, half := range halves {
				name := strings.ToLower(half)
				if df40Halves[name] == "" || method == "real" && name != "ff" && name != "cdf" {
					continue
				}
				parts = append(parts, df40Part{path.Join(above.folder, method, half), scenario, method, name, above.split})
			}
		}
	}
	return parts
}

func recogniseDF40(dir string) (bool, string) {
	return slices.ContainsFunc(df40Parts(dir), func(p df40Part) bool {
		return p.scenario != "" && p.half != "real" && layout.HoldsMedia(filepath.Join(dir, filepath.FromSlash(p.at)))
	}), ""
}

func openDF40(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	sets := map[string]*layout.Collector{}
	var last *layout.Collector
	for _, part := range df40Parts(dir) {
		name := df40Halves[part.half]
		c := sets[name]
		if c == nil {
			c = layout.NewCollector(name, df40Layout, dir, mode)
			sets[name] = c
		}
		last = c
		// Pictures that are no frames lie in the folder itself, in one of its name, or in frames.
		places, err := c.Media([]string{part.at}, func(dir string) bool {
			base := strings.ToLower(path.Base(dir))
			return df40Halves[base] != "" || base == "frames"
		})
		if err != nil {
			return nil, err
		}
		for _, at := range slices.Sorted(maps.Keys(places)) {
			names := strings.Split(strings.TrimPrefix(at, part.at+"/"), "/")
			names = slices.DeleteFunc(names, func(name string) bool { return name == "frames" || strings.EqualFold(name, part.half) })
			if slices.Contains(names, "landmarks") || slices.Contains(names, "masks") || len(names) == 0 {
				continue
			}
			v := layout.Video{Method: "real", Name: strings.Join(names, "/"), Split: part.split}
			if v.Fake = part.method != "real" && part.half != "real"; v.Fake {
				v.Method = part.scenario + "/" + part.method
			} else if part.method != "real" {
				v.Method = "real/" + part.method
			}
			// In ff and cdf a fake is called by its target.
			v.Identity = name + "/" + v.Method + "/" + v.Name
			if part.half == "ff" || part.half == "cdf" {
				target, _, _ := strings.Cut(names[len(names)-1], "_")
				v.Identity = name + "/" + target
			}
			if err := c.Add(v, places[at]); err != nil {
				return nil, err
			}
		}
	}
	var opened []layout.Dataset
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		c := sets[name]
		if len(c.Videos) == 0 {
			continue
		}
		real := slices.ContainsFunc(c.Videos, func(v layout.Video) bool { return !v.Fake })
		for _, split := range []layout.Split{layout.TrainSplit, layout.TestSplit, layout.NoSplit} {
			for _, count := range []struct {
				method string
				fake   bool
			}{{"real", false}, {df40Scenarios[0], true}, {df40Scenarios[1], true}, {df40Scenarios[2], true}, {df40Scenarios[3], true}} {
				c.Count(split, count.method, count.fake, -1)
				if c.Counts[len(c.Counts)-1].There == 0 {
					c.Counts = c.Counts[:len(c.Counts)-1]
				}
			}
		}
		half := strings.TrimPrefix(name, "DF40 ")
		if of := map[string]string{"ff": "FaceForensics++", "cdf": "Celeb-DF v2"}[half]; of != "" {
			c.Notes = append(c.Notes, "its people are those of "+of+": whether they are trained on is not checked")
			if !real {
				c.Notes = append(c.Notes, "there are fakes only, and no figure without real videos: put those of "+of+" into real/"+half)
			}
		}
		opened = append(opened, c.Finish())
	}
	if len(opened) == 0 {
		return nil, last.None()
	}
	return opened, nil
}
