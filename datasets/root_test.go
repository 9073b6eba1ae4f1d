package datasets

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// people writes a folder of real faces: two of each of n people, in the order that step gives.
func people(t *testing.T, dir string, n, step int) {
	var rows strings.Builder
	rows.WriteString(landmarksHeader())
	for i := range n {
		k := i * step % n
		for j := range 2 {
			file := fmt.Sprintf("%d_%d.jpg", k, j)
			write(t, dir, file, "")
			rows.WriteString(landmarksRow(file, fmt.Sprint("person ", k), nil))
		}
	}
	write(t, dir, "landmarks.csv", rows.String())
}

func ids(s Set) []string {
	out := make([]string, len(s.Items))
	for i, it := range s.Items {
		out[i] = it.ID()
	}
	return out
}

func TestTrainSplitsByIdentity(t *testing.T) {
	root, shuffled := t.TempDir(), t.TempDir()
	people(t, root+"/real/a", 200, 1)
	people(t, shuffled+"/real/a", 200, 77)
	d := spec.Data{Train: []string{"real/a"}, Holdout: 0.25, Exclude: []string{"person 7", "person 8", "nobody"}}
	train, held, problems, err := Train(root, d, 5, Strict)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	side := map[string]string{}
	for _, s := range []Set{train, held} {
		for _, it := range s.Items {
			if before, ok := side[it.Identity]; ok && before != s.Name {
				t.Errorf("%s is on both sides", it.Identity)
			}
			side[it.Identity] = s.Name
		}
	}
	if len(train.Items)+len(held.Items) != 396 || side["person 7"] != "" || side["person 8"] != "" {
		t.Errorf("%d + %d faces, excluded people on sides %q, %q; want 396 faces without them", len(train.Items), len(held.Items), side["person 7"], side["person 8"])
	}
	// 198 draws of probability 0.25: mean 49.5, standard deviation 6.1; four of them.
	if n := len(held.Items) / 2; math.Abs(float64(n)-49.5) > 24.4 {
		t.Errorf("%d of 198 people are held out; want about 49", n)
	}
	train2, held2, _, err := Train(shuffled, d, 5, Strict)
	if err != nil || !slices.Equal(ids(train), ids(train2)) || !slices.Equal(ids(held), ids(held2)) {
		t.Errorf("another order of the rows gives another split (%v)", err)
	}
	_, held3, _, err := Train(root, d, 6, Strict)
	if err != nil || slices.Equal(ids(held), ids(held3)) {
		t.Errorf("another seed gives the same split (%v)", err)
	}
	// Without the exclusion the others stay where they are.
	d.Exclude = nil
	_, held4, _, err := Train(root, d, 5, Strict)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range held4.Items {
		if s := side[it.Identity]; s != "" && s != held.Name {
			t.Errorf("%s changed sides because of others", it.Identity)
		}
	}
}

func TestTrainErrors(t *testing.T) {
	root := t.TempDir()
	people(t, root+"/real/a", 20, 1)
	for _, c := range []struct {
		name, root string
		d          spec.Data
		want       string
	}{
		{"no root", "", spec.Data{Train: []string{"real/a"}, Holdout: 0.5}, "SEEABLE_DATA"},
		{"absent root", root + "/nowhere", spec.Data{Train: []string{"real/a"}, Holdout: 0.5}, "--data"},
		{"absent folder", root, spec.Data{Train: []string{"real/b"}, Holdout: 0.5}, "synthetic"},
		{"outside", root, spec.Data{Train: []string{"../a"}, Holdout: 0.5}, "below the data root"},
		{"twice", root, spec.Data{Train: []string{"real/a", "real/a"}, Holdout: 0.5}, "twice"},
		{"none", root, spec.Data{Holdout: 0.5}, "no training set"},
		{"all held out", root, spec.Data{Train: []string{"real/a"}, Holdout: 1}, "held out"},
		{"none held out", root, spec.Data{Train: []string{"real/a"}}, "held out"},
	} {
		if _, _, _, err := Train(c.root, c.d, 1, Skip); err == nil || !strings.HasPrefix(err.Error(), "datasets: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one about %q", c.name, err, c.want)
		}
	}
}

// Git checks a symbolic link out as a file with the target as its text where links cannot be made.
func TestLinksCheckedOutAsFiles(t *testing.T) {
	const rows = header + "a.jpg,0,original,1,0,1,,0,0,9,9\n"
	dir := t.TempDir()
	write(t, dir, "other/crops/celebdf_v2/manifest.csv", rows, "other/crops/celebdf_v2/a.jpg", "", "other/real/faces/a.jpg", "",
		"root/crops/celebdf_v2", "../../other/crops/celebdf_v2", "root/crops/notes.txt", "../../other/crops/celebdf_v2\n",
		"root/crops/nowhere", "../../other/crops/dfdc", "root/real/faces", "../../other/real/faces")
	root := filepath.Join(dir, "root")
	sets, problems, err := Tests(root, nil, Strict)
	if err != nil || len(problems) > 0 || len(sets) != 1 || sets[0].Name != "Celeb-DF v2" || len(sets[0].Items) != 1 {
		t.Errorf("%v, problems %v, error %v; want Celeb-DF v2 alone", sets, problems, err)
	}
	if got, want := FollowLink(filepath.Join(root, "real/faces")), filepath.Join(dir, "other/real/faces"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, name := range []string{"crops/notes.txt", "crops/nowhere", "real", "absent"} {
		if path := filepath.Join(root, name); FollowLink(path) != path {
			t.Errorf("%s is followed to %s, want it as it is", name, FollowLink(path))
		}
	}
}

func TestTestsFindsSets(t *testing.T) {
	const rows = header + "a.jpg,0,original,1,0,1,,0,0,9,9\n"
	root := t.TempDir()
	write(t, root, "crops/ffpp_c40/manifest.csv", rows, "crops/ffpp_c40/a.jpg", "",
		"crops/celebdf_v2/manifest.csv", rows, "crops/celebdf_v2/a.jpg", "",
		"my set/manifest.csv", rows, "my set/a.jpg", "",
		"utkface/manifest.csv", "file,age\na.jpg,3\n", "utkface/a.jpg", "",
		"empty/notes.txt", "")
	names := func(sets []Set) string {
		var out []string
		for _, s := range sets {
			out = append(out, s.Name)
		}
		return strings.Join(out, "; ")
	}
	for _, c := range []struct {
		root  string
		names []string
		want  string
	}{
		{root, nil, "Celeb-DF v2; FF++ c40; my set"},
		{root, []string{"my set", "ffpp_c40"}, "my set; FF++ c40"},
		{root, []string{"FF++ c40", "synthetic"}, "FF++ c40; synthetic"},
		{root + "/crops", nil, "Celeb-DF v2; FF++ c40"},
		{root + "/crops/ffpp_c40", nil, "FF++ c40"},
		{"", []string{"synthetic"}, "synthetic"},
	} {
		sets, problems, err := Tests(c.root, c.names, Strict)
		if err != nil || len(problems) > 0 || names(sets) != c.want {
			t.Errorf("%v: %q, problems %v, error %v; want %q", c.names, names(sets), problems, err, c.want)
		}
	}
	for _, c := range []struct {
		root  string
		names []string
		want  string
	}{
		{root, []string{"DFDC"}, "Celeb-DF v2, FF++ c40, my set"},
		{root, []string{"ffpp_c40", "FF++ c40"}, "twice"},
		{root + "/empty", nil, "no test set"},
		{root + "/absent", nil, "SEEABLE_DATA"},
		{"", nil, "no data folder"},
	} {
		if _, _, err := Tests(c.root, c.names, Strict); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v; want one about %q", c.root, c.names, err, c.want)
		}
	}
	write(t, root, "ffpp_c40/manifest.csv", rows)
	if _, _, err := Tests(root, nil, Strict); err == nil || !strings.Contains(err.Error(), "both") {
		t.Errorf("two folders of one set: %v", err)
	}
	if err := os.RemoveAll(root + "/ffpp_c40"); err != nil {
		t.Fatal(err)
	}
	write(t, root, "crops/dfdc/manifest.csv", "fil,label\na.jpg,1\n")
	if _, _, err := Tests(root, nil, Skip); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("a broken header among the crops: %v", err)
	}
}
