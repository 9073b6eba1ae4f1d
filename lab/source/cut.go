package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/extract"
)

// Faces extracts the faces of the data sets of videos under the data root that are named, or of all, into the cache of
// faces (see package extract): of the videos that are trained and tested on, or of all videos. What is in the cache is not
// extracted again.
func (r *Root) Faces(ctx context.Context, all bool, names ...string) ([]extract.Report, error) {
	if r.Data == "" {
		return nil, fmt.Errorf("source: no data folder is given: point to your data with --data DIR or %s", DataEnv)
	}
	videos, err := r.videoSets()
	if err != nil {
		return nil, err
	}
	var there []string
	for name := range videos {
		there = append(there, name)
	}
	slices.Sort(there)
	if len(there) == 0 {
		return nil, fmt.Errorf("source: no data set of videos below %s; known layouts are %s (seelab doctor says more)", r.Data, strings.Join(layout.Layouts(), ", "))
	}
	if len(names) == 0 {
		names = there
	}
	cache, err := r.faceCache()
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if names[i] = datasets.SetName(name); !slices.Contains(there, names[i]) {
			return nil, fmt.Errorf("source: no data set of videos %q below %s; there are: %s", name, r.Data, strings.Join(there, ", "))
		}
	}
	options := extract.Options{
		Strict: r.Mode == datasets.Strict, Progress: r.NoteWriter(),
		Report: r.report,
	}
	var reports []extract.Report
	for _, name := range names {
		d := videos[name]
		wanted := d.Videos
		if !all {
			wanted = used(d)
		}
		report, err := cache.Extract(ctx, d, wanted, options)
		if err != nil {
			return reports, fmt.Errorf("source: faces of %s: %w", name, err)
		}
		for _, p := range d.Problems {
			if p.Fault.Holds() {
				report.Problems = append(report.Problems, p.Error())
			}
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// used are the videos that are trained or tested on.
func used(d layout.Dataset) []layout.Video {
	videos := d.TestVideos(false)
	in := map[string]bool{}
	for _, v := range videos {
		in[v.ID()] = true
	}
	for _, v := range d.TrainVideos(false) {
		if !in[v.ID()] {
			videos = append(videos, v)
		}
	}
	return videos
}
