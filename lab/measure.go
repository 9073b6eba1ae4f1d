package lab

import (
	"fmt"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
)

// measure makes the rows of a set's table: all fakes, then each kind of fake, against all real videos; over videos and
// over frames. Intervals resample videos, as frames of one video are not independent.
func measure(set datasets.Set, items []store.Item, column int, fallback float64, seed uint64) ([]store.Test, error) {
	var kinds []string
	for _, it := range items {
		if it.Fake && !slices.Contains(kinds, it.Method) {
			kinds = append(kinds, it.Method)
		}
	}
	slices.Sort(kinds)
	methods := []string{"all"}
	if len(kinds) > 1 {
		methods = append(methods, kinds...)
	}
	var tests []store.Test
	for _, kind := range methods {
		var faces []metric.Face
		for i, it := range items {
			if it.Fake && kind != "all" && it.Method != kind {
				continue
			}
			score := it.Scores[column]
			faces = append(faces, metric.Face{
				// Items of the set and of the table are in the same order.
				Video: set.Items[i].VideoID(), Identity: it.Identity, Frame: frameOf(it),
				Fake: it.Fake, Score: score, Missing: math.IsNaN(score),
			})
		}
		for _, level := range []string{"video", "frame"} {
			test, err := measureLevel(faces, level, seed)
			if err != nil {
				return nil, fmt.Errorf("lab: %s, %s, %ss: %w", set.Name, kind, level, err)
			}
			test.Dataset, test.Method, test.Level, test.Fallback = set.Name, kind, level, fallback
			tests = append(tests, test)
		}
	}
	return tests, nil
}

// frameOf tells the faces of one frame from those of another; an unknown frame is one of its own.
func frameOf(it store.Item) string {
	if it.Frame < 0 {
		return ""
	}
	return fmt.Sprint(it.Frame)
}

func measureLevel(faces []metric.Face, level string, seed uint64) (store.Test, error) {
	var scores []float64
	var fake []bool
	var videos []string
	total := 0
	add := func(score float64, isFake bool, video string, missing bool) {
		total++
		if !missing {
			scores, fake, videos = append(scores, score), append(fake, isFake), append(videos, video)
		}
	}
	if level == "video" {
		pooled, err := metric.Pool(faces)
		if err != nil {
			return store.Test{}, err
		}
		for _, v := range pooled {
			add(v.Score, v.Fake, v.Name, v.Scored == 0)
		}
	} else {
		for _, f := range faces {
			add(f.Score, f.Fake, f.Video, f.Missing)
		}
	}
	how := metric.Resampling{Groups: videos, Scheme: metric.Stratified, Seed: seed}
	auc, err := metric.Bootstrap(scores, fake, (*metric.Ranking).AUROC, how)
	if err != nil {
		return store.Test{}, err
	}
	ranking, err := metric.Rank(scores, fake)
	if err != nil {
		return store.Test{}, err
	}
	return store.Test{
		AUC: auc.Value, Low: auc.Low, High: auc.High, NReal: auc.Reals, NFake: auc.Fakes,
		Coverage: float64(len(scores)) / float64(total), AP: ranking.AP(), EER: ranking.EER(),
	}, nil
}

func scoreColumn(m method.Method, score string) int { return slices.Index(m.Scores(), score) }
