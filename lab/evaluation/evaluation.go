// Package evaluation turns the scores of faces into figures: AUC with its interval, n and coverage, over videos, the persons in
// them, frames and faces, for all fakes of a test set and for each manipulation. A run that ends and a table made years later from its
// scores.csv go the same way, and find the same.
package evaluation

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
)

// All stands for the fakes of a test set whatever made them.
const All = "all"

// Set is one test set with its videos pooled: a video has the mean over its frames of the most anomalous face in each
// (specification 7.2). It takes the room of the videos, not of the faces.
type Set struct {
	Name   string
	Videos []Video // in the order in which they came
}

// Video is a pooled video.
type Video struct {
	metric.Video
	Method string // what made the fake, or the kind of a real video
}

// Pool pools faces by their video. Column is the place of the score in theirs. Faces of a video must come in a row, as
// they do in scores.csv; sets may come in any order and are returned in the order of their first face. A video that shows several
// people has the identity of the first.
func Pool(faces iter.Seq2[store.Item, error], column int) ([]Set, error) {
	var sets []Set
	var poolers []metric.Pooler
	var at int            // set of the latest face
	var latest store.Item // with its video, whose id is long to make
	var id string
	for it, err := range faces {
		if err != nil {
			return nil, err
		}
		if id == "" || !sameVideo(it, latest) {
			id = videoID(it)
			latest = store.Item{Dataset: it.Dataset, Method: it.Method, Video: it.Video, Identity: it.Identity}
			if at = slices.IndexFunc(sets, func(s Set) bool { return s.Name == it.Dataset }); at < 0 {
				at = len(sets)
				sets, poolers = append(sets, Set{Name: it.Dataset}), append(poolers, metric.Pooler{})
			}
			sets[at].Videos = append(sets[at].Videos, Video{Method: it.Method})
		}
		face := scoredFace(it, id, column)
		face.Identity = latest.Identity // of several people the first
		if err := poolers[at].Add(face); err != nil {
			return nil, fmt.Errorf("evaluation: %s, %s: %w", it.Dataset, it.File, err)
		}
	}
	for i := range sets {
		for j, v := range poolers[i].Videos() {
			sets[i].Videos[j].Video = v
		}
	}
	return sets, nil
}

func sameVideo(a, b store.Item) bool {
	return a.Dataset == b.Dataset && a.Method == b.Method && a.Video == b.Video
}

// videoID identifies the video of a face as the data sets do.
func videoID(it store.Item) string {
	return datasets.Item{Dataset: it.Dataset, Method: it.Method, Video: it.Video}.VideoID()
}

func scoredFace(it store.Item, video string, column int) metric.Face {
	f := metric.Face{Video: video, Identity: it.Identity, Source: it.Source, Fake: it.Fake, Score: it.Scores[column], Missing: math.IsNaN(it.Scores[column])}
	if it.Frame >= 0 {
		// An unknown frame is one of its own.
		f.Frame = strconv.Itoa(it.Frame)
	}
	return f
}

// Manipulations lists what made the fakes of the set, sorted.
func (s Set) Manipulations() []string {
	var found []string
	for _, v := range s.Videos {
		if v.Fake && !slices.Contains(found, v.Method) {
			found = append(found, v.Method)
		}
	}
	slices.Sort(found)
	return found
}

// Count returns how many real videos the set has and how many fakes of a manipulation, scored or not.
func (s Set) Count(manipulation string) (real, fake int) {
	for _, v := range s.Videos {
		switch {
		case !v.Fake:
			real++
		case manipulation == All || v.Method == manipulation:
			fake++
		}
	}
	return real, fake
}

// scored returns the scores and classes of the real videos and of the fakes of a manipulation, those with a score, whom they
// show, and the names of the videos.
func (s Set) scored(manipulation string) (scores []float64, fake []bool, who metric.Shown, names []string) {
	var c crowd
	for _, v := range s.Videos {
		if v.Fake && manipulation != All && v.Method != manipulation {
			continue
		}
		if v.Scored > 0 {
			scores, fake, names = append(scores, v.Score), append(fake, v.Fake), append(names, v.Name)
			c.add(s.Name, v.Video)
		}
	}
	return scores, fake, metric.Shown{People: c.shown}, names
}

// Test measures the real videos against the fakes of a manipulation, with an interval by people ([metric.AUC]). Without a
// scored video of each class there is no figure, and the test says why ([store.Test.NoFigure]); with too few people there is no
// interval ([store.Test.NoInterval]).
func (s Set) Test(manipulation string) (store.Test, error) {
	scores, fake, who, _ := s.scored(manipulation)
	reals, fakes := s.Count(manipulation)
	test, err := measure(scores, fake, who, count{store.LevelVideo, reals, fakes})
	if err != nil {
		return store.Test{}, fmt.Errorf("evaluation: %s, %s, videos: %w", s.Name, manipulation, err)
	}
	test.Dataset, test.Method, test.Level = s.Name, manipulation, store.LevelVideo
	return test, nil
}

// Area is the AUC of Test with DeLong's standard error, which takes videos to be independent.
func (s Set) Area(manipulation string) (metric.Area, error) {
	scores, fake, _, _ := s.scored(manipulation)
	return metric.DeLongArea(scores, fake)
}

// Difference compares two detectors on the real videos and the fakes of a manipulation that both have scored: the difference of
// their AUCs, s − other, with its interval and p by people ([metric.Compare]). Both must call the same videos fake; whom videos
// show is as in s. Where they share no video of each class the error is [metric.ErrEmpty] or a [metric.OneClassError].
func (s Set) Difference(other Set, manipulation string) (metric.Difference, error) {
	a, fakeA, who, names := s.scored(manipulation)
	b, fakeB, _, others := other.scored(manipulation)
	at := make(map[string]int, len(others))
	for i, name := range others {
		at[name] = i
	}
	var first, second []float64
	var fake []bool
	var shared metric.Shown
	for i, name := range names {
		j, both := at[name]
		if !both {
			continue
		}
		if fakeA[i] != fakeB[j] {
			return metric.Difference{}, fmt.Errorf("evaluation: video %s is fake for one run and real for the other: their test sets differ", name)
		}
		first, second, fake = append(first, a[i]), append(second, b[j]), append(fake, fakeA[i])
		shared.People = append(shared.People, who.People[i])
	}
	return metric.Compare(first, second, fake, shared)
}

// Mean measures the mean over several detectors, as of several seeds, on the real videos and the fakes of a manipulation that all
// of them have scored: its interval by people ([metric.AUCOverSeeds]), and the AUC of each. Whom videos show is as in the first. Where
// they share no video of each class the error is [metric.ErrEmpty] or a [metric.OneClassError].
func Mean(sets []Set, manipulation string) (mean metric.Interval, each []float64, err error) {
	type column map[string]float64
	others := make([]column, len(sets)-1)
	for i, s := range sets[1:] {
		others[i] = column{}
		scores, _, _, names := s.scored(manipulation)
		for j, name := range names {
			others[i][name] = scores[j]
		}
	}
	scores := make([][]float64, len(sets))
	var fake []bool
	var who metric.Shown
	first, fakes, whose, names := sets[0].scored(manipulation)
	for i, name := range names {
		if slices.ContainsFunc(others, func(c column) bool { _, has := c[name]; return !has }) {
			continue
		}
		scores[0] = append(scores[0], first[i])
		for j, c := range others {
			scores[j+1] = append(scores[j+1], c[name])
		}
		fake, who.People = append(fake, fakes[i]), append(who.People, whose.People[i])
	}
	if mean, err = metric.AUCOverSeeds(scores, fake, who); err != nil {
		return metric.Interval{}, nil, err
	}
	for _, s := range scores {
		auc, err := metric.AUROC(s, fake)
		if err != nil {
			return metric.Interval{}, nil, err
		}
		each = append(each, auc)
	}
	return mean, each, nil
}

// Tests measures the faces of one test set at the end of a run: all fakes, then each manipulation where there are several,
// against all real faces. First over videos, then at the other levels at which the set has something of its own to say: over the
// persons in videos if some video shows several (as far as identities and tracks tell), over frames if some video has several,
// over faces if some frame has several. A set of single stills has figures over videos alone. A test without a figure says why
// ([store.Test.NoFigure]). The faces are gone over several times. Column is the place of the score in the faces'.
func Tests(faces iter.Seq[store.Item], column int) ([]store.Test, error) {
	sets, err := Pool(withoutErrors(faces), column)
	if err != nil {
		return nil, err
	}
	if len(sets) != 1 {
		return nil, fmt.Errorf("evaluation: %d test sets at once, want one", len(sets))
	}
	kinds := []string{All}
	if found := sets[0].Manipulations(); len(found) > 1 {
		kinds = append(kinds, found...)
	}
	finer := levels(faces, column, len(sets[0].Videos))
	var tests []store.Test
	for _, kind := range kinds {
		videos, err := sets[0].Test(kind)
		if err != nil {
			return nil, err
		}
		tests = append(tests, videos)
		for _, l := range finer {
			test, err := testLevel(sets[0].Name, faces, column, kind, l)
			if err != nil {
				return nil, err
			}
			tests = append(tests, test)
		}
	}
	return tests, nil
}

// withoutErrors are faces as Pool takes them.
func withoutErrors(faces iter.Seq[store.Item]) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for it := range faces {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// count is how many videos, persons, frames or faces there are, with and without a score.
type count struct {
	unit         string // a level
	reals, fakes int
}

// measure makes the figures of what has a score.
func measure(scores []float64, fake []bool, who metric.Shown, there count) (store.Test, error) {
	var test store.Test
	for _, f := range fake {
		if f {
			test.NFake++
		} else {
			test.NReal++
		}
	}
	test.Coverage = float64(len(scores)) / float64(there.reals+there.fakes)
	if why := there.lacks(test.NReal, test.NFake); why != "" {
		return test.WithoutFigure(why), nil
	}
	auc, err := metric.AUC(scores, fake, who)
	if err != nil {
		return store.Test{}, err
	}
	ranking, err := metric.Rank(scores, fake)
	if err != nil {
		return store.Test{}, err
	}
	test.AUC, test.Low, test.High, test.AP, test.EER = auc.Value, auc.Low, auc.High, ranking.AP(), ranking.EER()
	test.RealPeople, test.FakePeople = auc.RealPeople, auc.FakePeople
	if auc.TooFew != "" {
		test = test.WithoutInterval(auc.TooFew)
	}
	return test, nil
}

// lacks says why there is no figure where so many real and fake ones have a score, "" if there is one.
func (c count) lacks(reals, fakes int) string {
	switch {
	case reals > 0 && fakes > 0:
		return ""
	case c.fakes == 0 && reals > 0:
		return "only real " + c.unit + "s"
	case c.reals == 0 && fakes > 0:
		return "only fake " + c.unit + "s"
	case reals > 0:
		return "no fake " + c.unit + " has a score"
	case fakes > 0:
		return "no real " + c.unit + " has a score"
	}
	return "no " + c.unit + " has a score"
}
