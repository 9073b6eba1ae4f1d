package run

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/rival"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
)

// calibrate scores one real face of each person of the half of the held-out people that reports, read as those of test sets are, and
// completes d.Points with them. Which face is drawn by seed and person.
func calibrate(ctx context.Context, e *env.Env, r *Run, d *detector.Detector, held *source.Set) error {
	none := func(why string) error {
		d.Points = &operating.Points{None: why}
		e.Note("no operating points: %s", why)
		return nil
	}
	if frames := d.Method.Layout().Count(); frames > 1 {
		return none(fmt.Sprintf("the method scores clips of %d frames, the calibration is of single faces", frames))
	}
	_, reporting := prepare.Halves(held, r.Spec)
	var items []datasets.Item
	for _, i := range reporting {
		items = append(items, held.Item(i))
	}
	set := datasets.Set{Name: "held-out faces that calibrate", Items: onePerPerson(items, r.Spec.Seed)}
	if len(set.Items) == 0 {
		return none("all held-out real faces are of one person, or joined by fakes; raise data.holdout")
	}
	rows, _, err := ScoreFaces(ctx, e, d, set)
	if err != nil {
		return err
	}
	points := &operating.Points{Score: r.Record.Score, Level: operating.Level}
	if d.Points != nil {
		points.Fake = d.Points.Fake
	}
	for _, row := range rows {
		if !math.IsNaN(row) {
			points.Real = append(points.Real, row)
		}
	}
	if len(points.Real) == 0 {
		return none("no held-out real face of those who report has a score")
	}
	slices.Sort(points.Real)
	d.Points = points
	l := points.Limits(operating.Default)
	if l.Alarm != nil {
		e.Note("operating point: real faces of %d held-out people who did not train or choose; flagged above %.4f (%.3g %% false alarms)", len(points.Real), *l.Alarm, 100*l.FalseAlarms)
	} else {
		e.Note("no operating point: %s", l.NoAlarm)
	}
	return nil
}

// onePerPerson draws a face of each person, of at most [operating.Most] people, in the order of the faces.
func onePerPerson(items []datasets.Item, seed uint64) []datasets.Item {
	var chosen []datasets.Item
	for _, at := range prepare.OneOfEach(items, func(it datasets.Item) string { return it.Identity }, operating.Most, seed, "operating", "real") {
		chosen = append(chosen, items[at])
	}
	return chosen
}

// ScoreFaces are the scores of the faces of a set, NaN where one has none, by the score of the run, and those of the rivals.
func ScoreFaces(ctx context.Context, e *env.Env, d *detector.Detector, set datasets.Set) (scores []float64, looks [][rival.Count]float64, err error) {
	clips, _, err := prepare.Test(ctx, e, d.Spec, d.Method, set)
	if err != nil {
		return nil, nil, err
	}
	defer clips.Close()
	scores = slices.Repeat([]float64{math.NaN()}, len(set.Items))
	looks = slices.Repeat([][rival.Count]float64{{math.NaN(), math.NaN(), math.NaN()}}, len(set.Items))
	score := d.Record.Score
	err = eachReading(ctx, e, d, clips, score, "scoring "+set.Name, func(i int, r detector.Reading, look [rival.Count]float64) error {
		if r.Err == nil {
			at := clips.Index(i)
			scores[at], looks[at] = d.Score(score, r.Rows), look
		}
		return nil
	})
	return scores, looks, err
}

// measureAlarms measures the threshold of a detector on the faces of a set that have a score in column: for all fakes and, where
// there are several manipulations, for each. None if there is no threshold.
func measureAlarms(items iter.Seq[store.Item], column int, points *operating.Points) ([]store.Alarm, error) {
	if points == nil {
		return nil, nil
	}
	limits := points.Limits(operating.Default)
	if limits.Alarm == nil {
		return nil, nil
	}
	type faces struct {
		above  []bool
		people []string
	}
	dataset, real, fake := "", faces{}, map[string]*faces{}
	for it := range items {
		if column >= len(it.Scores) || math.IsNaN(it.Scores[column]) {
			continue
		}
		dataset = it.Dataset
		add := func(to *faces) {
			to.above = append(to.above, it.Scores[column] > *limits.Alarm)
			to.people = append(to.people, cmp.Or(it.Identity, "video "+it.Method+"/"+it.Video)) // as in package evaluation
		}
		if !it.Fake {
			add(&real)
			continue
		}
		for _, m := range []string{evaluation.All, it.Method} {
			if fake[m] == nil {
				fake[m] = &faces{}
			}
			add(fake[m])
		}
	}
	if dataset == "" {
		return nil, nil
	}
	share := func(f faces) (*store.Proportion, error) {
		if len(f.above) == 0 {
			return nil, nil
		}
		p, err := metric.NewProportion(f.above, f.people)
		kept := store.Proportion(p)
		return &kept, err
	}
	falsely, err := share(real)
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	methods := slices.Sorted(maps.Keys(fake))
	methods = slices.DeleteFunc(methods, func(m string) bool { return m == evaluation.All || len(fake) == 2 })
	var all []store.Alarm
	for _, m := range append([]string{evaluation.All}, methods...) {
		a := store.Alarm{
			Dataset: dataset, Method: m, Level: store.LevelFace, Asked: limits.FalseAlarms, Threshold: *limits.Alarm,
			Calibrated: len(points.Real), False: falsely,
		}
		if fake[m] != nil {
			if a.Found, err = share(*fake[m]); err != nil {
				return nil, fmt.Errorf("run: %w", err)
			}
		}
		all = append(all, a)
	}
	return all, nil
}
