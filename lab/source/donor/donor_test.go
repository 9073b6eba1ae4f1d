package donor

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/stream"
)

// drawn is n faces of made-up people, of which no more than landmarks are known: the mean face turned, opened at the mouth, and
// bent by 20 modes of chance, with noise, somewhere in a picture. Each person has perPerson faces.
type drawn struct {
	faces     []source.Info
	perPerson int
}

func draw(n, perPerson int) drawn {
	rng := stream.New(1, "faces")
	mean := face.Template(image.Rect(0, 0, 101, 101))
	var modes [20][]face.Point
	for m := range modes {
		modes[m] = make([]face.Point, face.Landmarks)
		ax, ay, phase := rng.NormFloat64(), rng.NormFloat64(), rng.Float64()*6
		for i, p := range mean {
			wave := ax*p.X/100 + ay*p.Y/100 + phase
			modes[m][i] = face.Point{X: 4 * rng.NormFloat64() * wave / 10, Y: 4 * rng.NormFloat64() * wave / 10}
		}
	}
	d := drawn{perPerson: perPerson}
	for i := range n {
		size, x, y, turn := 0.5+2*rng.Float64(), 500*rng.Float64(), 500*rng.Float64(), 20*rng.NormFloat64()
		var strength [len(modes)]float64
		for m := range strength {
			strength[m] = rng.NormFloat64() / float64(1+m)
		}
		points := make([]face.Point, face.Landmarks)
		for k, p := range mean {
			if 27 <= k && k < 36 {
				p.X += turn
			}
			for m, s := range strength {
				p.X, p.Y = p.X+s*modes[m][k].X, p.Y+s*modes[m][k].Y
			}
			points[k] = face.Point{X: x + size*(p.X+rng.NormFloat64()/4), Y: y + size*(p.Y+rng.NormFloat64()/4)}
		}
		d.faces = append(d.faces, source.Info{Person: fmt.Sprint(i / perPerson), Landmarks: points})
	}
	return d
}

func (d drawn) Len() int               { return len(d.faces) }
func (d drawn) Info(i int) source.Info { return d.faces[i] }
func (d drawn) Clip(context.Context, int) (face.Clip, error) {
	panic("an index reads no pixels")
}

// exact is the sum of distances to the Most nearest of other people, by comparing with all.
func exact(clips source.Source, i int) (sum float64) {
	own, _ := frame(clips.Info(i).Landmarks)
	var all []float64
	for j := range clips.Len() {
		other := clips.Info(j)
		s, ok := frame(other.Landmarks)
		if ok && !other.Fake && other.Person != clips.Info(i).Person && own.distance(&s) >= nearCopy*face.Landmarks {
			all = append(all, own.distance(&s))
		}
	}
	slices.Sort(all)
	for _, d := range all[:Most] {
		sum += d
	}
	return sum
}

// ratio is how much further the faces that a pool finds are than the nearest, over every step-th face.
func ratio(t *testing.T, clips source.Source, step int) float64 {
	pool := New(clips)
	best, got := 0.0, 0.0
	for i := 0; i < clips.Len(); i += step {
		info := clips.Info(i)
		near, err := pool.Nearest(info.Landmarks, info.Person)
		if err != nil {
			t.Fatal(err)
		}
		if len(near) != Most {
			t.Fatalf("%d faces near face %d, want %d", len(near), i, Most)
		}
		own, _ := frame(info.Landmarks)
		last := 0.0
		for _, j := range near {
			other := clips.Info(int(j))
			if other.Person == info.Person {
				t.Fatalf("face %d of person %s is among those near face %d of the same person", j, other.Person, i)
			}
			s, _ := frame(other.Landmarks)
			d := own.distance(&s)
			if d < last {
				t.Fatalf("distances near face %d do not rise", i)
			}
			got, last = got+d, d
		}
		best += exact(clips, i)
	}
	return got / best
}

func TestApproximation(t *testing.T) {
	if r := ratio(t, draw(3000, 3), 100); r > 1.05 || r < 1 {
		t.Errorf("the faces found are %.4f times as far as the nearest, want 1 to 1.05", r)
	} else {
		t.Logf("%.5f times as far as the nearest", r)
	}
}

// The golden has four landmarks only, so its distances are those of shapes of which the rest is nothing.
func TestGolden(t *testing.T) {
	var golden struct {
		Nearest struct {
			Face       [][2]float32
			Candidates map[string]struct {
				Landmarks [][2]float32
				Sum       float64 `json:"sum_of_distances"`
			}
		}
	}
	sharedtest.Golden(t, "xray.json", &golden)
	of := func(landmarks [][2]float32) (s shape) {
		for i, p := range landmarks {
			s[2*i], s[2*i+1] = p[0], p[1]
		}
		return s
	}
	own := of(golden.Nearest.Face)
	for name, c := range golden.Nearest.Candidates {
		s := of(c.Landmarks)
		if d := own.distance(&s); d < c.Sum-1e-5 || d > c.Sum+1e-5 || d != s.distance(&own) {
			t.Errorf("candidate %s at %v, want %v either way", name, d, c.Sum)
		}
	}
	if len(golden.Nearest.Candidates) != 5 {
		t.Error("the golden has no candidates")
	}
}

// Size and place in the picture do not matter, nor does what was asked before; fakes and faces without landmarks are no donors.
func TestNearest(t *testing.T) {
	clips := draw(300, 2)
	clips.faces[10].Fake, clips.faces[20].Landmarks = true, nil
	pool := New(clips)
	for i := range 40 {
		if i == 20 {
			continue
		}
		info := clips.Info(i)
		want, err := pool.Nearest(info.Landmarks, info.Person)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(want, 10) || slices.Contains(want, 20) {
			t.Errorf("a fake, or a face without landmarks, is near face %d", i)
		}
		moved := make([]face.Point, face.Landmarks)
		for k, p := range info.Landmarks {
			moved[k] = face.Point{X: 2*p.X + 8, Y: 2*p.Y - 16}
		}
		for what, p := range map[string]*Pool{"moved": pool, "moved, in a new pool": New(clips)} {
			if got, err := p.Nearest(moved, info.Person); err != nil || !slices.Equal(got, want) {
				t.Fatalf("face %d, %s: %d faces, %v; want the %d of the face itself", i, what, len(got), err, len(want))
			}
		}
		// Without a name the face itself is still no donor.
		if near, err := pool.Nearest(info.Landmarks, ""); err != nil || slices.Contains(near, int32(i)) {
			t.Errorf("face %d is a donor of itself: %v, %v", i, near, err)
		}
	}
}

func TestDraw(t *testing.T) {
	var clips source.Clips
	for i, info := range draw(50, 1).faces {
		c := face.Still(face.Face{Landmarks: info.Landmarks})
		c.Person = fmt.Sprint(i)
		clips = append(clips, c)
	}
	pool, count := New(clips), map[*face.Point]int{}
	const draws = 4900
	for i := range draws {
		f, err := pool.Draw(clips[7], stream.New(uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		count[&f.Landmarks[0]]++
	}
	if len(count) != 49 || count[&clips[7].Frames[0].Landmarks[0]] > 0 {
		t.Errorf("%d donors, want all 49 others", len(count))
	}
	for _, n := range count { // 100 expected, with a standard error of 10
		if n < 50 || n > 150 {
			t.Errorf("a donor was drawn %d times of %d", n, draws)
		}
	}
}

func TestErrors(t *testing.T) {
	alone, bare := draw(5, 5), draw(4, 1)
	for i := range bare.faces {
		bare.faces[i].Landmarks = nil
	}
	good := draw(5, 1)
	for what, c := range map[string]struct {
		pool      *Pool
		landmarks []face.Point
		want      string
	}{
		"no pool":              {nil, good.faces[0].Landmarks, "no pool"},
		"one person":           {New(alone), alone.faces[0].Landmarks, "at least two people"},
		"no landmarks in pool": {New(bare), good.faces[0].Landmarks, "none of the 4 faces"},
		"no landmarks":         {New(good), nil, "0 landmarks"},
		"one place":            {New(good), make([]face.Point, face.Landmarks), "one place"},
	} {
		if _, err := c.pool.Nearest(c.landmarks, "0"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", what, err, c.want)
		}
	}
	if _, err := New(good).Draw(face.Clip{}, rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Error("a clip without frames is taken")
	}
}

func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{3000, 30_000} {
		b.Run(fmt.Sprintf("faces=%d", n), func(b *testing.B) {
			clips := draw(n, 5)
			x, err := newIndex(clips)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				s, _ := frame(clips.faces[i%n].Landmarks)
				x.nearest(s, clips.faces[i%n].Person)
			}
		})
	}
}
