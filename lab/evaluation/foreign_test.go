package evaluation

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	_ "github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// writeForeign writes faces as another tool may: these columns, divided by comma, in an order that says nothing.
func writeForeign(t *testing.T, faces []store.Item, column int, before, comma string, columns ...string) string {
	t.Helper()
	text := map[string]func(it store.Item) string{
		"dataset": func(it store.Item) string { return it.Dataset }, "method": func(it store.Item) string { return it.Method },
		"video": func(it store.Item) string { return it.Video }, "identity": func(it store.Item) string { return it.Identity },
		"source": func(it store.Item) string { return it.Source }, "file": func(it store.Item) string { return it.File },
		"frame": func(it store.Item) string { return strconv.Itoa(it.Frame) },
		"fake":  func(it store.Item) string { return map[bool]string{true: "1", false: "False"}[it.Fake] },
		"score": func(it store.Item) string {
			if math.IsNaN(it.Scores[column]) {
				return []string{"", "NaN", "nan"}[it.Frame%3]
			}
			return strconv.FormatFloat(it.Scores[column], 'g', -1, 64)
		},
	}
	var b strings.Builder
	b.WriteString(before + strings.Join(columns, comma) + "\r\n")
	for _, i := range stream.New(1, "order").Perm(len(faces)) {
		for j, name := range columns {
			if j > 0 {
				b.WriteString(comma)
			}
			b.WriteString(text[name](faces[i]))
		}
		b.WriteString("\r\n")
	}
	path := filepath.Join(t.TempDir(), "theirs.v1.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// byID are faces in the order in which a run scores them.
func byID(faces []store.Item) []store.Item {
	return slices.SortedFunc(slices.Values(faces), func(a, b store.Item) int { return cmp.Compare(itemID(a), itemID(b)) })
}

func itemID(it store.Item) string {
	return datasets.Item{Dataset: it.Dataset, Method: it.Method, Video: it.Video, Frame: it.Frame, File: it.File}.ID()
}

// The scores of a run in another's file have the figures of the run, digit for digit, and those of the definition.
func TestForeignIsMeasuredAsARun(t *testing.T) {
	sets := [][]store.Item{drawn("Celeb-DF v2", 11, 2), drawn("FF++ c40", 12, 5)}
	for column, form := range []struct {
		before, comma string
		columns       []string
	}{
		{"", ",", []string{"dataset", "method", "video", "identity", "source", "file", "frame", "fake", "score"}},
		{"\ufeff", ";", []string{"score", "file", "frame", "fake", "video", "method", "dataset"}},
	} {
		if len(form.columns) < 9 {
			for _, set := range sets {
				for i := range set {
					set[i].Identity, set[i].Source = "", ""
				}
			}
		}
		faces := slices.Concat(sets...)
		path := writeForeign(t, faces, column, form.before, form.comma, form.columns...)
		f, err := ReadForeign(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []store.Test
		for i, set := range sets {
			tests, err := Tests(slices.Values(byID(set)), column)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, tests...)
			for _, kind := range []string{All, "Deepfakes", "FaceSwap"} {
				auc, real, fake := byHand(set, column, kind)
				got, err := f.Sets[i].Test(kind)
				if err != nil || math.Abs(got.AUC-auc) > 1e-12 || got.NReal != real || got.NFake != fake {
					t.Errorf("%s, %s: %+v, error %v, by hand %v of %d and %d", f.Sets[i].Name, kind, got, err, auc, real, fake)
				}
			}
		}
		if !reflect.DeepEqual(f.Record.Tests, want) {
			t.Errorf("got %+v, a run has %+v", f.Record.Tests, want)
		}
		r := f.Record
		if r.Run != "theirs.v1.csv" || r.Name != "theirs.v1" || len(r.Foreign) != 64 || r.Synthetic || r.AUC["FF++ c40"] != want[9].AUC || r.Versions["metric"] != metric.Version {
			t.Errorf("record %+v", r)
		}
	}
}

// A tool that scores videos, or frames that it does not number.
func TestForeignVideos(t *testing.T) {
	text := "dataset,method,video,fake,score\n"
	var scores []float64
	var fake []bool
	for i := range 30 {
		method := []string{"original", "swap"}[i%2]
		score := stream.New(1, "foreign", i).NormFloat64()
		text += fmt.Sprintf("synthetic,%s,%d,%t,%g\n", method, i, i%2 == 1, score)
		scores, fake = append(scores, score), append(fake, i%2 == 1)
	}
	text += "synthetic,swap,30,true,\n" // not scored
	path := filepath.Join(t.TempDir(), "videos.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := ReadForeign(path)
	if err != nil {
		t.Fatal(err)
	}
	wins := 0.0
	for i, a := range scores {
		for j, b := range scores {
			if fake[i] && !fake[j] && a > b {
				wins++
			}
		}
	}
	video := f.Record.Tests[0]
	if len(f.Record.Tests) != 1 {
		t.Errorf("%+v, want figures over videos alone", f.Record.Tests)
	}
	if video.Level != "video" || math.Abs(video.AUC-wins/225) > 1e-12 || video.NReal != 15 || video.NFake != 15 || video.Coverage != 30.0/31 {
		t.Errorf("got %+v, want AUC %v of 15 real and 15 fake videos of 31", video, wins/225)
	}
	if !video.Synthetic || !f.Record.Synthetic {
		t.Error("a set of drawn faces is not said to be one")
	}
}

func TestForeignErrors(t *testing.T) {
	const header = "dataset,method,video,frame,file,fake,score,identity,source\n"
	const good = "A,real,1,0,,0,0.5,p,\nA,swap,1,0,,1,0.7,q,r\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", "the file is empty, want a header with the columns dataset, method, video, fake, score"},
		"only a mark":       {"\ufeff", "the file is empty"},
		"only a header":     {header, "line 2: no row follows"},
		"UTF-16":            {"\xff\xfed\x00a\x00", "UTF-16"},
		"no header":         {good, `line 1, column 1: unknown column "A"`},
		"unknown column":    {"dataset,method,video,fake,score,Frame\n" + good, `line 1, column 6: unknown column "Frame", want some of dataset`},
		"column twice":      {"dataset,method,video,fake,score,fake\n" + good, "line 1, column 6: a second column fake"},
		"missing column":    {"dataset,method,video,fake\nA,real,1,0\n", "line 1: no column score"},
		"label text":        {header + good + "A,swap,2,0,,fake,0.5,q,r\n", `line 4, column fake: found "fake", want 1 or true`},
		"label number":      {header + good + "A,swap,2,0,,2,0.5,q,r\n", `line 4, column fake: found "2"`},
		"no label":          {header + good + "A,swap,2,0,,,0.5,q,r\n", `line 4, column fake: found ""`},
		"infinite":          {header + good + "A,swap,2,0,,1,-inf,q,r\n", `line 4, column score: found "-inf", want a finite number`},
		"too large":         {header + good + "A,swap,2,0,,1,1e999,q,r\n", `line 4, column score: found "1e999"`},
		"score text":        {header + good + "A,swap,2,0,,1,high,q,r\n", `line 4, column score: found "high"`},
		"decimal comma":     {"dataset;method;video;fake;score\nA;real;1;0;0,5\n", `line 2, column score: found "0,5", want a finite number with a decimal point`},
		"frame text":        {header + good + "A,swap,2,1.5,,1,1,q,r\n", `line 4, column frame: found "1.5"`},
		"frame below":       {header + good + "A,swap,2,-2,,1,1,q,r\n", `line 4, column frame: found "-2"`},
		"no data set":       {header + good + ",swap,2,0,,1,1,q,r\n", `line 4, column dataset: found "", want a name`},
		"no video":          {header + good + "A,swap, ,0,,1,1,q,r\n", `line 4, column video: found ""`},
		"all":               {header + good + "A,all,2,0,,1,1,q,r\n", `line 4, column method: found "all"`},
		"short row":         {header + good + "A,swap\n", "line 4: 2 columns, want the 9 of the header"},
		"quote":             {header + good + "A,\"swap,2,0,,1,1,q,r\n", "line 4, letter"},
		"frame twice":       {header + good + "A,swap,1,0,,1,0.7,q,r\n", "line 4: the face of line 3 once more"},
		"video twice":       {header + good + "A,swap,2,,,1,0.7,q,r\nA,swap,2,-1,,1,0.7,q,r\n", "line 5: the face of line 4 once more"},
		"file twice":        {header + good + "A,swap,2,1,a,1,0.7,q,r\nA,swap,2,1,b,1,0.7,q,r\nA,swap,2,1,a,1,0.7,q,r\n", "line 6: the face of line 4 once more"},
		"frame of a file":   {header + good + "A,swap,2,1,v,1,1,q,r\nA,swap,2,0,v,1,1,q,r\nA,swap,2,1,v,1,1,q,r\n", "line 6: the face of line 4 once more"},
		"two classes":       {header + good + "A,swap,1,1,,0,0.7,q,r\n", "line 4, column fake: video A/swap/1 is of the other class than in line 3"},
		"two sources":       {header + good + "A,swap,1,1,,1,0.7,q,s\n", "line 4, column source: video A/swap/1 has another than in line 3"},
		"first of two":      {header + good + "A,swap,1,0,,1,0.7,q,r\nA,real,1,1,,1,0.7,p,\n", "line 4: the face"},
		"fakes alone":       {header + good + "B,swap,1,0,,1,0.7,q,r\nB,swap,2,0,,1,0.7,q,r\n", "line 4: test set B, which begins here, has scores of fake videos alone"},
		"real alone":        {header + "A,real,1,0,,0,0.5,p,\n", "line 2: test set A, which begins here, has scores of real videos alone"},
		"no score of fakes": {header + "A,real,1,0,,0,0.5,p,\nA,swap,1,0,,1,,q,r\n", "line 2: test set A, which begins here, has scores of real videos alone"},
		"no score":          {header + "A,real,1,0,,0,,p,\nA,swap,1,0,,1,,q,r\n", "line 2: test set A, which begins here, has no scores"},
	} {
		path := filepath.Join(t.TempDir(), "bad.csv")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadForeign(path)
		if err == nil || !strings.HasPrefix(err.Error(), "evaluation: "+path+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line of %s with %q", name, err, path, c.want)
		}
	}
	if _, err := ReadForeign("nothing.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v of no file", err)
	}
	// Several faces of a frame, and one file of several frames.
	for _, more := range []string{"A,swap,1,0,b,1,0.9,q,r\n", "A,swap,2,0,v.mp4,1,0.9,q,r\nA,swap,2,1,v.mp4,1,0.9,q,r\n"} {
		if _, err := readForeign(strings.NewReader(header + good + more)); err != nil {
			t.Errorf("%s: %v", more, err)
		}
	}
}

// Whatever the file holds, what is read can be pooled: no face twice, both classes in every set, finite scores.
func FuzzReadForeign(f *testing.F) {
	f.Add("dataset,method,video,fake,score\nA,real,1,0,0.5\nA,swap,1,1,\n")
	f.Add("\ufeffscore;fake;file;frame;video;method;dataset;source;identity\n1e3;TRUE;a;7;v;m;FF++ c40;s;i\n-1;0;;;\"v;1\";real;FF++ c40;;\n")
	f.Add("dataset,method,video,fake,score,frame\nA,r,1,0,1,0\nB,s,1,1,2,1\nA,s:/1,1,1,nan,\nB,r,%2F,false,0x1p3,-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		faces, err := readForeign(strings.NewReader(text))
		if err != nil {
			return
		}
		type key struct {
			dataset, method, video, file string
			frame                        int
		}
		seen, classes := map[key]bool{}, map[string][2]bool{}
		for _, it := range faces {
			k := key{it.Dataset, it.Method, it.Video, it.File, it.Frame}
			if seen[k] || k.dataset == "" || k.method == "" || k.video == "" || k.frame < -1 || math.IsInf(it.Scores[0], 0) {
				t.Fatalf("face %+v", it)
			}
			seen[k] = true
			c := classes[it.Dataset]
			if !math.IsNaN(it.Scores[0]) {
				c[map[bool]int{true: 1}[it.Fake]] = true
			}
			classes[it.Dataset] = c
		}
		sets, err := Pool(withoutErrors(slices.Values(faces)), 0)
		if err != nil || len(sets) != len(classes) {
			t.Fatalf("%d sets of %d, error %v", len(sets), len(classes), err)
		}
		for set, c := range classes {
			if !c[0] || !c[1] {
				t.Fatalf("%s has classes %v", set, c)
			}
		}
	})
}

func TestPairs(t *testing.T) {
	pool := func(faces []store.Item, column int) []Set {
		t.Helper()
		sets, err := Pool(each(faces), column)
		if err != nil {
			t.Fatal(err)
		}
		return sets
	}
	a := slices.Concat(drawn("DFDC", 14, 8), drawn("mine", 5, 1))
	b := slices.DeleteFunc(slices.Concat(drawn("DFDC", 14, 8), drawn("yours", 5, 1)), func(it store.Item) bool { return it.Video == "003" && it.Method == "original" })
	pairs, err := Pairs(pool(a, 0), pool(b, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 5 {
		t.Fatalf("%d pairs, want all and two manipulations of the set that both have, and the sets that one has: %+v", len(pairs), pairs)
	}
	// The last fake of drawn sets has no first score.
	if want := (Pair{Dataset: "mine", Method: All, Only: 14}); pairs[3] != want {
		t.Errorf("got %+v, want %+v", pairs[3], want)
	}
	if want := (Pair{Dataset: "yours", Method: All, OnlyOther: 14}); pairs[4] != want {
		t.Errorf("got %+v, want %+v", pairs[4], want)
	}
	for i, kind := range []string{All, "Deepfakes", "FaceSwap"} {
		// By name, with maps.
		type scored struct {
			score float64
			fake  bool
		}
		scores := func(s Set) map[string]scored {
			found := map[string]scored{}
			for _, v := range s.Videos {
				if v.Scored > 0 && (!v.Fake || kind == All || v.Method == kind) {
					found[v.Name] = scored{v.Score, v.Fake}
				}
			}
			return found
		}
		first, second := scores(pool(a, 0)[0]), scores(pool(b, 1)[0])
		var x, y []float64
		var fake []bool
		for name, v := range first {
			if w, both := second[name]; both {
				x, y, fake = append(x, v.score), append(y, w.score), append(fake, v.fake)
			}
		}
		want, err := metric.DeLong(x, y, fake)
		if err != nil {
			t.Fatal(err)
		}
		d, err := pool(a, 0)[0].Difference(pool(b, 1)[0], kind)
		if err != nil {
			t.Fatal(err)
		}
		real := 0
		for _, f := range fake {
			if !f {
				real++
			}
		}
		p := pairs[i]
		if p.Dataset != "DFDC" || p.Method != kind || p.Real != real || p.Fake != len(x)-real || p.Only != len(first)-len(x) || p.OnlyOther != len(second)-len(x) {
			t.Errorf("%+v, want %d of %d and %d videos", p, len(x), len(first), len(second))
		}
		if p.Only == 0 || math.Abs(*p.AUC-want.A) > 1e-12 || math.Abs(*p.OtherAUC-want.B) > 1e-12 || *p.Diff != d.Diff || *p.P != d.P || *p.Low != d.Low || *p.High != d.High || p.RealPeople != 13 || p.NoInterval != "" {
			t.Errorf("%s: %+v, want %+v and AUCs of %+v", kind, p, d, want)
		}
	}

	// Too few for an interval; none of a class; wholly apart in both, so that nothing varies.
	few := pool(a, 0)
	few[0].Videos = slices.DeleteFunc(few[0].Videos, func(v Video) bool { return !v.Fake && !strings.HasSuffix(v.Name, "/000") })
	if pairs, err := Pairs(few, pool(b, 1)); err != nil || pairs[0].AUC == nil || pairs[0].P != nil || pairs[0].Low != nil || pairs[0].Real != 1 || pairs[0].NoInterval == "" {
		t.Errorf("one real video: %+v, error %v", pairs, err)
	}
	few[0].Videos = slices.DeleteFunc(few[0].Videos, func(v Video) bool { return !v.Fake })
	if pairs, err := Pairs(few, pool(b, 1)); err != nil || pairs[0].AUC != nil || pairs[0].P != nil || pairs[0].Real != 0 {
		t.Errorf("no real video: %+v, error %v", pairs, err)
	}
	right := pool(a, 0)
	for i := range right[0].Videos {
		if v := &right[0].Videos[i]; v.Fake && v.Scored > 0 {
			v.Score += 100
		}
	}
	wrong := pool(a, 0)
	for i := range wrong[0].Videos {
		if v := &wrong[0].Videos[i]; v.Fake && v.Scored > 0 {
			v.Score -= 100
		}
	}
	if pairs, err := Pairs(right, wrong); err != nil || *pairs[0].Diff != 1 || *pairs[0].High != 1 || !(*pairs[0].Low < 0.95) || !(*pairs[0].P < 1e-3) {
		t.Errorf("without variance: %+v, error %v", pairs[0], err)
	}
	if _, err := Pairs(pool(drawn("DFDC", 3, 1), 0), pool(drawn("Celeb-DF v2", 3, 1), 0)); err == nil || !strings.Contains(err.Error(), "one has DFDC/original/000, the other Celeb-DF v2/original/000") {
		t.Errorf("error %v of sets that share nothing", err)
	}
	relabelled := pool(a, 0)
	relabelled[0].Videos[0].Fake = true
	if _, err := Pairs(pool(a, 0), relabelled); err == nil || !strings.Contains(err.Error(), "test sets differ") {
		t.Errorf("error %v of a video with two labels", err)
	}
}
