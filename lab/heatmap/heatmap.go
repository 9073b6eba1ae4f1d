// Package heatmap measures the maps of a detector, which say where in a face it found what it scores, on fakes of which is known
// what was manipulated: pseudo-fakes of held-out people, and fakes of test sets with masks. Package localise says what is measured.
package heatmap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/localise"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// mostMaps bounds the faces whose maps are measured, of pseudo-fakes and of each test set: a map costs as many passes as a face has
// samples. Of pseudo-fakes it is one of each person, of a test set one face of each video, drawn by seed and name.
const mostMaps = 256

// mapsPart is how many faces are held at a time.
const mapsPart = 64

// masked is fakes of which is known what was manipulated. It is a [source.Source].
type masked struct {
	on        string
	synthetic bool
	items     []datasets.Item // the method of one is that of the fake
	fake      func(ctx context.Context, i int) (face.Face, localise.Mask, error)

	mu    sync.Mutex
	faces map[int]face.Face
	masks map[int]localise.Mask // of the faces that were read and not taken yet
}

// Len implements [source.Source].
func (m *masked) Len() int { return len(m.items) }

// Info implements [source.Source].
func (m *masked) Info(i int) source.Info {
	return source.Info{ID: m.items[i].ID(), Person: m.items[i].Identity, Fake: true}
}

// Clip implements [source.Source]. The face and its mask are there to be taken afterwards.
func (m *masked) Clip(ctx context.Context, i int) (face.Clip, error) {
	f, mask, err := m.fake(ctx, i)
	if err != nil {
		return face.Clip{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.faces == nil {
		m.faces, m.masks = map[int]face.Face{}, map[int]localise.Mask{}
	}
	m.faces[i], m.masks[i] = f, mask
	return face.Clip{Frames: []face.Face{f}, Fake: true}, nil
}

// take gives a face that was read, and its mask.
func (m *masked) take(i int) (face.Face, localise.Mask) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, mask := m.faces[i], m.masks[i]
	delete(m.faces, i)
	delete(m.masks, i)
	return f, mask
}

// Measurable tells whether the maps of a method can be measured: it has some, of single faces.
func Measurable(m method.Method) bool {
	_, ok := method.As[method.Explainer](m)
	return ok && m.Layout().Count() == 1
}

// Measure measures the maps of a detector on pseudo-fakes of held-out people who had no part in the choice, if held is not nil,
// and on fakes of the test sets that have masks. It puts the figures into the record, after those on pseudo-fakes that it keeps where held is
// nil, and returns pictures of the best and the worst. Methods without maps have none.
func Measure(ctx context.Context, e *env.Env, d *detector.Detector, record *store.Record, held *source.Set, tests []datasets.Set) (maps []figure.Cells, err error) {
	record.Localisation = slices.DeleteFunc(slices.Clone(record.Localisation), func(l store.Localisation) bool {
		return held != nil || l.On != store.PseudoFakes
	})
	if !Measurable(d.Method) {
		return nil, nil
	}
	add := func(m *masked, left []store.Unscored) error {
		found, drawn, err := m.measure(ctx, e, d, left)
		record.Localisation, maps = append(record.Localisation, found...), append(maps, drawn...)
		return err
	}
	if held != nil {
		m, err := maskedPseudo(d, record, held)
		if err != nil {
			return nil, err
		}
		if err := add(m, nil); err != nil {
			return nil, err
		}
	}
	for _, set := range tests {
		masks, err := e.Masks(set)
		if err != nil {
			return nil, err
		}
		if masks.Len() == 0 {
			continue
		}
		m, left := maskedSet(d.Spec.Seed, record, set, masks)
		if err := add(m, left); err != nil {
			return nil, err
		}
	}
	return maps, nil
}

// maskedSet is a face of each fake video of a test set that has masks; left are the fakes that have none.
func maskedSet(seed uint64, record *store.Record, set datasets.Set, masks source.Masks) (m *masked, left []store.Unscored) {
	m = &masked{on: set.Name, synthetic: set.Synthetic || record.Train.Synthetic}
	var items []datasets.Item
	lacking := map[string]bool{}
	for _, it := range set.Items {
		switch id := it.VideoID(); {
		case !it.Fake || it.NoFace() || lacking[id]:
		case masks.Has(it):
			items = append(items, it)
		default:
			lacking[id] = true
			left = append(left, store.Unscored{Item: id, Fault: "no mask"})
		}
	}
	for _, at := range prepare.OneOfEach(items, datasets.Item.VideoID, mostMaps, seed, "localise", "masks") {
		m.items = append(m.items, items[at])
	}
	m.fake = func(ctx context.Context, i int) (face.Face, localise.Mask, error) {
		f, err := datasets.Load(m.items[i])
		if err != nil {
			return face.Face{}, localise.Mask{}, err
		}
		picture, err := masks.Of(ctx, m.items[i])
		if err != nil {
			return face.Face{}, localise.Mask{}, err
		}
		return f, localise.OfPicture(picture), nil
	}
	return m, left
}

// maskedPseudo is a self-blended image of each person who reports, augmented as in training, with the mask that it was blended by.
func maskedPseudo(d *detector.Detector, record *store.Record, held *source.Set) (*masked, error) {
	pseudo, err := method.NewPseudo(d.Spec, d.Method, "selfblend")
	if err != nil {
		return nil, err
	}
	_, reporting := prepare.Halves(held, d.Spec)
	var items []datasets.Item
	for _, i := range reporting {
		it := held.Item(i)
		it.Method = pseudo.Kind()
		items = append(items, it)
	}
	drawn := prepare.OneOfEach(items, func(it datasets.Item) string { return it.Identity }, mostMaps, d.Spec.Seed, "localise", store.PseudoFakes)
	out := &masked{on: store.PseudoFakes, synthetic: record.Train.Synthetic}
	for _, at := range drawn {
		out.items = append(out.items, items[at])
	}
	out.fake = func(ctx context.Context, i int) (face.Face, localise.Mask, error) {
		c, err := held.Clip(ctx, reporting[drawn[i]])
		if err != nil {
			return face.Face{}, localise.Mask{}, err
		}
		f, blend, err := pseudo.SelfBlended(method.NewWorker(d.Method.Layout()), c.Frames[0], stream.New(d.Spec.Seed, "localise", c.Digest()))
		if err != nil {
			return face.Face{}, localise.Mask{}, err
		}
		return f, localise.OfBlend(blend, f.Image.Rect), nil
	}
	return out, nil
}

// measure measures the maps of the faces, of all manipulations and, where there are several, of each; left are fakes that are none of
// them. Drawn are the best and the worst of all. There is no figure where nothing can be measured.
func (m *masked) measure(ctx context.Context, e *env.Env, d *detector.Detector, left []store.Unscored) (found []store.Localisation, drawn []figure.Cells, err error) {
	var cases []localise.Case
	var at []int // of the cases among the faces
	err = d.Each(ctx, m, mapsPart, method.AllScores, func(i int, reading detector.Reading) error {
		if reading.Err != nil {
			e.Note("map of %s is not measured: %v", m.items[i].ID(), reading.Err)
			left = append(left, store.Unscored{Item: m.items[i].File, Fault: maskFault(reading.Err)})
			return nil
		}
		c, _, err := m.explain(d, i, reading.Rows)
		switch {
		case errors.Is(err, localise.ErrArea):
			left = append(left, store.Unscored{Item: m.items[i].File, Fault: "mask without area"})
		case err != nil:
			return err
		default:
			cases, at = append(cases, c), append(at, i)
		}
		return nil
	}, func(read int) {
		e.Report(env.Event{Stage: "maps of " + m.on, Done: read, Total: m.Len()})
	})
	if err != nil {
		return nil, nil, err
	}
	if len(cases) == 0 {
		e.Note("no map of %s is measured: %s", m.on, cmp.Or(store.Coverage{Unscored: left}.Faults(), "there are no fakes"))
		return nil, nil, nil
	}
	of := map[string][]localise.Case{}
	methods := []string{evaluation.All}
	for i, c := range cases {
		name := m.items[at[i]].Method
		if of[name] == nil {
			methods = append(methods, name)
		}
		of[name], of[evaluation.All] = append(of[name], c), append(of[evaluation.All], c)
	}
	slices.Sort(methods[1:])
	if len(methods) == 2 {
		methods = methods[1:] // the one that there is, by its name
	}
	for i, name := range methods {
		r, err := localise.Measure(of[name])
		if err != nil {
			return nil, nil, err
		}
		l := localisation(r, of[name])
		l.On, l.Method, l.Synthetic = m.on, name, m.synthetic
		if i == 0 {
			l.Unmeasured = left
			for _, of := range []struct {
				what string
				at   int
			}{{"best", r.Best}, {"worst", r.Worst}} {
				picture, err := m.draw(ctx, d, at[of.at], of.what)
				if err != nil {
					return nil, nil, err
				}
				drawn = append(drawn, picture)
			}
		}
		found = append(found, l)
	}
	return found, drawn, nil
}

// explain makes the map of a face from its rows and measures it.
func (m *masked) explain(d *detector.Detector, i int, rows []method.Row) (localise.Case, method.Map, error) {
	f, mask := m.take(i)
	explainer, _ := method.As[method.Explainer](d.Method)
	of, err := explainer.Explain(face.Still(f), rows, d.Fit)
	if err != nil {
		return localise.Case{}, method.Map{}, fmt.Errorf("run: map of %s: %w", m.items[i].ID(), err)
	}
	if mask, err = mask.Moved(f.Landmarks, of.Marks, of.Image.Rect.Dx(), of.Image.Rect.Dy()); err != nil {
		return localise.Case{}, method.Map{}, fmt.Errorf("run: map of %s: %w", m.items[i].ID(), err)
	}
	c, err := localise.NewCase(m.items[i].ID(), m.items[i].Identity, of.Suspicion(), mask, of.Marks)
	return c, of, err
}

// draw shows the map of a face beside its mask, on the lines of the face and no picture of it.
func (m *masked) draw(ctx context.Context, d *detector.Detector, i int, what string) (figure.Cells, error) {
	clip, err := m.Clip(ctx, i)
	if err != nil {
		return figure.Cells{}, err
	}
	rows, err := d.Rows(ctx, method.AllScores, clip)
	if err != nil {
		return figure.Cells{}, err
	}
	c, of, err := m.explain(d, i, rows)
	if err != nil {
		return figure.Cells{}, err
	}
	cells := figure.Cells{
		Title: fmt.Sprintf("%s, %s of %s: pixel AUC %.3f, IoU %.3f", m.on, what, m.items[i].Method, c.AUC, c.IoU), Label: of.Label,
		Image: figure.White(of.Image.Rect), Landmarks: of.Marks, Regions: of.Regions, Side: of.Side, Values: of.Values, Inside: c.Mask.Inside,
		Synthetic: m.synthetic || d.Record.Train.Synthetic,
	}
	if of.Falling {
		cells.Label += ", the smaller the more suspicious"
	}
	if of.Side > 0 {
		cells.Low, cells.High = of.Low, of.High
	}
	return cells, nil
}

// localisation is a result as a record has it.
func localisation(r localise.Result, cases []localise.Case) store.Localisation {
	l := store.Localisation{
		Images: r.AUC.N, People: r.AUC.People, AUC: estimate(r.AUC, 0), IoU: estimate(r.IoU, 0), BlindAUC: estimate(r.BlindAUC, 0), BlindDifference: estimate(r.BlindGain, -1),
		Best: cases[r.Best].ID, Worst: cases[r.Worst].ID,
	}
	if r.RivalAUC.N > 0 {
		l.Rival = &store.LocalisationRival{
			AUC: estimate(r.RivalAUC, 0), IoU: estimate(r.RivalIoU, 0),
			AUCDifference: estimate(r.AUCGain, -1), IoUDifference: estimate(r.IoUGain, -1),
		}
	}
	return l
}

// estimate is an average as a record has it, its interval within what is possible, from least to 1.
func estimate(a metric.Average, least float64) store.Estimate {
	e := store.Estimate{Value: a.Value}
	if a.People >= metric.LeastPeople {
		low, high := max(a.Low, least), min(a.High, 1)
		e.Low, e.High = &low, &high
	}
	return e
}

// maskFault is what is wrong with a fake whose face or mask cannot be read.
func maskFault(err error) string {
	switch {
	case errors.Is(err, extract.ErrNoMask):
		return "no mask of its frame"
	case errors.Is(err, extract.ErrMaskSize):
		return "mask of another size"
	}
	return "unreadable"
}
