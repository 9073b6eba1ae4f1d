package official

import (
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

// avLayout is the layout of FakeAVCeleb (Khalid et al. 2021, arXiv:2108.05080), usually the folder FakeAVCeleb_v1.2:
//
//	RealVideo-RealAudio/African/men/id00076/00109.mp4 …
//	RealVideo-FakeAudio/…   FakeVideo-RealAudio/…   FakeVideo-FakeAudio/…
//	meta_data.csv           source,target1,target2,method,category,type,race,gender,path, and a column without a name: the file and its folder
//
// What counts is the picture: a real video with a fake voice is real. The person is the folder of the video.
const avLayout = "FakeAVCeleb"

const avMeta = "meta_data.csv"

var avTypes = []struct {
	name string
	fake bool
}{{"RealVideo-RealAudio", false}, {"RealVideo-FakeAudio", false}, {"FakeVideo-RealAudio", true}, {"FakeVideo-FakeAudio", true}}

// avOther finds the second person in the name of a fake, as in 00109_10_id00476_wavtolip.
var avOther = regexp.MustCompile(`_(id\d+)`)

func init() {
	layout.Register(layout.Layout{Name: avLayout, Rank: 5, Recognise: recogniseAV, Open: openAV})
}

func recogniseAV(dir string) (bool, string) {
	var there []string
	for _, kind := range avTypes {
		if isDir(filepath.Join(dir, kind.name)) {
			there = append(there, kind.name)
		}
	}
	if len(there) == 0 {
		return false, ""
	}
	if !slices.ContainsFunc(there, func(name string) bool { return layout.HoldsMedia(filepath.Join(dir, name)) }) {
		return false, "no video lies in its folder " + there[0]
	}
	return true, ""
}

func openAV(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(avLayout, avLayout, dir, mode)
	methods := map[string]string{}
	switch f, err := layout.OpenLabels(filepath.Join(dir, avMeta)); {
	case err == nil:
		methods, err = readAVMeta(c, f, filepath.Join(dir, avMeta))
		f.Close()
		if err != nil {
			return nil, err
		}
	case exists(filepath.Join(dir, avMeta)):
		return nil, err
	default:
		c.Notes = append(c.Notes, avMeta+" is missing: it says by which method a fake was made")
	}
	for _, kind := range avTypes {
		places, err := c.Media([]string{kind.name}, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		for _, at := range slices.Sorted(maps.Keys(places)) {
			below := strings.TrimPrefix(at, kind.name+"/")
			v := layout.Video{Method: kind.name, Name: below, Identity: path.Base(path.Dir(at)), Fake: kind.fake}
			if method := methods[at]; kind.fake && method != "" {
				v.Method += "/" + method
			}
			if m := avOther.FindStringSubmatch(path.Base(at)); kind.fake && m != nil && m[1] != v.Identity {
				v.Source = m[1]
			}
			if err := c.Add(v, places[at]); err != nil {
				return nil, err
			}
		}
	}
	if len(c.Videos) == 0 {
		return nil, c.None()
	}
	for _, kind := range avTypes {
		c.Count(layout.NoSplit, kind.name, kind.fake, -1)
	}
	c.Notes = append(c.Notes, "RealVideo-FakeAudio counts as real: its pictures are those of the real videos, and voices are not looked at")
	return []layout.Dataset{c.Finish()}, nil
}

// readAVMeta returns the method of each video by its slash path below the data set, without extension.
func readAVMeta(c *layout.Collector, r io.Reader, file string) (map[string]string, error) {
	methods := map[string]string{}
	column := -1
	err := c.EachRow(r, file, func(header []string) error {
		if column = slices.Index(header, "method"); column < 0 {
			return fmt.Errorf("column method is missing; want source,target1,target2,method,category,type,race,gender,path and the folder")
		}
		return nil
	}, func(line int, fields []string) error {
		// The folder is in a column without a name, and begins with that of the data set.
		for i, field := range fields {
			for _, kind := range avTypes {
				if at := strings.Index(field, kind.name+"/"); at >= 0 && i > 0 {
					name := path.Join(field[at:], fields[i-1])
					methods[strings.TrimSuffix(name, path.Ext(name))] = strings.Clone(fields[column])
				}
			}
		}
		return nil
	})
	return methods, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
