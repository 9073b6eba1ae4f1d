package datasets

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// looks is a picture by a number; 0 is none.
func looks(n byte) Picture { return Picture{Pixels: face.Digest{n}} }

// Each kind of leak is found and named, and nothing else is.
func TestLeaks(t *testing.T) {
	const numbered, compressed = "a data set that numbers its people", "a data set of two compressions"
	for _, name := range []string{numbered, compressed} {
		Publish(Published{Name: name, Lacks: func([]Item) bool { return false }})
		defer delete(published, name)
	}
	trained := Pictured{
		Set{Name: "faces", Items: []Item{
			{Dataset: "faces", Method: "real", Video: "a", Identity: "a", File: "a.jpg"},
			{Dataset: compressed + " c23", Method: "original", Video: "003", Identity: "003", File: "b.jpg"},
			{Dataset: "faces", Method: "swap", Video: "c_d", Identity: "c", Source: "d", Fake: true, File: "c.jpg"},
		}},
		[]Picture{looks(1), looks(2), looks(3)},
	}
	held := Pictured{Set: Set{Name: "faces (held out)", Items: []Item{{Dataset: "faces", Method: "real", Video: "e", Identity: "e", File: "e.jpg"}}}}
	test := func(looks Picture, it Item) Pictured {
		if it.Dataset == "" {
			it.Dataset = "crowd"
		}
		it.File = "x.png"
		return Pictured{Set{Name: "crowd", Items: []Item{it}}, []Picture{looks}}
	}
	for _, c := range []struct {
		what string
		test Pictured
		want string
	}{
		{"nothing", test(looks(9), Item{Video: "z", Identity: "z"}), "[]"},
		{"no picture", test(Picture{}, Item{Video: "z", Identity: "z"}), "[]"},
		{"a target", test(looks(9), Item{Video: "z", Identity: "a"}), "[target a 1 a.jpg]"},
		{"held out", test(looks(9), Item{Video: "z", Identity: "e"}), "[target e 1 e.jpg]"},
		{"a source", test(looks(9), Item{Video: "z", Identity: "z", Source: "a", Fake: true}), "[source a 1 a.jpg]"},
		{"who was a source", test(looks(9), Item{Video: "z", Identity: "d"}), "[target d 1 c.jpg]"},
		{"another's name", test(looks(9), Item{Dataset: numbered, Video: "z", Identity: "a"}), "[]"},
		{"a video", test(looks(9), Item{Dataset: compressed + " c40", Method: "youtube", Video: "003", Identity: "z"}), "[video " + compressed + " c40/youtube/003 1 b.jpg]"},
		{"a fake of the name", test(looks(9), Item{Dataset: compressed + " c40", Method: "FaceSwap", Video: "003", Identity: "z", Fake: true}), "[]"},
		{"a fake video", test(looks(9), Item{Dataset: "faces", Method: "swap", Video: "c_d", Identity: "z", Fake: true}), "[video faces/swap/c_d 1 c.jpg]"},
		{"a picture", test(looks(1), Item{Method: "m", Video: "z", Identity: "z"}), "[picture crowd/m/z:x.png 1 a.jpg]"},
		{"a fake's picture", test(looks(3), Item{Method: "m", Video: "z", Identity: "z"}), "[picture crowd/m/z:x.png 1 c.jpg labels crowd/m/z:x.png 1 c.jpg]"},
	} {
		found := Leaks([]Pictured{trained, held}, []Pictured{c.test})
		if got := tell(found[0]); len(found) != 1 || got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}

	// Between test sets, and where nobody has looked.
	one, two := test(looks(7), Item{Method: "m", Video: "z", Identity: "z"}), test(looks(7), Item{Method: "m", Video: "y", Identity: "y", Fake: true})
	found := Leaks([]Pictured{held}, []Pictured{one, two})
	if got, other := tell(found[0]), tell(found[1]); got != "[labels crowd/m/z:x.png 1 x.png]" || other != "[labels crowd/m/y:x.png 1 x.png]" {
		t.Errorf("both labels: %s and %s", got, other)
	}
	// Under both labels in training: no figure is right.
	torn := Pictured{Set{Items: []Item{trained.Items[0], trained.Items[2]}}, []Picture{looks(1), looks(1)}}
	if got := tell(Leaks([]Pictured{torn}, []Pictured{one})[0]); got != "[labels faces/swap/c_d:c.jpg 0 a.jpg]" {
		t.Errorf("both labels in training: %s", got)
	}
	one.Pictures = nil
	if found := Leaks([]Pictured{held}, []Pictured{one, two}); found[0] != nil || found[1] != nil {
		t.Errorf("where nobody has looked: %v", found)
	}
}

func tell(leaks []Leak) string {
	parts := []string{}
	for _, l := range leaks {
		parts = append(parts, fmt.Sprint(l.Kind, " ", l.Name, " ", l.Faces, " ", l.Seen.File))
	}
	return fmt.Sprint(parts)
}

// What Unseen leaves has no leak by name, and what it leaves out has one.
func TestUnseenIsWithoutLeaks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(name string, n int) (s Set) {
		s.Name = name
		for i := range n {
			it := Item{Dataset: name, Method: name, Video: fmt.Sprint(i), Identity: fmt.Sprint(rng.IntN(40)), File: fmt.Sprint(i)}
			if it.Fake = rng.IntN(2) == 0; it.Fake {
				it.Source = fmt.Sprint(rng.IntN(40))
			}
			s.Items = append(s.Items, it)
		}
		return s
	}
	leaking := 0
	for range 100 {
		trained, test := draw("train", 1+rng.IntN(6)), draw("test", 30)
		unseen, _ := Unseen(test, trained)
		kept := 0
		for _, it := range test.Items {
			alone := Pictured{Set: Set{Name: "test", Items: []Item{it}}}
			leaks := Leaks([]Pictured{{Set: trained}}, []Pictured{alone})[0]
			if kept < len(unseen.Items) && unseen.Items[kept].File == it.File {
				kept++
				if leaks != nil {
					t.Fatalf("%v is left, with %s", it, tell(leaks))
				}
			} else if leaks == nil {
				t.Fatalf("%v is left out without a leak", it)
			} else {
				leaking++
			}
		}
	}
	if leaking == 0 {
		t.Error("no leak was drawn")
	}
}

// What is found through bands of the hash is what comparing each with each finds.
func TestNearDuplicates(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func(n int, base uint64) (p Pictured) {
		for i := range n {
			look := byte(rng.IntN(60))
			hash, of := base, rand.New(rand.NewPCG(base, uint64(look))) // the same pixels have the same hash
			for range of.IntN(8) {
				hash ^= 1 << of.IntN(64)
			}
			p.Items = append(p.Items, Item{File: fmt.Sprint(i)})
			p.Pictures = append(p.Pictures, Picture{Pixels: face.Digest{1, look}, Hash: hash})
		}
		p.Pictures[0] = Picture{} // cannot be read
		return p
	}
	near, same := 0, 0
	for range 50 {
		base := rng.Uint64()
		faces, among := draw(30, base), draw(20, base)
		var want []Near
		for i, p := range faces.Pictures {
			best, like := NearBits+1, -1
			for j, q := range among.Pictures {
				if !p.Known() || !q.Known() {
					continue
				}
				distance := bits.OnesCount64(p.Hash ^ q.Hash)
				if p.Pixels == q.Pixels {
					distance = -1
				}
				if distance < best {
					best, like = distance, j
				}
			}
			if like < 0 {
				continue
			}
			if near++; best < 0 {
				same++
			}
			want = append(want, Near{faces.Items[i], among.Items[like], max(0, best), best < 0})
		}
		got := NearDuplicates(faces, among)
		if !slices.EqualFunc(got, want, func(a, b Near) bool {
			return a.Face.File == b.Face.File && a.Like.File == b.Like.File && a.Bits == b.Bits && a.Same == b.Same
		}) {
			t.Fatalf("%d are near, want %d, or others", len(got), len(want))
		}
	}
	if near == 1500 || near < 300 || same == 0 || same == near {
		t.Errorf("%d of 1500 are near, %d the same: the draws test little", near, same)
	}
}
