package overlap

import (
	"fmt"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// looks is a picture by a number; 0 is none.
func looks(n byte) datasets.Picture { return datasets.Picture{Pixels: face.Digest{n}} }

// Two published data sets: of one people are told by numbers, of the other there are compressions.
const numbered, compressed = "a data set that numbers its people", "a data set of two compressions"

func init() {
	for _, name := range []string{numbered, compressed} {
		datasets.Publish(datasets.Published{Name: name, Lacks: func([]datasets.Item) bool { return false }})
	}
}

// Each kind of leak is found and named, and nothing else is.
func TestLeaks(t *testing.T) {
	trained := Pictured{
		datasets.Set{Name: "faces", Items: []datasets.Item{
			{Dataset: "faces", Method: "real", Video: "a", Identity: "a", File: "a.jpg"},
			{Dataset: compressed + " c23", Method: "original", Video: "003", Identity: "003", File: "b.jpg"},
			{Dataset: "faces", Method: "swap", Video: "c_d", Identity: "c", Source: "d", Fake: true, File: "c.jpg"},
		}},
		[]datasets.Picture{looks(1), looks(2), looks(3)},
	}
	held := Pictured{Set: datasets.Set{Name: "faces (held out)", Items: []datasets.Item{{Dataset: "faces", Method: "real", Video: "e", Identity: "e", File: "e.jpg"}}}}
	test := func(looks datasets.Picture, it datasets.Item) Pictured {
		if it.Dataset == "" {
			it.Dataset = "crowd"
		}
		it.File = "x.png"
		return Pictured{datasets.Set{Name: "crowd", Items: []datasets.Item{it}}, []datasets.Picture{looks}}
	}
	for _, c := range []struct {
		what string
		test Pictured
		want string
	}{
		{"nothing", test(looks(9), datasets.Item{Video: "z", Identity: "z"}), "[]"},
		{"no picture", test(datasets.Picture{}, datasets.Item{Video: "z", Identity: "z"}), "[]"},
		{"a target", test(looks(9), datasets.Item{Video: "z", Identity: "a"}), "[target a 1 a.jpg]"},
		{"held out", test(looks(9), datasets.Item{Video: "z", Identity: "e"}), "[target e 1 e.jpg]"},
		{"a source", test(looks(9), datasets.Item{Video: "z", Identity: "z", Source: "a", Fake: true}), "[source a 1 a.jpg]"},
		{"who was a source", test(looks(9), datasets.Item{Video: "z", Identity: "d"}), "[target d 1 c.jpg]"},
		{"another's name", test(looks(9), datasets.Item{Dataset: numbered, Video: "z", Identity: "a"}), "[]"},
		{"a video", test(looks(9), datasets.Item{Dataset: compressed + " c40", Method: "youtube", Video: "003", Identity: "z"}), "[video " + compressed + " c40/youtube/003 1 b.jpg]"},
		{"a fake of the name", test(looks(9), datasets.Item{Dataset: compressed + " c40", Method: "FaceSwap", Video: "003", Identity: "z", Fake: true}), "[]"},
		{"a fake video", test(looks(9), datasets.Item{Dataset: "faces", Method: "swap", Video: "c_d", Identity: "z", Fake: true}), "[video faces/swap/c_d 1 c.jpg]"},
		{"a picture", test(looks(1), datasets.Item{Method: "m", Video: "z", Identity: "z"}), "[picture crowd/m/z:x.png 1 a.jpg]"},
		{"a fake's picture", test(looks(3), datasets.Item{Method: "m", Video: "z", Identity: "z"}), "[picture crowd/m/z:x.png 1 c.jpg labels crowd/m/z:x.png 1 c.jpg]"},
	} {
		found := Leaks([]Pictured{trained, held}, []Pictured{c.test})
		if got := tell(found[0]); len(found) != 1 || got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}

	// Between test sets, and where nobody has looked.
	one, two := test(looks(7), datasets.Item{Method: "m", Video: "z", Identity: "z"}), test(looks(7), datasets.Item{Method: "m", Video: "y", Identity: "y", Fake: true})
	found := Leaks([]Pictured{held}, []Pictured{one, two})
	if got, other := tell(found[0]), tell(found[1]); got != "[labels crowd/m/z:x.png 1 x.png]" || other != "[labels crowd/m/y:x.png 1 x.png]" {
		t.Errorf("both labels: %s and %s", got, other)
	}
	// Under both labels in training: no figure is right.
	torn := Pictured{datasets.Set{Items: []datasets.Item{trained.Items[0], trained.Items[2]}}, []datasets.Picture{looks(1), looks(1)}}
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
