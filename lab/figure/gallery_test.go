package figure

import (
	"image"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/figure/curves"
	"github.com/seeable-lab/seeable/lab/hypersphere"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// gallery is one of each figure in the size of a real one, made up.
func gallery(t testing.TB, synthetic bool) map[string]Figure {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rng := stream.New(1, "gallery")
	sample := func(n int, mean float64) (list []float64) {
		for range n {
			list = append(list, mean+rng.NormFloat64())
		}
		return list
	}
	var all []curves.Curve
	for i, name := range []string{"FF++ c23", "FF++ c40", "Celeb-DF v2", "DFDC"} {
		scores := append(sample(40, 0), sample(60, 1.6-0.4*float64(i))...)
		fake := make([]bool, 100)
		for k := range fake {
			fake[k] = k >= 40
		}
		curve, err := curves.NewBandedCurve(name, scores, fake, 1)
		must(err)
		curve.Synthetic = synthetic
		all = append(all, curve)
	}
	var steps []store.Step
	for i := range 700 {
		at := float64(i) / 700
		s := store.Step{
			Step: i + 1, Loss: 3 + 2*math.Exp(-3*at) + 0.1*rng.NormFloat64(), Accuracy: max(0.05+at*0.5+0.05*rng.NormFloat64(), 0),
			HeldOut: -1, Strength: max(1, 5-4*at/0.6),
		}
		if i%100 == 99 {
			s.HeldOut = 0.03 + at*0.35
		}
		steps = append(steps, s)
	}

	regions, err := discrepancy.NewRegions(spec.Default().Discrepancy)
	must(err)
	blank, landmarks := Template(192)
	masks := make([]discrepancy.Mask, regions.Len())
	for i := range masks {
		masks[i] = regions.Mask(i, landmarks, blank.Rect)
	}
	values := make([]float64, len(masks))
	for i := range values {
		values[i] = 0.3 + 0.1*rng.NormFloat64()
	}
	values[3] = math.NaN()

	const k, d, n = 32, 128, 300
	prototypes, err := hypersphere.Simplex(k, d, 1)
	must(err)
	var names []string
	for _, kind := range []string{"spatial", "frequency"} {
		for i := range k / 2 {
			names = append(names, kind+", "+regions.Name(i))
		}
	}
	embeddings, labels := clouds(rng, prototypes, n)
	coverage, err := prototypes.Cover(embeddings)
	must(err)
	sphere := Sphere{Title: "Held-out faces on the sphere", Classes: names, Synthetic: synthetic}
	view := prototypes.Projection()
	for i := range k {
		at, _, err := view.Point(prototypes.At(i))
		must(err)
		sphere.Prototypes = append(sphere.Prototypes, at)
		sphere.Occupancy = append(sphere.Occupancy, float64(coverage.Occupancy[i])/n)
	}
	similarity := make([][]float64, k)
	for i := range k {
		similarity[i] = make([]float64, k)
		for j := range k {
			similarity[i][j] = 0.08*rng.NormFloat64() - 0.03
			if i%16 == j%16 {
				similarity[i][j] += 0.25
			}
			if i == j {
				similarity[i][j] += 0.35
			}
		}
	}
	for j := range k {
		similarity[5][j] = math.NaN()
	}
	for i, z := range embeddings {
		at, _, err := view.Point(z)
		must(err)
		sphere.Points = append(sphere.Points, Embedding{at, labels[i]})
	}
	pca, err := PCA("Embeddings of held-out faces", prototypes, embeddings, labels)
	must(err)
	angles, err := Angles("Held-out faces", prototypes, embeddings, labels)
	must(err)
	pca.Classes, angles.Classes, pca.Synthetic, angles.Synthetic = names, names, synthetic, synthetic

	estimate := func(v, half float64, n string) Estimate { return Estimate{v, max(v-half, 0), min(v+half, 1), n} }
	missing := Estimate{Value: math.NaN()}
	ablation := Ablation{
		Title: "Grid and weight of the guidance, DFDC", Quantity: "AUC over videos (share)", Synthetic: synthetic,
		X: Parameter{"weight λ of the guidance", []string{"0", "0.01", "0.1", "1"}}, Y: Parameter{"grid (rows × columns)", []string{"2×2", "3×3", "4×4", "5×5"}},
	}
	for i := range ablation.Y.Values {
		var row []Estimate
		for j := range ablation.X.Values {
			row = append(row, estimate(0.55+0.03*float64(i)+0.05*float64(j), 0.08, "15 real, 21 fake videos"))
		}
		ablation.Cells = append(ablation.Cells, row)
	}
	ablation.Cells[1][2], ablation.Cells[3][3] = missing, missing
	robustness := Robustness{
		Title: "Against JPEG compression", Damage: "JPEG quality (of 100)", Quantity: "AUC over videos (share)", Falling: true, Chance: 0.5, Synthetic: synthetic,
	}
	for i, name := range []string{"SeeABLE", "SBI"} {
		r := Response{Name: name}
		for _, q := range []float64{30, 50, 70, 90, 100} {
			r.Points = append(r.Points, Level{q, estimate(0.45+0.004*q-0.05*float64(i), 0.06, "6 real, 6 fake videos")})
		}
		robustness.Curves = append(robustness.Curves, r)
	}
	robustness.Curves[1].Points[2].Estimate = missing
	timeline := curves.Timeline{Title: "id3_id16_0004.mp4", Score: "cosine", Reference: sample(50, 0), Synthetic: synthetic}
	for i := range 60 {
		f := curves.Frame{Second: float64(i) * 0.2, Score: 1 + math.Sin(float64(i)/9) + 0.3*rng.NormFloat64()}
		switch {
		case i > 20 && i < 25:
			f.Score = math.NaN()
		case i == 14:
			f.Mark = "frame 70"
		case i == 59:
			f.Mark = "the last of all frames"
		}
		timeline.Frames = append(timeline.Frames, f)
	}
	return map[string]Figure{
		"roc":       curves.ROC{Title: "ROC of the score cosine", Unit: "videos", Curves: all},
		"det":       curves.DET{Title: "DET of the score cosine", Unit: "videos", Curves: all[:2]},
		"histogram": curves.Histogram{Title: "DFDC", Score: "cosine", Unit: "videos", Real: sample(40, 0), Fake: sample(70, 1), Synthetic: synthetic},
		"training":  curves.Training{Title: "Training of made-up", Steps: steps, Chance: 1. / 32, Floor: 2.2, HeldOut: 400, Synthetic: synthetic},
		"matrix":    Matrix{Title: "Similarity of held-out faces", N: 400, Values: similarity, Classes: names, Order: FaceOrder(masks, 2, k), Synthetic: synthetic},
		"sphere":    sphere,
		"cells": Cells{Title: "FF++ c40, fake (n = 160 faces)", Label: "mean cosine (no unit)", Image: blank, Landmarks: landmarks,
			Regions: masks, Values: values, Synthetic: synthetic},
		"bars": Bars{Title: "AUC of two methods", Quantity: "AUC over videos (share)", Chance: 0.5, Synthetic: synthetic, Groups: []Group{
			{"FF++ c40", []Bar{{"SeeABLE", estimate(0.753, 0.16, "16 real, 24 fake videos")}, {"SBI", estimate(0.62, 0.17, "16 real, 24 fake videos")}, {"paper", Estimate{Value: 0.86}}}},
			{"Celeb-DF v2", []Bar{{"SeeABLE", estimate(0.806, 0.2, "6 real, 6 fake videos")}, {"SBI", missing}, {"paper", Estimate{Value: 0.87}}}},
			{"DFDC", []Bar{{"SeeABLE", estimate(0.667, 0.18, "15 real, 21 fake videos")}, {"SBI", estimate(0.45, 0.18, "15 real, 21 fake videos")}, {"paper", Estimate{Value: 0.76}}}},
		}},
		"ablation":   ablation,
		"pca":        pca,
		"angles":     angles,
		"timeline":   timeline,
		"robustness": robustness,
	}
}

// clouds are embeddings around prototypes.
func clouds(rng *rand.Rand, p *hypersphere.Prototypes, n int) (embeddings [][]float64, labels []int) {
	for i := range n {
		label := i % p.K()
		z := make([]float64, p.Dim())
		for a, x := range p.At(label) {
			z[a] = x + 0.09*rng.NormFloat64()
		}
		embeddings, labels = append(embeddings, z), append(labels, label)
	}
	return embeddings, labels
}

// figures is one of each figure, small, made up.
func figures(t testing.TB, synthetic bool) map[string]Figure {
	t.Helper()
	curve, err := curves.NewBandedCurve("FF++ c40 & <more>", []float64{1, 2, 3, 4, 5}, []bool{false, true, false, true, true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	curve.Synthetic = synthetic
	rng := stream.New(1, "figures")
	var steps []store.Step
	for i := range 700 {
		s := store.Step{Step: i + 1, Loss: 3 + rng.Float64(), Accuracy: rng.Float64(), HeldOut: -1, Strength: 5}
		if i%100 == 99 {
			s.HeldOut = 0.3
		}
		steps = append(steps, s)
	}
	blank, landmarks := Template(96)
	region := discrepancy.Mask{Rect: image.Rect(30, 30, 32, 31), Weight: []float32{1, 1}}
	prototypes, err := hypersphere.Simplex(4, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	embeddings, labels := clouds(rng, prototypes, 12)
	pca, err := PCA("P", prototypes, embeddings, labels)
	if err != nil {
		t.Fatal(err)
	}
	angles, err := Angles("A", prototypes, embeddings, labels)
	if err != nil {
		t.Fatal(err)
	}
	pca.Synthetic, angles.Synthetic = synthetic, synthetic
	some := Estimate{0.7, 0.6, 0.8, "3 real, 4 fake videos"}
	none := Estimate{Value: math.NaN()}
	return map[string]Figure{
		"roc":       curves.ROC{Title: "ROC", Unit: "videos", Curves: []curves.Curve{curve}},
		"det":       curves.DET{Title: "DET", Unit: "videos", Curves: []curves.Curve{curve}},
		"histogram": curves.Histogram{Title: "DFDC", Score: "cosine", Unit: "videos", Real: []float64{1, 2}, Fake: []float64{2, 3, 4}, Synthetic: synthetic},
		"training":  curves.Training{Title: "T", Steps: steps, Chance: 0.03, Floor: 2, HeldOut: 400, Synthetic: synthetic},
		"matrix":    Matrix{Title: "M", N: 12, Values: [][]float64{{1, -0.5}, {math.NaN(), 0.5}}, Synthetic: synthetic},
		"sphere": Sphere{Title: "S", Prototypes: [][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}, Synthetic: synthetic,
			Points: []Embedding{{At: [3]float64{0.6, 0.8, 0}, Class: 1}, {At: [3]float64{0, 0, 1}, Class: 2}}},
		"cells": Cells{Title: "C (n = 7 faces)", Label: "cosine", Image: blank, Landmarks: landmarks,
			Regions: []discrepancy.Mask{region}, Values: []float64{0.5}, Low: 0, High: 1, Synthetic: synthetic},
		"bars": Bars{Title: "B", Quantity: "AUC (share)", Chance: 0.5, Groups: []Group{{"DFDC", []Bar{{"ours", some}, {"theirs", none}}}}, Synthetic: synthetic},
		"ablation": Ablation{Title: "A", Quantity: "AUC (share)", X: Parameter{"λ", []string{"0", "1"}}, Y: Parameter{"grid", []string{"4×4"}},
			Cells: [][]Estimate{{some, none}}, Synthetic: synthetic},
		"pca":    pca,
		"angles": angles,
		"timeline": curves.Timeline{Title: "V", Score: "cosine", Frames: []curves.Frame{{Second: 0, Score: 1}, {Second: 0.5, Score: math.NaN()}, {Second: 1, Score: 2, Mark: "12"}},
			Reference: []float64{0, 1, 2}, Synthetic: synthetic},
		"robustness": Robustness{Title: "R", Damage: "blur (pixels)", Quantity: "AUC (share)", Chance: 0.5, Synthetic: synthetic,
			Curves: []Response{{"x", []Level{{0, some}, {1, none}, {2, Estimate{Value: 0.5}}}}}},
	}
}

// writers draw a figure for print.
var writers = map[string]func(io.Writer, Figure) error{"svg": SVG, "png": PNG, "pdf": PDF}
