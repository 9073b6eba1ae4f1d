package datasets

import (
	"maps"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// registries puts the registries back when the test is over.
func registries(t *testing.T) {
	d, p, n := maps.Clone(drawn), maps.Clone(published), maps.Clone(displayNames)
	t.Cleanup(func() { drawn, published, displayNames = d, p, n })
}

// panics returns what f panics with, "" if it returns.
func panics(f func()) (what string) {
	defer func() {
		if r := recover(); r != nil {
			what = r.(string)
		}
	}()
	f()
	return ""
}

func TestDrawnSetThatIsNotLinked(t *testing.T) {
	registries(t)
	delete(drawn, "synthetic")
	root := t.TempDir()
	people(t, root+"/synthetic", 20, 1) // a folder of the name is not the set
	_, _, _, err := Train(root, spec.Data{Train: []string{"synthetic"}, Holdout: 0.5}, 1, Strict)
	_, _, err2 := Tests("", []string{"synthetic"}, Strict)
	for _, err := range []error{err, err2} {
		if err == nil || !strings.Contains(err.Error(), `import _ "github.com/seeable-lab/seeable/datasets/synthetic"`) {
			t.Errorf("error %v; want one that names the missing import", err)
		}
	}
}

func TestRegisterDrawn(t *testing.T) {
	registries(t)
	RegisterDrawn("mine", func(seed uint64) (train, test Set) {
		train = Set{Name: "mine", Synthetic: true}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			train.Items = append(train.Items, Item{Dataset: "mine", Video: name, Identity: name, File: name})
		}
		return train, train
	})
	train, held, _, err := Train("", spec.Data{Train: []string{"mine"}, Holdout: 0.5}, 1, Strict)
	if err != nil || len(train.Items)+len(held.Items) != 6 || !train.Synthetic {
		t.Errorf("%d + %d faces, synthetic %v, %v; want the 6 that are registered", len(train.Items), len(held.Items), train.Synthetic, err)
	}
	if tests, _, err := Tests("", []string{"mine"}, Strict); err != nil || len(tests) != 1 || len(tests[0].Items) != 6 {
		t.Errorf("tests %v, %v; want the set that is registered", tests, err)
	}
	draw := drawn["mine"]
	for _, f := range []func(){func() { RegisterDrawn("mine", draw) }, func() { RegisterDrawn("", draw) }, func() { RegisterDrawn("new", nil) }} {
		if what := panics(f); !strings.Contains(what, "RegisterDrawn") {
			t.Errorf("panics with %q; want the name of the function", what)
		}
	}
}

func TestPublish(t *testing.T) {
	registries(t)
	lacks := func(videos []Item) bool { return len(videos) < 2 }
	Publish(Published{
		Name: "Mine", Folders: map[string]string{"mine_c23": "Mine c23"}, Lacks: lacks,
		Person: func(name string) string { return strings.Replace(name, "uno", "one", 1) },
	})
	if p, ok := PublishedAs("Mine c40"); !ok || p.Name != "Mine" || SetName("mine_c23") != "Mine c23" || SetFolder("Mine c23") != "mine_c23" {
		t.Errorf("%q, %v: another compression is not told to be the same data set, or its folder is not", p.Name, ok)
	}
	if _, ok := PublishedAs("Yours raw"); ok {
		t.Error("another set is published")
	}
	if one, uno, others := Person("Mine raw", "one"), Person("Mine c23", "uno"), Person("Yours", "one"); one != uno || one != "Mine one" || others != "one" {
		t.Errorf("people %q, %q and %q; want one of the two names, and one of the name alone", one, uno, others)
	}
	// The two faces of a are of one video.
	if one := []Item{{Video: "a", Frame: 1}, {Video: "a", Frame: 2}}; !partialTest("Mine c40", one) ||
		partialTest("Mine", append(one, Item{Video: "b"})) || partialTest("Yours", one) {
		t.Error("whether crops lack videos is not as registered")
	}
	for what, p := range map[string]Published{
		"registered once":                 {Name: "Mine", Lacks: lacks},
		"and Lacks":                       {Name: "Other"},
		"the folder dfdc is called both":  {Name: "Third", Folders: map[string]string{"dfdc": "Third"}, Lacks: lacks},
		`the published data set "": want`: {Lacks: lacks},
	} {
		if got := panics(func() { Publish(p) }); !strings.Contains(got, what) {
			t.Errorf("panics with %q; want %q", got, what)
		}
	}
}

// A folder of crops, one of real faces, and others.
func TestFacesIn(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "crops/manifest.csv", header, "real/landmarks.csv", "", "plain/manifest.csv", "file\n", "other/a.jpg", "", "odd/landmarks.csv/a", "")
	for name, want := range map[string]string{"crops": FaceCrops, "real": RealFaces, "plain": RealFaces, "other": "", "odd": "", "absent": ""} {
		if got := FacesIn(dir + "/" + name); got != want {
			t.Errorf("%s holds %q; want %q", name, got, want)
		}
	}
}
