package method

import (
	"bytes"
	"testing"

	"github.com/seeable-lab/seeable/lab/discrepancy"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Real and fake take turns. Without augmentation a real view is the plain crop, and its neighbour is blended from the
// same crop; the next pair has another.
func TestSBIPairs(t *testing.T) {
	s := tiny()
	s.Augment = unaugmented(s.Augment)
	s.Train.Views, s.Train.Batch = 4, 16
	s.Discrepancy.Strength = 0 // fakes are only moved a little within their mask
	m := newTestSBI(t, s)
	f := person(t, 1)
	sampler := NewWorker(m.Layout())
	for seed := range uint64(20) {
		images, labels := views(t, m, sampler, f, 4, 5, seed)
		for i, label := range labels {
			if int(label) != i%2 {
				t.Fatalf("labels %v, want real and fake in turn", labels)
			}
		}
		rng := stream.New(seed, "views")
		plain, err := m.glance(f, rng)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(images[0], discrepancy.AppendRGB(nil, plain.Image)) {
			t.Fatalf("seed %d: the real view is not the plain crop", seed)
		}
		if bytes.Equal(images[0], images[1]) || bytes.Equal(images[2], images[3]) {
			t.Errorf("seed %d: a fake view is the real one", seed)
		}
		if bytes.Equal(images[0], images[2]) {
			t.Errorf("seed %d: two pairs have one crop", seed)
		}
		// Blended from the same crop: its pixels lie nearer than those of another.
		if pair, strangers := distance(images[0], images[1]), distance(images[0], images[2]); pair > strangers {
			t.Errorf("seed %d: the fake is %.1f levels from its real view, another crop %.1f", seed, pair, strangers)
		}
	}
}

// Both views of a pair meet the same augmentation, so it does not tell them apart.
func TestSBIPairsShareTheirAugmentation(t *testing.T) {
	s := tiny()
	s.Augment = unaugmented(s.Augment)
	s.Augment.Brightness, s.Augment.ContrastP = 0.6, 1
	m := newTestSBI(t, s)
	sampler := NewWorker(m.Layout())
	var largest float64
	for seed := range uint64(40) {
		images, _ := views(t, m, sampler, person(t, int(seed)%4), 4, 1, seed)
		a, b := mean(images[0]), mean(images[2])
		largest = max(largest, a-b, b-a)
		for pair := 0; pair < 4; pair += 2 {
			if difference := mean(images[pair]) - mean(images[pair+1]); difference > 30 || difference < -30 {
				t.Errorf("seed %d: means of a pair differ by %.0f levels", seed, difference)
			}
		}
	}
	if largest < 90 {
		t.Errorf("pairs differ by %.0f levels at most: the augmentation does not show", largest)
	}
}

func distance(a, b []uint8) float64 {
	total := 0.0
	for i := range a {
		total += max(float64(a[i])-float64(b[i]), float64(b[i])-float64(a[i]))
	}
	return total / float64(len(a))
}

// Held-out images are real or fake with even odds, and not augmented.
func TestSBICheck(t *testing.T) {
	m := newTestSBI(t, tiny())
	fakes := 0
	for i := range 400 {
		f := person(t, i%4)
		dst, label := checked(t, m, f, stream.New(1, i))
		view, err := m.look(f)
		if err != nil {
			t.Fatal(err)
		}
		if same := bytes.Equal(dst, discrepancy.AppendRGB(nil, view.Image)); same != (label == 0) {
			t.Errorf("image %d has label %d; it is the plain crop: %t", i, label, same)
		}
		fakes += label
	}
	if fakes < 155 || fakes > 245 {
		t.Errorf("%d of 400 are fake, want about half", fakes)
	}
}

func TestSBIVariants(t *testing.T) {
	s := tiny()
	f := person(t, 0)
	for _, flip := range []bool{false, true} {
		s.Score.Flip = flip
		m := newTestSBI(t, s)
		got, err := probe(t, m, "logit", Fit{}, f, "id")
		if err != nil {
			t.Fatal(err)
		}
		view, err := m.look(f)
		if err != nil {
			t.Fatal(err)
		}
		want := discrepancy.AppendRGB(nil, view.Image)
		if flip {
			want = discrepancy.AppendRGB(want, face.Mirror(view).Image)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("flip %t: other images than the face and its mirror image", flip)
		}
	}
}
