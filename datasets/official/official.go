// Package official reads data sets as their authors publish them: FaceForensics++ with DFD, Celeb-DF v1, v2 and ++, DFDC and its
// preview, DF40, WildDeepfake, FFIW and FakeAVCeleb, and what DeepfakeBench makes of them, with their lists of training and test parts, the sizes that the authors give, and what is known of their people.
// Its layouts register themselves, one file each; who imports the package can open them by [layout.Open], and sets of faces
// that are called by them have their names, people and official sizes in package datasets.
package official

import (
	"os"

	"github.com/seeable-lab/seeable/datasets"
)

// fewerThan returns a [datasets.Published.Lacks] of a data set whose test part is known by its numbers of videos only.
func fewerThan(reals, fakes int) func(videos []datasets.Item) bool {
	return func(videos []datasets.Item) bool {
		fake := 0
		for _, it := range videos {
			if it.Fake {
				fake++
			}
		}
		return len(videos)-fake < reals || fake < fakes
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
