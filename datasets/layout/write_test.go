package layout

import (
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/datasetstest"
)

// mp4 and write are as in [datasetstest].
const mp4 = datasetstest.MP4

var write = datasetstest.Write

// header is that of a manifest of face crops.
const header = "file,label,method,video,frame,target,source,x,y,side,stored\n"

// open opens a folder that is one data set, in mode Skip.
func open(t *testing.T, dir string) Dataset {
	t.Helper()
	sets, err := Open(dir, datasets.Skip)
	if err != nil || len(sets) != 1 {
		t.Fatalf("%d data sets, error %v; want one", len(sets), err)
	}
	return sets[0]
}

func videoIDs(videos []Video) []string {
	var ids []string
	for _, v := range videos {
		ids = append(ids, v.ID())
	}
	return ids
}

// wantFaults checks what is wrong with a data set, as [datasetstest.WantFaults] does.
func wantFaults(t *testing.T, d Dataset, want ...string) {
	t.Helper()
	datasetstest.WantFaults(t, d.Name, d.Problems, want...)
}
