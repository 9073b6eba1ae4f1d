package source

import (
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets/layout"
)

// Doctor examines what lies under the data root: which data sets there are, what they lack, what cannot be read,
// of how many videos the faces are extracted, and who is seen on both sides of a split. Names asks for the names of missing
// videos.
func (r *Root) Doctor(names bool) (layout.Report, error) {
	report, err := layout.Examine(r.Data, names, r.Mode)
	if err != nil || len(report.Datasets) == 0 {
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
			if d.Name == found.Name {
				n := cache.Extracted(d.Videos)
				report.Datasets[i].Faces = &n
			}
		}
	}
	return report, nil
}
