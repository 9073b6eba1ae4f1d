package datasets

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// sharedData returns the folder of research data, which no clone holds.
func sharedData(t *testing.T) string {
	root := os.Getenv("SEEABLE_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no research data at %s: set SEEABLE_DATA to test with it", root)
	}
	return root
}

func identities(s Set) map[string]bool {
	out := map[string]bool{}
	for _, it := range s.Items {
		out[it.Identity] = true
	}
	return out
}

// The counts are those of the data's README.md and SOURCE.md.
func TestSharedRealFaces(t *testing.T) {
	root := sharedData(t)
	for _, c := range []struct {
		name          string
		faces, people int
		landmarks     bool
	}{{"real/ytfaces", 1882, 288, true}, {"real/utkface", 2000, 2000, false}} {
		set, problems, err := OpenReal(filepath.Join(root, c.name), Strict)
		if err != nil || len(problems) > 0 {
			t.Fatal(c.name, err, problems)
		}
		if len(set.Items) != c.faces || len(identities(set)) != c.people {
			t.Errorf("%s: %d faces of %d people; want %d of %d", c.name, len(set.Items), len(identities(set)), c.faces, c.people)
		}
		for i := 0; i < len(set.Items); i += 47 {
			f, err := Load(set.Items[i])
			if err != nil || f.Fallback == c.landmarks {
				t.Errorf("%s: %v, fallback %v", set.Items[i].ID(), err, f.Fallback)
			}
		}
	}
}

func TestSharedCrops(t *testing.T) {
	root := sharedData(t)
	sets, problems, err := Tests(root, nil, Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	// Faces, videos and fake faces.
	want := map[string][3]int{"FF++ c40": {398, 40, 240}, "FF++ c23": {140, 7, 100}, "Celeb-DF v2": {192, 12, 96}, "DFDC": {108, 36, 80}}
	for _, set := range sets {
		videos := map[string]bool{}
		fake := 0
		for i, it := range set.Items {
			videos[it.VideoID()] = true
			if it.Fake {
				fake++
			}
			if i%20 == 0 {
				if f, err := Load(it); err != nil || !f.Fallback {
					t.Errorf("%s: %v", it.ID(), err)
				}
			}
		}
		if got := [3]int{len(set.Items), len(videos), fake}; got != want[set.Name] {
			t.Errorf("%s: faces, videos, fakes are %v; want %v", set.Name, got, want[set.Name])
		}
		delete(want, set.Name)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestSharedTrain(t *testing.T) {
	root := sharedData(t)
	d := spec.Default().Data
	train, held, problems, err := Train(root, d, 1, Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	a, b := identities(train), identities(held)
	for _, name := range d.Exclude {
		if a[name] || b[name] {
			t.Errorf("%s is a training face", name)
		}
	}
	for id := range a {
		if b[id] {
			t.Errorf("%s is on both sides", id)
		}
	}
	// Of the two excluded people only Ethan_Hawke is among the faces.
	if n := len(a) + len(b); n != 288+2000-1 {
		t.Errorf("%d people; want 2287", n)
	}
	t.Logf("%d faces of %d people train, %d of %d are held out", len(train.Items), len(a), len(held.Items), len(b))
}
