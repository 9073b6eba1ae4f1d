package layout

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
)

// Report is what [Examine] found under a data root.
type Report struct {
	Root     string          `json:"root"`
	Datasets []DatasetReport `json:"datasets"` // videos and images in the layouts of their authors
	Sets     []SetReport     `json:"sets"`     // faces that are cut already
	Leaks    []Leak          `json:"leaks"`
	Near     []Near          `json:"near_duplicates,omitempty"` // as far as somebody has looked at the faces
	Strange  []Stray         `json:"unrecognised"`
}

// DatasetReport is the state of one data set.
type DatasetReport struct {
	Name    string  `json:"name"`
	Layout  string  `json:"layout"`
	Dir     string  `json:"dir"`
	Partial bool    `json:"partial"`
	Real    int     `json:"real"` // videos that are there
	Fake    int     `json:"fake"`
	Listed  int     `json:"listed"`  // videos of the official lists, or of the folder's own
	Missing int     `json:"missing"` // videos of those that are not there
	Frames  int     `json:"frames"`  // videos of which a folder of frames is there
	Faces   *int    `json:"faces"`   // videos whose faces are extracted; nil while that is not known
	Counts  []Count `json:"counts"`

	Faults   map[datasets.Fault]int `json:"faults"` // number of problems by kind
	Problems []string               `json:"problems"`
	Notes    []string               `json:"notes"`

	Rivals        []Rival  `json:"rivals,omitempty"`         // on its faces to test on, if they are cut and of both classes
	MissingVideos []string `json:"missing_videos,omitempty"` // IDs of those that a list names, if asked for
}

// SetReport is the state of a set of faces.
type SetReport struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"` // "face crops" to test on or "real faces" to train on
	Dir      string   `json:"dir"`
	Partial  bool     `json:"partial"`
	Faces    int      `json:"faces"`
	Real     int      `json:"real"` // videos
	Fake     int      `json:"fake"`
	People   int      `json:"people"` // whose heads are seen
	Problems []string `json:"problems"`
	Rivals   []Rival  `json:"rivals,omitempty"` // on face crops of both classes, as far as somebody has looked at them
}

// Rival is how well a trivial rival of detectors (package rival) tells the videos of a test set apart.
type Rival struct {
	Name string   `json:"rival"` // "sharpness"
	AUC  float64  `json:"auc"`   // over videos
	Low  *float64 `json:"low"`   // 95 % interval; null where there is none, as of few people
	High *float64 `json:"high"`
	Real int      `json:"n_real"` // videos that it can score
	Fake int      `json:"n_fake"`
}

// Stray is a folder that was not recognised, or that could not be read.
type Stray struct {
	Dir string `json:"dir"`
	Why string `json:"why"`
}

// Examine looks at all that lies under a data root: what [Find] finds, what is there of each data set, the beginning of
// each file, and who is seen on both sides of a split. Names asks for the names of missing videos. In mode Strict the
// first problem is an error; else only a root that cannot be read is. The report depends on nothing but the files.
func Examine(root string, names bool, mode datasets.Mode) (Report, error) {
	report := Report{Root: root, Datasets: []DatasetReport{}, Sets: []SetReport{}, Leaks: []Leak{}, Strange: []Stray{}}
	if err := datasets.CheckRoot(root); err != nil {
		return Report{}, err
	}
	places, err := Find(root)
	if err != nil {
		return Report{}, err
	}
	var all []Dataset
	at := map[string]string{} // the folder of each, below root
	var crops, real []datasets.Set
	for _, place := range places {
		dir, err := filepath.Rel(root, place.Dir)
		if err != nil {
			dir = place.Dir
		}
		dir = filepath.ToSlash(dir)
		stray := func(err error) error {
			if mode == datasets.Strict {
				return err
			}
			report.Strange = append(report.Strange, Stray{dir, err.Error()})
			return nil
		}
		switch place.Layout {
		case "":
			report.Strange = append(report.Strange, Stray{dir, place.Hint})
		case datasets.FaceCrops, datasets.RealFaces:
			open, group := datasets.OpenCrops, &crops
			if place.Layout == datasets.RealFaces {
				open, group = datasets.OpenReal, &real
			}
			set, problems, err := open(place.Dir, mode)
			if err != nil {
				if err := stray(err); err != nil {
					return Report{}, err
				}
				continue
			}
			*group = append(*group, set)
			report.Sets = append(report.Sets, reportSet(set, place.Layout, dir, problems))
		default:
			opened, err := Open(place.Dir, mode)
			if err != nil {
				if err := stray(err); err != nil {
					return Report{}, err
				}
				continue
			}
			for _, d := range opened {
				if d, err = d.checked(mode); err != nil {
					return Report{}, err
				}
				all = append(all, d)
				at[d.Dir] = dir
			}
		}
	}
	distinct, notes, err := Distinct(root, all)
	if err != nil {
		// Doctor is who tells of it.
		report.Strange = append(report.Strange, Stray{".", err.Error()})
		distinct = all
	}
	all = distinct
	for _, d := range all {
		for _, note := range notes {
			if strings.HasSuffix(note, d.Dir+" is called "+d.Name+" here") {
				d.Notes = append(d.Notes, note)
			}
		}
		report.Datasets = append(report.Datasets, reportDataset(d, at[d.Dir], names))
	}
	slices.SortStableFunc(report.Datasets, func(a, b DatasetReport) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(report.Sets, func(a, b SetReport) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	if leaks := Leaks(all, crops, real); leaks != nil {
		report.Leaks = leaks
	}
	return report, nil
}

// checked returns the data set without the videos whose files do not begin as they should.
func (d Dataset) checked(mode datasets.Mode) (Dataset, error) {
	var good []Video
	d.Problems = slices.Clone(d.Problems)
	d.Missing = slices.Clone(d.Missing)
	for _, v := range d.Videos {
		err := v.Check()
		if err == nil {
			good = append(good, v)
			continue
		}
		p, ok := err.(datasets.Problem)
		if mode == datasets.Strict || !ok {
			return d, err
		}
		d.Problems = append(d.Problems, p)
		v.Path = ""
		d.Missing = append(d.Missing, v)
	}
	d.Videos = good
	d.Counts = slices.Clone(d.Counts)
	for i, c := range d.Counts {
		d.Counts[i].There = c.of(good)
	}
	slices.SortStableFunc(d.Missing, func(a, b Video) int { return cmp.Compare(a.ID(), b.ID()) })
	return d, nil
}

func reportDataset(d Dataset, dir string, names bool) DatasetReport {
	r := DatasetReport{
		Name: d.Name, Layout: d.Layout, Dir: dir, Partial: d.Partial(), Frames: d.Frames,
		Counts: d.Counts, Faults: map[datasets.Fault]int{}, Problems: []string{}, Notes: append([]string{}, d.Notes...),
	}
	for _, v := range d.Videos {
		if v.Fake {
			r.Fake++
		} else {
			r.Real++
		}
	}
	for _, c := range d.Counts {
		r.Listed += c.Listed
		r.Missing += max(0, c.Listed-c.There)
	}
	for _, p := range d.Problems {
		r.Faults[p.Fault]++
		r.Problems = append(r.Problems, p.Error())
	}
	if names {
		for _, v := range d.Missing {
			r.MissingVideos = append(r.MissingVideos, v.ID())
		}
	}
	return r
}

func reportSet(s datasets.Set, kind, dir string, problems []datasets.Problem) SetReport {
	r := SetReport{Name: s.Name, Kind: kind, Dir: dir, Partial: s.Partial, Problems: []string{}}
	videos, people := map[string]bool{}, map[string]bool{}
	for _, it := range s.Items {
		people[it.Identity] = true
		if !it.NoFace() {
			r.Faces++
		}
		if videos[it.VideoID()] {
			continue
		}
		videos[it.VideoID()] = true
		if it.Fake {
			r.Fake++
		} else {
			r.Real++
		}
	}
	r.People = len(people)
	for _, p := range problems {
		r.Problems = append(r.Problems, p.Error())
	}
	return r
}
