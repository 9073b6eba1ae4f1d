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
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// dfdcpLayout is the layout of the preview of the Deepfake Detection Challenge (Dolhansky et al. 2019,
// arXiv:1910.08854), usually the folder dfdc_preview_set:
//
//	original_videos/643049/643049_A_001.mp4 …
//	method_A/1224068/1224068_A/1224068_643049_A_001.mp4 …
//	method_B/…
//	dataset.json   {"method_A/…/….mp4": {"label": "fake", "set": "train", "target_id": "1224068", "swapped_id": "643049", …}, …}
//
// The folders below method_A and its like may lie one folder lower, in videos; folders of frames lie in method_A/frames, as
// DeepfakeBench has them, or images. Of the two actors of a fake, target_id is
// the one whose video was taken and swapped_id the one who was put in.
const dfdcpLayout = "DFDC preview"

// dfdcpSizes are the published videos: 4,464 to train on and 780 to test (the paper), of which 855 and 276 are real.
var dfdcpSizes = []struct {
	split        layout.Split
	reals, fakes int
}{{layout.TrainSplit, 855, 4464 - 855}, {layout.TestSplit, 276, 780 - 276}}

const (
	dfdcpFile     = "dataset.json"
	dfdcpOriginal = "original_videos"
)

var dfdcpMethods = []string{dfdcpOriginal, "method_A", "method_B"}

func init() {
	layout.Register(layout.Layout{Name: dfdcpLayout, Rank: 3, Recognise: recogniseDFDCP, Open: openDFDCP, Published: []datasets.Published{{
		Name:    dfdcpLayout,
		Folders: map[string]string{"dfdc_preview": dfdcpLayout},
		Lacks:   fewerThan(dfdcpSizes[1].reals, dfdcpSizes[1].fakes),
	}}})
}

func recogniseDFDCP(dir string) (bool, string) {
	var methods []string
	for _, method := range dfdcpMethods {
		if isDir(filepath.Join(dir, method)) {
			methods = append(methods, method)
		}
	}
	_, err := os.Lstat(filepath.Join(dir, dfdcpFile))
	switch {
	case err == nil && len(methods) > 0:
		return true, ""
	case len(methods) > 0:
		return false, dfdcpFile + " is missing: it says which videos are fake"
	}
	return false, "" // many programs have a dataset.json
}

func openDFDCP(dir string, mode datasets.Mode) ([]layout.Dataset, error) {
	c := layout.NewCollector(dfdcpLayout, dfdcpLayout, dir, mode)
	file := filepath.Join(dir, dfdcpFile)
	f, err := layout.OpenLabels(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	videos, err := readDFDCP(c, f, file)
	if err != nil {
		return nil, err
	}
	places, err := c.Tree(dfdcpMethods)
	if err != nil {
		return nil, err
	}
	frames := map[string]map[string]layout.Footage{} // by method and name
	for _, method := range dfdcpMethods {
		if frames[method], err = c.Shelf(nil, []string{path.Join(method, "frames"), path.Join(method, "images")}); err != nil {
			return nil, err
		}
	}
	// The folder videos is no part of the official names.
	at := map[string]layout.Footage{}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		method, rest, _ := strings.Cut(name, "/")
		listed := path.Join(method, strings.TrimPrefix(rest, "videos/"))
		if before, ok := at[listed]; ok {
			full := filepath.Join(dir, filepath.FromSlash(name))
			if err := c.Problem(datasets.Duplicate, full, 0, fmt.Errorf("it is there already, as %s", datasets.Printable(before.File))); err != nil {
				return nil, err
			}
			continue
		}
		at[listed] = places[name]
	}
	for _, name := range slices.Sorted(maps.Keys(videos)) {
		v := videos[name]
		footage, ok := at[name]
		if !ok {
			footage, ok = frames[v.Method][v.Name]
		}
		delete(frames[v.Method], v.Name)
		if !ok {
			c.Lack(v.Video, name)
			if err := c.Problem(datasets.Absent, file, v.line, fmt.Errorf("%s is not there, or cannot be read", name)); err != nil {
				return nil, err
			}
			continue
		}
		delete(at, name)
		if err := c.Add(v.Video, footage); err != nil {
			return nil, err
		}
	}
	for _, method := range dfdcpMethods {
		maps.Copy(at, frames[method])
	}
	if err := c.Unlisted(at, dfdcpFile+" does not name it"); err != nil {
		return nil, err
	}
	for _, size := range dfdcpSizes {
		c.Count(size.split, "", false, size.reals)
		c.Count(size.split, "", true, size.fakes)
	}
	return []layout.Dataset{c.Finish()}, nil
}

// dfdcpVideo is an entry of dataset.json.
type dfdcpVideo struct {
	layout.Video
	line int
}

// readDFDCP returns the videos of dataset.json by their names in it.
func readDFDCP(c *layout.Collector, r io.Reader, file string) (map[string]dfdcpVideo, error) {
	videos := map[string]dfdcpVideo{}
	err := c.EachJSON(r, file, func(line int, key string, raw json.RawMessage) error {
		if err := layout.CheckLocal(key); err != nil {
			return err
		}
		method, _, ok := strings.Cut(key, "/")
		if m, media := layout.Medium(key); !ok || !media || m != layout.VideoFile {
			return fmt.Errorf("file %q is not named as a video of the DFDC preview; want one like method_A/1/1_A/1_2_A_001.mp4", key)
		}
		if before, ok := videos[key]; ok {
			return datasets.Problem{File: file, Line: line, Fault: datasets.Duplicate, Err: fmt.Errorf("%s is listed already in line %d", key, before.line)}
		}
		var entry struct {
			Label   string `json:"label"`
			Set     string `json:"set"`
			Target  text   `json:"target_id"`
			Swapped text   `json:"swapped_id"`
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			return fmt.Errorf(`the entry of %s is malformed: %w; want {"label": "fake", "set": "train", "target_id": "1", "swapped_id": "2"}`, key, err)
		}
		v := layout.Video{Method: method, Name: strings.TrimSuffix(path.Base(key), path.Ext(key)), Identity: string(entry.Target), Source: string(entry.Swapped)}
		switch strings.ToLower(entry.Label) {
		case "real":
			v.Source = ""
		case "fake":
			v.Fake = true
		default:
			return fmt.Errorf("label of %s is %q; want real or fake", key, entry.Label)
		}
		if v.Fake == (method == dfdcpOriginal) {
			return datasets.Problem{File: file, Line: line, Fault: datasets.Conflict, Err: fmt.Errorf("%s is labelled %s, but its folder says otherwise", key, entry.Label)}
		}
		switch entry.Set {
		case "train":
			v.Split = layout.TrainSplit
		case "test":
			v.Split = layout.TestSplit
		default:
			return fmt.Errorf("set of %s is %q; want train or test", key, entry.Set)
		}
		if v.Identity == "" {
			v.Identity = v.Name
		}
		videos[key] = dfdcpVideo{v, line}
		return nil
	})
	if err == nil && len(videos) == 0 {
		err = c.Unusable(file, "no usable entry; want one for each video")
	}
	return videos, err
}

// text is a JSON string, a number taken as it is written, or null, taken as "".
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s *string
	if json.Unmarshal(raw, &s) == nil {
		if *t = ""; s != nil {
			*t = text(*s)
		}
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return errors.New("want a text or a number")
	}
	*t = text(n)
	return nil
}
