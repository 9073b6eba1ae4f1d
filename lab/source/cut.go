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
// extracted again. A name may also be that of a folder of photos and videos below the data root, all of them real.
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
	if len(there) == 0 && len(names) == 0 {
		return nil, fmt.Errorf("source: no data set of videos below %s; known layouts are %s (seelab doctor says more)", r.Data, strings.Join(layout.Layouts(), ", "))
	}
	if len(names) == 0 {
		names = there
	}
	cache, err := r.faceCache()
	if err != nil {
		return nil, err
	}
	wanted := make([]layout.Dataset, len(names))
	for i, name := range names {
		d, ok, err := r.videoSet(videos, name)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("source: no data set of videos %q below %s; there are: %s", name, r.Data, strings.Join(there, ", "))
		}
		wanted[i] = d
	}
	options := extract.Options{
		Strict: r.Mode == datasets.Strict, Progress: r.NoteWriter(),
		Report: r.report,
	}
	var reports []extract.Report
	for _, d := range wanted {
		of := d.Videos
		if !all {
			of = used(d)
		}
		report, err := cache.Extract(ctx, d, of, options)
		if err != nil {
			return reports, fmt.Errorf("source: faces of %s: %w", d.Name, err)
		}
		var skipped []string
		for _, p := range d.Problems {
			if p.Fault != datasets.Absent || d.Anonymous() { // parts of published data sets are absent as a rule; doctor tells of them
				skipped = append(skipped, p.Error())
			}
		}
		report.Problems = append(skipped, report.Problems...)
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
