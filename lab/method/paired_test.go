package method

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// cornerSharpness is the mean squared Laplacian of green over the corners of a square RGB picture, a sixth of its side wide, where
// no mask of a face reaches.
func cornerSharpness(rgb []uint8) float64 {
	side := int(math.Sqrt(float64(len(rgb) / 3)))
	at := func(x, y int) float64 { return float64(rgb[3*(y*side+x)+1]) }
	edge := func(v int) bool { return v > 0 && v < side/6 || v >= side-side/6 && v < side-1 }
	sum, n := 0.0, 0.0
	for y := range side {
		for x := range side {
			if edge(x) && edge(y) {
				l := 4*at(x, y) - at(x-1, y) - at(x+1, y) - at(x, y-1) - at(x, y+1)
				sum, n = sum+l*l, n+1
			}
		}
	}
	return sum / n
}

// shortcut is the AUC by which |corner sharpness − mean| alone tells fakes from reals.
func shortcut(t *testing.T, sharpness []float64, fake []bool) float64 {
	t.Helper()
	mean := 0.0
	for _, s := range sharpness {
		mean += s / float64(len(sharpness))
	}
	scores := make([]float64, len(sharpness))
	for i, s := range sharpness {
		scores[i] = math.Abs(s - mean)
	}
	auc, err := metric.AUROC(scores, fake)
	if err != nil {
		t.Fatal(err)
	}
	return auc
}

// The background of a fake may not tell that it is one. Without discrepancy.paired half of the fakes have a perturbed background and
// no real face has (section 1 of the specification of hard fakes, row 7): the sharpness of the corners alone tells
// them apart, in training and in the pseudo-fakes that choose a score.
func TestPairedHidesTheBackground(t *testing.T) {
	set, _ := synthetic.Sets(1)
	var faces []face.Face
	for i := range 60 {
		f, err := datasets.Load(set.Items[3*i])
		if err != nil {
			t.Fatal(err)
		}
		faces = append(faces, f)
	}
	s := tiny()
	s.Encoder.Size, s.Encoder.Dim = 64, 16
	s.Augment = unaugmented(s.Augment)
	s.Discrepancy.Pristine, s.Discrepancy.Whole, s.Discrepancy.Types = 0.5, 0.8, []string{"combined"}
	for _, paired := range []bool{false, true} {
		s.Discrepancy.Paired = paired
		seeable, sbi := newTestSeeABLE(t, s), newTestSBI(t, s)
		pseudo, err := NewPseudo(s, sbi, "own")
		if err != nil {
			t.Fatal(err)
		}
		w := NewWorker(sbi.Layout())
		for name, make1 := range map[string]func(f face.Face, seed uint64) (images [][]uint8, fake []bool){
			"sbi": func(f face.Face, seed uint64) (images [][]uint8, fake []bool) {
				images, _ = views(t, sbi, w, f, 2, 1, seed)
				return images, []bool{false, true}
			},
			"seeable": func(f face.Face, seed uint64) ([][]uint8, []bool) {
				images, labels := views(t, seeable, w, f, 1, 1, seed)
				return images, []bool{int(labels[0]) != seeable.Classes()-1}
			},
			"pseudo-fakes": func(f face.Face, seed uint64) (images [][]uint8, fake []bool) {
				look, err := sbi.look(f)
				if err != nil {
					t.Fatal(err)
				}
				c := face.Still(look)
				a, err := pseudo.Real(w, c, stream.New(seed, "pair"))
				if err != nil {
					t.Fatal(err)
				}
				b, err := pseudo.Fake(w, c, stream.New(seed, "pair"))
				if err != nil {
					t.Fatal(err)
				}
				return [][]uint8{discrepancy.AppendRGB(nil, a.Frames[0].Image), discrepancy.AppendRGB(nil, b.Frames[0].Image)}, []bool{false, true}
			},
		} {
			var sharpness []float64
			var fakes []bool
			for seed := range uint64(600) {
				images, fake := make1(faces[seed%uint64(len(faces))], seed)
				for _, image := range images {
					sharpness = append(sharpness, cornerSharpness(image))
				}
				fakes = append(fakes, fake...)
			}
			auc := shortcut(t, sharpness, fakes)
			t.Logf("paired %t, %s: corner sharpness alone has an AUC of %.3f", paired, name, auc)
			if paired && math.Abs(auc-0.5) > 0.04 {
				t.Errorf("%s: corner sharpness alone tells paired faces apart: AUC %.3f, want 0.50 ± 0.04", name, auc)
			}
			if !paired && auc < 0.57 {
				t.Errorf("%s: the shortcut does not show without the key (AUC %.3f): the test shows nothing", name, auc)
			}
		}
	}
}

// A real view of a pair differs from the fake where that is blended and nowhere else, and is no copy of the face in half of the pairs;
// fakes are those of an unpaired spec.
func TestSBIPaired(t *testing.T) {
	s := tiny()
	s.Encoder.Size = 64
	s.Augment = unaugmented(s.Augment)
	plain := newTestSBI(t, s)
	s.Discrepancy.Paired = true
	m := newTestSBI(t, s)
	w := NewWorker(m.Layout())
	changed := 0
	for seed := range uint64(40) {
		f := person(t, int(seed)%4)
		was, _ := views(t, plain, w, f, 2, 1, seed)
		now, _ := views(t, m, w, f, 2, 1, seed)
		if !bytes.Equal(was[1], now[1]) {
			t.Fatalf("seed %d: another fake", seed)
		}
		if bytes.Equal(now[0], now[1]) {
			t.Errorf("seed %d: the fake is the real view", seed)
		}
		if !bytes.Equal(was[0], now[0]) {
			changed++
		}
		// The first row lies outside of every mask.
		if !bytes.Equal(now[0][:3*64], now[1][:3*64]) {
			t.Errorf("seed %d: the first rows of a pair differ", seed)
		}
	}
	if changed < 10 || changed > 30 {
		t.Errorf("%d of 40 real views are perturbed, want about half", changed)
	}
	var labels []int
	for i := range 40 {
		dst, label := checked(t, m, person(t, i%4), stream.New(1, i))
		view, err := m.look(person(t, i%4))
		if err != nil {
			t.Fatal(err)
		}
		if label == 0 && !bytes.Equal(dst, discrepancy.AppendRGB(nil, view.Image)) {
			labels = append(labels, i)
		}
	}
	if len(labels) < 3 {
		t.Errorf("held-out reals %v are perturbed, want about half", labels)
	}
}

// Both views of a pair meet one degradation, noise included: the corners of paired views stay nearly equal.
func TestPairsShareTheirDegradation(t *testing.T) {
	s := tiny()
	s.Encoder.Size, s.Discrepancy.Paired, s.Augment.Scale = 64, true, [2]float64{1.5, 3}
	s.Augment = unaugmented(s.Augment)
	m := newTestSBI(t, s)
	w := NewWorker(m.Layout())
	differ := 0
	for seed := range uint64(40) {
		images, _ := views(t, m, w, person(t, int(seed)%4), 2, 1, seed)
		// A filter or a block of JPEG may reach from the mask to a corner.
		if a, b := cornerSharpness(images[0]), cornerSharpness(images[1]); math.Abs(a-b) > 0.05*a {
			differ++
		}
	}
	if differ > 2 {
		t.Errorf("%d of 40 pairs have corners of another sharpness, want next to none", differ)
	}
}

// SeeABLE reads the key only where it changes something.
func TestPairedIsRead(t *testing.T) {
	for text, ok := range map[string]bool{
		"[discrepancy]\npaired = true\npristine = 0.5":                  true,
		"[discrepancy]\npaired = true":                                  false,
		"[discrepancy]\npaired = true\npristine = 0.5\nside = 'inside'": false,
		"method = 'sbi'\n[discrepancy]\npaired = true":                  true,
	} {
		if _, err := spec.Parse("x", []byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !slices.Contains(spec.Keys(), "discrepancy.paired") {
		t.Error("no key discrepancy.paired")
	}
}
