package source

import (
	"context"
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

// Doctor examines what lies under the data root: which data sets there are, what they lack, what cannot be read,
// of how many videos the faces are extracted, who is seen on both sides of a split, and which face crops look nearly like
// real faces to train on. Names asks for the names of missing videos.
func (r *Root) Doctor(ctx context.Context, names bool) (layout.Report, error) {
	report, err := layout.Examine(r.Data, names, r.Mode)
	if err != nil {
		return report, err
	}
	if report.Near, err = r.near(ctx, report.Sets); err != nil || len(report.Datasets) == 0 {
		return report, err
	}
	cache, err := r.faceCache()
	if err != nil {
		return report, err
	}
	for i, found := range report.Datasets {
		sets, err := layout.Open(filepath.Join(r.Data, filepath.FromSlash(found.Dir)), r.Mode)
		if err != nil {
			return report, err
		}
		for _, d := range sets {
			if d.Anonymous() {
				d = d.Renamed(found.Name) // where several are called alike
			}
			if d.Name == found.Name {
				n := cache.Extracted(d.Videos)
				report.Datasets[i].Faces = &n
			}
		}
	}
	return report, nil
}

// near compares the face crops with the real faces to train on by what they look like.
func (r *Root) near(ctx context.Context, sets []layout.SetReport) (all []layout.Near, err error) {
	var crops, real []datasets.Pictured
	for _, s := range sets {
		open, group := datasets.OpenCrops, &crops
		if s.Kind == datasets.RealFaces {
			open, group = datasets.OpenReal, &real
		}
		set, _, err := open(filepath.Join(r.Data, filepath.FromSlash(s.Dir)), r.Mode)
		if err != nil {
			return nil, err
		}
		*group = append(*group, datasets.Pictured{Set: set})
	}
	if len(crops) == 0 || len(real) == 0 {
		return nil, nil
	}
	for _, group := range [][]datasets.Pictured{crops, real} {
		for i := range group {
			if group[i], err = r.Pictures(ctx, group[i].Set); err != nil {
				return nil, err
			}
		}
	}
	for _, from := range real {
		for _, to := range crops {
			if found := datasets.NearDuplicates(to, from); found != nil {
				all = append(all, layout.NewNear(from.Name, to.Name, found))
			}
		}
	}
	return all, nil
}
