package lab

import (
	"path/filepath"

	"github.com/seeable-lab/seeable/datasets"
)

// Doctor examines what lies under the lab's data root: which data sets there are, what they lack, what cannot be read,
// of how many videos the faces are extracted, and who is seen on both sides of a split. Names asks for the names of missing
// videos.
func (l *Lab) Doctor(names bool) (datasets.Report, error) {
	report, err := datasets.Examine(l.data, names, l.mode)
	if err != nil || len(report.Datasets) == 0 {
		return report, err
	}
	cache, err := l.faceCache()
	if err != nil {
		return report, err
	}
	for i, r := range report.Datasets {
		sets, err := datasets.Open(filepath.Join(l.data, filepath.FromSlash(r.Dir)), l.mode)
		if err != nil {
			return report, err
		}
		for _, d := range sets {
			if d.Name == r.Name {
				n := cache.Extracted(d.Videos)
				report.Datasets[i].Faces = &n
			}
		}
	}
	return report, nil
}
