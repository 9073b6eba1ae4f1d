// Package synthetic is a data set whose faces are drawn by code, so that every part of the lab runs on a fresh clone
// without any data. Importing it makes the name "synthetic" known to [datasets.Train] and [datasets.Tests].
package synthetic

import (
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

// name is that of the data set.
const name = "synthetic"

func init() { datasets.RegisterDrawn(name, Sets) }

// Sizes of the data set. As in FF++, the fakes are made from the first of the real test videos.
const (
	trainPeople = 240
	testPeople  = 40 // and as many real videos
	fakeVideos  = 20 // of each manipulation
	videoFrames = 4
)

// Sets returns real faces to train on, and real and manipulated faces of other people to test on. They are drawn when
// [datasets.Load] asks for them: 256 × 256 pixels with exact landmarks, a pure function of the seed and the item.
//
// Faces differ in tone, shape, hair, pose, expression, light, background, noise and compression, yet they are drawings:
// a figure measured on them says that the machine works and nothing about deepfakes. Both sets are marked Synthetic for
// that reason.
//
// The four methods are swap (another person's inner face, of lower resolution and with other colours), reenact (a
// warped mouth), texture (a smoothed inner face) and noise (a patch with another compression or noise). Landmarks of a
// fake are its target's. All pictures, real and fake, are compressed once at the end.
func Sets(seed uint64) (train, test datasets.Set) {
	train = datasets.Set{Name: name, Synthetic: true}
	test = train
	for i := range trainPeople {
		train.Items = appendVideo(train.Items, seed, datasets.Item{Method: "real", Video: fmt.Sprintf("train_%03d", i)}, "", nil)
	}
	for i := range testPeople {
		target := fmt.Sprintf("test_%03d", i)
		test.Items = appendVideo(test.Items, seed, datasets.Item{Method: "original", Video: target}, "", nil)
		if i >= fakeVideos {
			continue
		}
		for j, m := range manipulations {
			// The source of a swap is another test person, a different one for each method.
			source := fmt.Sprintf("test_%03d", (i+7*j+1)%testPeople)
			test.Items = appendVideo(test.Items, seed, datasets.Item{Method: m.method, Video: target, Fake: true}, source, m.alter)
		}
	}
	sortByID(train.Items)
	sortByID(test.Items)
	return train, test
}

// appendVideo adds the frames of one video, whose identity is its name. A manipulation makes it a fake.
func appendVideo(items []datasets.Item, seed uint64, it datasets.Item, source string, alter manipulation) []datasets.Item {
	it.Dataset, it.Identity = name, it.Video
	if it.Method == "swap" {
		it.Source = source
	}
	for frame := range videoFrames {
		it.Frame = frame
		it.File = fmt.Sprintf("%s/%s_%d", it.Method, it.Video, frame)
		method, target, it := it.Method, it.Identity, it
		who, _, pose := cast(seed, target, frame)
		it.SetLandmarks(who.seen(pose))
		it.Draw = func() face.Face {
			picture := taken(shot{seed, it.File}, func() (*image.RGBA, int) { return film(seed, method, target, source, frame, alter) })
			return face.Face{Image: picture, Landmarks: it.Landmarks()}
		}
		items = append(items, it)
	}
	return items
}

func sortByID(items []datasets.Item) {
	slices.SortFunc(items, func(a, b datasets.Item) int { return cmp.Compare(a.ID(), b.ID()) })
}

// cast is who is seen on a frame of a person's video, where, and how.
func cast(seed uint64, target string, frame int) (person, scene, pose) {
	s := newScene(stream.New(seed, "scene", target))
	return newPerson(stream.New(seed, "person", target)), s, newPose(stream.New(seed, "pose", target, frame), s)
}

// film draws one frame of a target's video, with a manipulation if there is one, and says by which quality it is compressed.
func film(seed uint64, method, target, source string, frame int, alter manipulation) (picture *image.RGBA, quality int) {
	p, s, q := cast(seed, target, frame)
	m, l := portrait(p, s, q)
	expose(m, s, stream.New(seed, "camera", target, frame))
	if alter != nil {
		alter(m, l, forger{
			Rand: stream.New(seed, "forger", method, target, frame),
			source: func() (*image.RGBA, []face.Point) {
				return bareFace(newPerson(stream.New(seed, "person", source)), newScene(stream.New(seed, "scene", source)), q)
			},
		})
	}
	return m, s.quality
}
