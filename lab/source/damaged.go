package source

import (
	"context"
	"fmt"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/extract"
)

// Videos opens the data set of videos of a name under the data root.
func (r *Root) Videos(name string) (layout.Dataset, error) {
	videos, err := r.videoSets()
	if err != nil {
		return layout.Dataset{}, err
	}
	d, ok := videos[datasets.SetName(name)]
	if !ok {
		return layout.Dataset{}, fmt.Errorf("source: no data set of videos %q below %s", name, r.Data)
	}
	return d, nil
}

// Damaged opens a test set of videos with the faces that an extractor finds in what it leaves of them ([extract.Extractor.After]),
// which is called damage. Of set, the test set as it is, come name and videos. What is found is kept beside the other faces that
// were cut. problems are of videos that cannot be read, or not any more.
func (r *Root) Damaged(ctx context.Context, set datasets.Set, damage string, x *extract.Extractor) (found datasets.Set, problems []string, err error) {
	d, err := r.Videos(set.Name)
	if err != nil {
		return datasets.Set{}, nil, err
	}
	wanted := map[string]bool{}
	for _, it := range set.Items {
		wanted[it.VideoID()] = true
	}
	// Not of all videos of the data set, of which a limit or what is trained on may have left some out.
	d.Videos = slices.DeleteFunc(slices.Clone(d.Videos), func(v layout.Video) bool { return !wanted[v.ID()] })
	damaged := *r
	damaged.Cut.Damage = damage
	cache, err := damaged.faceCache()
	if err != nil {
		return datasets.Set{}, nil, err
	}
	report, err := cache.Extract(ctx, d, d.TestVideos(false), extract.Options{
		Extractor: x, Strict: r.Mode == datasets.Strict, Progress: r.NoteWriter(), Report: r.report,
	})
	if err != nil {
		return datasets.Set{}, nil, fmt.Errorf("source: faces of %s after %s: %w", set.Name, damage, err)
	}
	problems = report.Problems
	found, _, err = cache.Test(d, false, r.Mode)
	found.Synthetic, found.Partial = set.Synthetic, set.Partial
	return found, problems, err
}
