package evaluation

import (
	"fmt"
	"iter"
	"math"

	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
)

// unit tells which faces of a video make one score of a level.
type unit struct {
	identity           string
	track, frame, face int
}

// level is a level of figures below that of videos.
type level struct {
	name string
	of   func(it store.Item, face int) unit // face is the number of the face in its video, from 1
	mean bool                               // the score is the mean of the faces, else that of the most anomalous one
}

var (
	persons = level{store.LevelPerson, func(it store.Item, _ int) unit { return unit{identity: it.Identity, track: it.Track} }, true}
	frames  = level{store.LevelFrame, func(it store.Item, face int) unit {
		if it.Frame < 0 {
			return unit{frame: -1, face: face} // unknown: one of its own
		}
		return unit{frame: it.Frame}
	}, false}
	singles = level{store.LevelFace, func(_ store.Item, face int) unit { return unit{face: face} }, false}
)

// levels are those at which a set of so many videos says something that it does not say at a coarser one: persons where a
// video shows several, as far as identities and tracks tell; frames where a video has several; faces where a frame has several.
func levels(faces iter.Seq[store.Item], column, videos int) []level {
	count := func(l level) (n int) {
		eachUnit(faces, column, All, l, func(store.Item, float64) { n++ })
		return n
	}
	var found []level
	if count(persons) != videos {
		found = append(found, persons)
	}
	n := count(frames)
	if n != videos {
		found = append(found, frames)
	}
	if count(singles) != n {
		found = append(found, singles)
	}
	return found
}

// eachUnit calls do for what a level counts, among the real faces and the fakes of a manipulation: with the first face of its video
// and the score, NaN where there is none. A face without a score and without a track is no person where others of its identity
// are followed through the video: it is a frame in which nobody was found.
func eachUnit(faces iter.Seq[store.Item], column int, manipulation string, l level, do func(video store.Item, score float64)) {
	type tally struct {
		unit
		sum, best float64
		n         int
	}
	var units []tally // of the latest video
	at := map[unit]int{}
	followed := map[string]bool{}
	var latest store.Item // the first face of the latest video
	seen := 0             // faces of it
	finish := func() {
		for _, u := range units {
			if u.track > 0 {
				followed[u.identity] = true
			}
		}
		for _, u := range units {
			switch {
			case u.n == 0 && u.track == 0 && followed[u.identity]:
			case u.n == 0:
				do(latest, math.NaN())
			case l.mean:
				do(latest, u.sum/float64(u.n))
			default:
				do(latest, u.best)
			}
		}
		units, seen = units[:0], 0
		clear(at)
		clear(followed)
	}
	for it := range faces {
		if it.Fake && manipulation != All && it.Method != manipulation {
			continue
		}
		if seen == 0 || !sameVideo(it, latest) {
			finish()
			latest = it
		}
		seen++
		key := l.of(it, seen)
		i, known := at[key]
		if !known {
			i = len(units)
			at[key] = i
			units = append(units, tally{unit: key, best: math.Inf(-1)})
		}
		if score := it.Scores[column]; !math.IsNaN(score) {
			u := &units[i]
			u.sum, u.best, u.n = u.sum+score, max(u.best, score), u.n+1
		}
	}
	finish()
}

// testLevel measures a level of a test set. What is of one video is taken together in the interval, as it is not independent.
func testLevel(set string, faces iter.Seq[store.Item], column int, manipulation string, l level) (store.Test, error) {
	there, scored := count{unit: l.name}, 0
	eachUnit(faces, column, manipulation, l, func(video store.Item, score float64) {
		if video.Fake {
			there.fakes++
		} else {
			there.reals++
		}
		if !math.IsNaN(score) {
			scored++
		}
	})
	scores, fake, who := make([]float64, 0, scored), make([]bool, 0, scored), metric.Shown{Video: make([]int32, 0, scored)}
	var people crowd
	var latest store.Item
	eachUnit(faces, column, manipulation, l, func(video store.Item, score float64) {
		if math.IsNaN(score) {
			return
		}
		if len(people.shown) == 0 || !sameVideo(video, latest) {
			latest = video
			people.add(video.Dataset, metric.Video{Name: videoID(video), Identity: video.Identity, Source: video.Source})
		}
		scores, fake, who.Video = append(scores, score), append(fake, video.Fake), append(who.Video, int32(len(people.shown)-1))
	})
	who.People = people.shown
	test, err := measure(scores, fake, who, there)
	if err != nil {
		return store.Test{}, fmt.Errorf("evaluation: %s, %s, %ss: %w", set, manipulation, l.name, err)
	}
	test.Dataset, test.Method, test.Level = set, manipulation, l.name
	return test, nil
}
