package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/figure/curves"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/store"
)

// drawBars draws the AUC over the videos of each test set.
func drawBars(v *view) error {
	b := figure.Bars{Title: "AUC of " + v.Record.Name + ", score " + v.Record.Score, Quantity: "AUC over videos (share)", Chance: 0.5}
	for _, t := range v.Record.Tests {
		if t.Level != "video" || math.IsNaN(t.AUC) {
			continue
		}
		g := slices.IndexFunc(b.Groups, func(g figure.Group) bool { return g.Name == t.Name() })
		if g < 0 {
			g = len(b.Groups)
			b.Groups = append(b.Groups, figure.Group{Name: t.Name()})
		}
		name := t.Method
		if name == evaluation.All {
			name = "all methods"
		}
		b.Groups[g].Bars = append(b.Groups[g].Bars, figure.Bar{Name: name, Estimate: videoAUC(t)})
		b.Synthetic = b.Synthetic || t.Synthetic
	}
	if len(b.Groups) == 0 {
		return nil
	}
	var err error
	v.Bars, err = v.figure(b)
	return err
}

// videoAUC is a test's AUC with what it rests on.
func videoAUC(t store.Test) figure.Estimate {
	n := fmt.Sprintf("%d real, %d fake videos", t.NReal, t.NFake)
	if t.RealPeople > 0 {
		n += fmt.Sprintf(" of %d, %d people", t.RealPeople, t.FakePeople)
	}
	if t.NoInterval != "" {
		n += ": " + t.NoInterval
	}
	if t.Leaks != "" {
		n += " (leaks)"
	}
	return figure.Estimate{Value: t.AUC, Low: t.Low, High: t.High, N: n}
}

// drawTests draws the ROC curves of all methods together and the histograms of the chosen score, over videos. A test set
// in which one class has no score is left out, as it has no curve.
func drawTests(v *view) error {
	if v.Items == nil {
		return nil
	}
	chosen := slices.Index(v.Scores, v.Record.Score)
	sets, err := evaluation.Pool(func(yield func(store.Item, error) bool) {
		i := 0
		for it := range v.Items {
			var err error
			switch {
			case chosen < 0:
				err = fmt.Errorf("score %q of the record is not among the scores of the items, %q", v.Record.Score, v.Scores)
			case chosen >= len(it.Scores):
				err = fmt.Errorf("item %d, %s, has %d scores, want %d", i, it.File, len(it.Scores), len(v.Scores))
			}
			if i++; !yield(it, err) {
				return
			}
		}
	}, chosen)
	if err != nil {
		return err
	}
	slices.SortFunc(sets, func(a, b evaluation.Set) int { return strings.Compare(a.Name, b.Name) })
	roc := curves.ROC{Title: "ROC of the score " + v.Record.Score, Unit: "videos"}
	for _, set := range sets {
		name := set.Name
		var videos metric.Videos
		for _, video := range set.Videos {
			videos = append(videos, video.Video)
		}
		scores, fake, _ := videos.Scored()
		if !slices.Contains(fake, true) || !slices.Contains(fake, false) {
			continue
		}
		title := name
		if i := slices.IndexFunc(v.Record.Tests, func(t store.Test) bool { return t.Dataset == name }); i >= 0 {
			title = v.Record.Tests[i].Name()
		}
		curve, err := curves.NewBandedCurve(title, scores, fake, v.Spec.Seed)
		if err != nil {
			return err
		}
		curve.Synthetic = v.Record.Train.Synthetic ||
			slices.ContainsFunc(v.Record.Tests, func(t store.Test) bool { return t.Dataset == name && t.Synthetic })
		roc.Curves = append(roc.Curves, curve)
		h := curves.Histogram{Title: title, Score: v.Record.Score, Unit: "videos", Synthetic: curve.Synthetic}
		for i, s := range scores {
			if fake[i] {
				h.Fake = append(h.Fake, s)
			} else {
				h.Real = append(h.Real, s)
			}
		}
		drawn, err := v.figure(h)
		if err != nil {
			return err
		}
		v.Histograms = append(v.Histograms, drawn)
	}
	if len(roc.Curves) == 0 {
		return nil
	}
	if v.ROC, err = v.figure(roc); err != nil {
		return err
	}
	v.DET, err = v.figure(curves.DET{Title: "DET of the score " + v.Record.Score, Unit: roc.Unit, Curves: roc.Curves})
	return err
}

func drawTraining(v *view) error {
	if len(v.Steps) == 0 {
		return nil
	}
	t := v.Record.Train
	var err error
	v.Training, err = v.figure(curves.Training{
		Title: "Training of " + v.Record.Name, Steps: v.Steps, Chance: t.Chance, Floor: t.Floor, HeldOut: t.HeldOut, Measured: t.Measured, Synthetic: t.Synthetic,
	})
	return err
}

// drawCells draws the mean cosine of each region, over the types of discrepancy, for each group of faces, all on one scale.
func drawCells(v *view) error {
	if len(v.Groups) == 0 {
		return nil
	}
	regions, err := region.New(v.Spec.Discrepancy)
	if err != nil {
		return err
	}
	n, types := regions.Len(), len(v.Spec.Discrepancy.Types)
	blank, landmarks := figure.Template(side)
	means := make([][]float64, len(v.Groups))
	low, high := math.Inf(1), math.Inf(-1)
	for g, group := range v.Groups {
		if len(group.Cosine) < n*types {
			return fmt.Errorf("group %s has %d cosines, want one for each of %d classes", group.Name, len(group.Cosine), n*types)
		}
		means[g] = regionMeans(group.Cosine[:n*types], n)
		low, high = min(low, slices.Min(means[g])), max(high, slices.Max(means[g]))
	}
	for g, group := range v.Groups {
		drawn, err := v.figure(figure.Cells{
			Title: fmt.Sprintf("%s (n = %d faces)", group.Name, group.N), Label: "mean cosine to own prototype (no unit)",
			Image: blank, Landmarks: landmarks, Regions: masks(regions), Values: means[g], Low: low, High: high, Synthetic: group.Synthetic,
		})
		if err != nil {
			return err
		}
		v.Cells = append(v.Cells, drawn)
	}
	return nil
}

// drawMaps draws the best and the worst maps of faces with known masks.
func drawMaps(v *view) error {
	for _, m := range v.Maps {
		drawn, err := v.figure(m)
		if err != nil {
			return err
		}
		v.Masked = append(v.Masked, drawn)
	}
	return nil
}

// side is the size of the mean face in pixels.
const side = 256

// masks are the regions of the mean face.
func masks(regions region.Regions) []region.Mask {
	blank, landmarks := figure.Template(side)
	list := make([]region.Mask, regions.Len())
	for i := range list {
		list[i] = regions.Mask(i, landmarks, blank.Rect)
	}
	return list
}

// regionMeans averages cosines over the types: class k is that of region k mod n.
func regionMeans(cosine []float64, n int) []float64 {
	means := make([]float64, n)
	for k, c := range cosine {
		means[k%n] += c * float64(n) / float64(len(cosine))
	}
	return means
}

// drawSphere draws the similarity matrix and the sphere.
func drawSphere(v *view) error {
	if len(v.Similarity) == 0 && len(v.Prototypes) == 0 {
		return nil
	}
	regions, err := region.New(v.Spec.Discrepancy)
	if err != nil {
		return err
	}
	for _, kind := range v.Spec.Discrepancy.Types {
		for i := range regions.Len() {
			v.Classes = append(v.Classes, kind+", "+regions.Name(i))
		}
	}
	if v.Spec.Discrepancy.Pristine > 0 {
		v.Classes = append(v.Classes, "pristine")
	}
	synthetic := v.Record.Train.Synthetic
	if len(v.Similarity) > 0 {
		v.Matrix, err = v.figure(figure.Matrix{
			Title: "Similarity of held-out faces", N: v.SimilarityN, Values: v.Similarity, Synthetic: synthetic,
			Classes: v.Classes, Order: figure.FaceOrder(masks(regions), len(v.Spec.Discrepancy.Types), len(v.Similarity)),
		})
		if err != nil {
			return err
		}
	}
	if len(v.Prototypes) > 0 {
		v.Sphere, err = v.figure(figure.Sphere{
			Title: "Held-out faces on the sphere", Prototypes: v.Prototypes, Classes: v.Classes, Points: v.Embeddings, Occupancy: v.Occupancy, Synthetic: synthetic,
		})
		if err != nil {
			return err
		}
	}
	if v.Angles != nil {
		angles := *v.Angles
		angles.Synthetic = synthetic
		v.AngleMap, err = v.figure(angles)
	}
	return err
}
