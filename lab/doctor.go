package lab

import "github.com/seeable-lab/seeable/datasets"

// Doctor examines what lies under the lab's data root: which data sets there are, what they lack, what cannot be read,
// and who is seen on both sides of a split. Names asks for the names of missing videos.
func (l *Lab) Doctor(names bool) (datasets.Report, error) {
	return datasets.Examine(l.data, names, l.mode)
}
