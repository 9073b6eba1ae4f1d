package source

import (
	"context"
	"math"
	"path/filepath"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/datasets/overlap"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/store"
)

// Doctor examines what lies under the data root: which data sets there are, what they lack, what cannot be read,
// of how many videos the faces are extracted, who is seen on both sides of a split, which face crops look nearly like real
// faces to train on, and how well trivial rivals do on test sets of both classes. Names asks for the names of missing videos.
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
			if d.Name != found.Name {
				continue
			}
			n := cache.Extracted(d.Videos)
			report.Datasets[i].Faces = &n
			set, _, err := cache.Test(d, false, r.Mode)
			if err != nil {
				continue // not all are cut, which Faces tells
			}
			faces, err := r.Pictures(ctx, set)
			if err == nil {
				report.Datasets[i].Rivals, err = rivals(faces)
			}
			if err != nil {
				return report, err
			}
		}
	}
	return report, nil
}

// near compares the face crops with the real faces to train on by what they look like, and has rivals look at the crops.
func (r *Root) near(ctx context.Context, sets []layout.SetReport) (all []layout.Near, err error) {
	var crops, real []overlap.Pictured
	for i, s := range sets {
		open, group := datasets.OpenCrops, &crops
		if s.Kind == datasets.RealFaces {
			open, group = datasets.OpenReal, &real
		}
		set, _, err := open(filepath.Join(r.Data, filepath.FromSlash(s.Dir)), r.Mode)
		if err != nil {
			return nil, err
		}
		looked, err := r.Pictures(ctx, set)
		if err != nil {
			return nil, err
		}
		if *group = append(*group, looked); s.Kind != datasets.RealFaces {
			if sets[i].Rivals, err = rivals(looked); err != nil {
				return nil, err
			}
		}
	}
	for _, from := range real {
		for _, to := range crops {
			if found := overlap.NearDuplicates(to, from); found != nil {
				all = append(all, layout.NewNear(from.Name, to.Name, found))
			}
		}
	}
	return all, nil
}

// rivals measures the trivial rivals on a test set; none where a class has no picture.
func rivals(p overlap.Pictured) (all []layout.Rival, err error) {
	faces := make([]store.Item, len(p.Items))
	for i, it := range p.Items {
		scores := rival.Scores(face.Look{Sharpness: math.NaN(), Brightness: math.NaN()}, 0)
		if look := p.Pictures[i]; look.Known() {
			scores = rival.Scores(look.Look, it.FileSize())
		}
		faces[i] = store.Item{
			Dataset: it.Dataset, Method: it.Method, Video: it.Video, Identity: it.Identity, Source: it.Source, File: it.File, Frame: it.Frame, Fake: it.Fake, Scores: scores[:],
		}
	}
	found, err := evaluation.PoolRivals(slices.Values(faces), rival.Names())
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		for _, s := range f.Sets {
			test, err := s.Test(evaluation.All)
			if err != nil {
				return nil, err
			}
			if test.NoFigure != "" {
				continue
			}
			r := layout.Rival{Name: rival.Label(f.Name), AUC: test.AUC, Real: test.NReal, Fake: test.NFake}
			if test.NoInterval == "" {
				r.Low, r.High = &test.Low, &test.High
			}
			all = append(all, r)
		}
	}
	return all, nil
}
