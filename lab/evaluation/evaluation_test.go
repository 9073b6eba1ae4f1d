package evaluation

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// header is that of scores.csv before the scores.
const header = "dataset,method,video,identity,file,frame,fake,source"

// drawn makes the faces of a test set: videos of two manipulations and real ones with the same names, some frames with two
// faces, some faces without a score. The second score is the first with noise.
func drawn(dataset string, videos int, seed uint64) []store.Item {
	var faces []store.Item
	for _, method := range []string{"original", "Deepfakes", "FaceSwap"} {
		for v := range videos {
			rng := stream.New(seed, dataset, method, v)
			for frame := range 3 + rng.IntN(3) {
				for face := range 1 + rng.IntN(2) {
					score := rng.NormFloat64()
					if method != "original" {
						score += 0.7
					}
					other := score + rng.NormFloat64()
					if rng.IntN(8) == 0 || v == videos-1 && method == "FaceSwap" {
						score = math.NaN()
					}
					source := ""
					if method != "original" {
						source = fmt.Sprint("id", (v+1)%videos)
					}
					faces = append(faces, store.Item{
						Source: source, Dataset: dataset, Method: method, Video: fmt.Sprintf("%03d", v), Identity: fmt.Sprint("id", v),
						File: fmt.Sprintf("%s/%d_%d_%d.png", method, v, frame, face), Frame: frame, Fake: method != "original",
						Scores: []float64{score, other},
					})
				}
			}
		}
	}
	return faces
}

// byHand is the video-level AUC from the definition: maps of maximums, means, and every pair.
func byHand(faces []store.Item, column int, manipulation string) (auc float64, real, fake int) {
	frames := map[string]map[int]float64{}
	isFake := map[string]bool{}
	for _, it := range faces {
		score := it.Scores[column]
		if it.Fake && manipulation != All && it.Method != manipulation || math.IsNaN(score) {
			continue
		}
		name := it.Method + "/" + it.Video
		isFake[name] = it.Fake
		if frames[name] == nil {
			frames[name] = map[int]float64{}
		}
		if best, known := frames[name][it.Frame]; !known || score > best {
			frames[name][it.Frame] = score
		}
	}
	var reals, fakes []float64
	for name, best := range frames {
		mean := 0.0
		for _, score := range best {
			mean += score / float64(len(best))
		}
		if isFake[name] {
			fakes = append(fakes, mean)
		} else {
			reals = append(reals, mean)
		}
	}
	for _, f := range fakes {
		for _, r := range reals {
			if f > r {
				auc += 1 / float64(len(fakes)*len(reals))
			}
		}
	}
	return auc, len(reals), len(fakes)
}

func TestTestsByHand(t *testing.T) {
	for column := range 2 {
		faces := drawn("FF++ c40", 12, 5)
		tests, err := Tests(slices.Values(faces), column)
		if err != nil {
			t.Fatal(err)
		}
		if len(tests) != 9 {
			t.Fatalf("%d tests, want all and two manipulations, over videos, frames and faces: %+v", len(tests), tests)
		}
		for i, kind := range []string{All, "Deepfakes", "FaceSwap"} {
			got := tests[3*i]
			auc, real, fake := byHand(faces, column, kind)
			if got.Method != kind || got.Level != "video" || got.Dataset != "FF++ c40" || got.NReal != real || got.NFake != fake {
				t.Errorf("%s: got %+v, want %d real and %d fake videos", kind, got, real, fake)
			}
			if math.Abs(got.AUC-auc) > 1e-12 || got.Low > got.AUC || got.High < got.AUC || got.High-got.Low < 0.05 {
				t.Errorf("%s: AUC %v [%v, %v], by hand %v", kind, got.AUC, got.Low, got.High, auc)
			}
			total := 24
			if kind == All {
				total = 36
			}
			if want := float64(real+fake) / float64(total); got.Coverage != want {
				t.Errorf("%s: coverage %v, want %v", kind, got.Coverage, want)
			}
			frame, face := tests[3*i+1], tests[3*i+2]
			if frame.Level != "frame" || face.Level != "face" || frame.NReal+frame.NFake < 2*(real+fake) || face.NReal+face.NFake <= frame.NReal+frame.NFake {
				t.Errorf("%s: over frames %+v, over faces %+v", kind, frame, face)
			}
		}
	}
}

// The table made later of scores.csv says what the run said, digit for digit, with several sets in one file.
func TestReadFindsWhatTheRunFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.ScoresFile)
	a, b := drawn("FF++ c40", 13, 1), drawn("Celeb/DF: \"v2\"", 4, 2)
	if err := store.WriteItems(path, []string{"figure", "cosine"}, slices.Values(slices.Concat(a, b))); err != nil {
		t.Fatal(err)
	}
	for column, name := range []string{"figure", "cosine"} {
		sets, err := Read(path, name)
		if err != nil {
			t.Fatal(err)
		}
		if len(sets) != 2 {
			t.Fatalf("%d sets, want 2", len(sets))
		}
		for i, faces := range [][]store.Item{a, b} {
			tests, err := Tests(slices.Values(faces), column)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tests {
				if want.Level != "video" {
					continue
				}
				got, err := sets[i].Test(want.Method)
				if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || (got.NoInterval == "") != (i == 0) {
					t.Errorf("%s: got %+v, error %v; the run had %+v", name, got, err, want)
				}
			}
		}
	}
	if real, fake := mustRead(t, path, "figure")[0].Count("FaceSwap"); real != 13 || fake != 13 {
		t.Errorf("%d real and %d fake videos, want 13 of each, scored or not", real, fake)
	}
}

func mustRead(t testing.TB, path, score string) []Set {
	t.Helper()
	sets, err := Read(path, score)
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

func TestDifference(t *testing.T) {
	faces := drawn("DFDC", 15, 8)
	first, err := Pool(each(faces), 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Pool(each(faces), 1)
	if err != nil {
		t.Fatal(err)
	}
	// The last FaceSwap video has a first score in no frame; one of the others is taken out of the second.
	second[0].Videos = second[0].Videos[1:]
	d, err := first[0].Difference(second[0], All)
	if err != nil {
		t.Fatal(err)
	}
	if d.NReal != 14 || d.NFake != 29 {
		t.Errorf("%d real and %d fake videos were paired, want the 14 and 29 that both have scored", d.NReal, d.NFake)
	}
	var a, b []float64
	var fake []bool
	var who metric.Shown
	people := map[string]int32{}
	for v := range 15 {
		people[fmt.Sprint("id", v)] = int32(v)
	}
	source := func(v Video) int32 {
		if !v.Fake {
			return -1
		}
		return people[v.Source]
	}
	for i, v := range first[0].Videos[1:] {
		if v.Scored > 0 {
			a, b, fake = append(a, v.Score), append(b, second[0].Videos[i].Score), append(fake, v.Fake)
			who.People = append(who.People, [2]int32{people[v.Identity], source(v)})
		}
	}
	want, err := metric.Compare(a, b, fake, who)
	if err != nil || math.Abs(d.Diff-want.Diff) > 1e-12 || math.Abs(d.Low-want.Low) > 1e-12 || math.Abs(d.High-want.High) > 1e-12 || math.Abs(d.P-want.P) > 1e-12 {
		t.Errorf("got %+v, want %+v (error %v)", d, want, err)
	}
	if d, err := first[0].Difference(first[0], "Deepfakes"); err != nil || d.P != 1 || d.Diff != 0 {
		t.Errorf("a run against itself: %+v, error %v", d, err)
	}
	second[0].Videos[0].Fake = !second[0].Videos[0].Fake
	if _, err := first[0].Difference(second[0], All); err == nil || !strings.Contains(err.Error(), "test sets differ") {
		t.Errorf("error %v of a video with two labels", err)
	}
}

func each(faces []store.Item) func(func(store.Item, error) bool) {
	return func(yield func(store.Item, error) bool) {
		for _, it := range faces {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// A set without a scored video of each class has rows that say why there is no figure, and counts all the same.
func TestNoFigure(t *testing.T) {
	unscored := func(faces []store.Item, fake bool) []store.Item {
		faces = slices.Clone(faces)
		for i := range faces {
			if faces[i].Fake == fake {
				faces[i].Scores = []float64{math.NaN(), math.NaN()}
			}
		}
		return faces
	}
	faces := drawn("DFDC", 4, 8)
	reals := slices.DeleteFunc(slices.Clone(faces), func(it store.Item) bool { return it.Fake })
	fakes := slices.DeleteFunc(slices.Clone(faces), func(it store.Item) bool { return !it.Fake })
	for name, c := range map[string]struct {
		faces        []store.Item
		video, frame string
		real, fake   int // videos
		coverage     float64
	}{
		"reals":            {reals, "only real videos", "only real frames", 4, 0, 1},
		"fakes":            {fakes, "only fake videos", "only fake frames", 0, 7, 7. / 8},
		"fakes unscored":   {unscored(faces, true), "no fake video has a score", "no fake frame has a score", 4, 0, 4. / 12},
		"reals unscored":   {unscored(faces, false), "no real video has a score", "no real frame has a score", 0, 7, 7. / 12},
		"nothing":          {unscored(unscored(faces, false), true), "no video has a score", "no frame has a score", 0, 0, 0},
		"no score of real": {unscored(reals, false), "no video has a score", "no frame has a score", 0, 0, 0},
	} {
		tests, err := Tests(slices.Values(c.faces), 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kinds := 1
		if name != "reals" && name != "no score of real" {
			kinds = 3
		}
		if len(tests) != 3*kinds {
			t.Errorf("%s: %d tests of %d kinds, want three of each", name, len(tests), kinds)
		}
		for i, test := range tests {
			want := c.video
			if i%3 > 0 {
				want = c.frame
			}
			level := []string{"video", "frame", "face"}[i%3]
			if want = strings.ReplaceAll(want, "frame", level); test.NoFigure != want || test.Dataset != "DFDC" || test.Level != level {
				t.Errorf("%s: %+v, want that %s", name, test, want)
			}
			for _, figure := range []float64{test.AUC, test.Low, test.High, test.AP, test.EER} {
				if !math.IsNaN(figure) {
					t.Errorf("%s: %+v has a figure", name, test)
				}
			}
		}
		if all := tests[0]; all.NReal != c.real || all.NFake != c.fake || all.Coverage != c.coverage {
			t.Errorf("%s: %+v, want %d real and %d fake videos with a score, coverage %g", name, all, c.real, c.fake, c.coverage)
		}
	}
	// One manipulation without a score takes the figure of no other.
	for i := range faces {
		if faces[i].Method == "FaceSwap" {
			faces[i].Scores = []float64{math.NaN(), math.NaN()}
		}
	}
	tests, err := Tests(slices.Values(faces), 0)
	if err != nil || len(tests) != 9 {
		t.Fatal(tests, err)
	}
	for _, test := range tests {
		if lost := test.Method == "FaceSwap"; lost != (test.NoFigure != "") || lost != math.IsNaN(test.AUC) {
			t.Errorf("%+v", test)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", "empty"},
		"other header":  {"dataset,method,video\n", "columns"},
		"no score":      {header + "\n", "there are "},
		"another score": {header + ",figure,norm\n", `no score "cosine"; there are figure, norm`},
		"bad frame":     {header + ",cosine\na,b,c,d,e,x,true,,1\n", "line 2"},
		"bad class":     {header + ",cosine\na,b,c,d,e,1,true,,1\na,b,c,d,e,1,maybe,,1\n", "line 3"},
		"bad score":     {header + ",cosine\na,b,c,d,e,1,true,,one\n", "line 2"},
		"infinite":      {header + ",cosine\na,b,c,d,e,1,true,,+Inf\n", "finite"},
		"short row":     {header + ",cosine\na,b\n", "line 2"},
		"two classes":   {header + ",cosine\na,b,c,d,e,1,true,,1\na,b,c,d,f,1,false,,1\n", "real and fake"},
		"in pieces":     {header + ",cosine\na,b,c,d,e,1,true,,1\na,b,x,d,f,1,true,,1\na,b,c,d,g,1,true,,1\n", "in a row"},
	} {
		path := filepath.Join(t.TempDir(), store.ScoresFile)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path, "cosine")
		if err == nil || !strings.HasPrefix(err.Error(), "evaluation: "+path) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one of %s with %q", name, err, path, c.want)
		}
	}
	if _, err := Read("nothing.csv", "cosine"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v of no file", err)
	}
}

// Whatever the file holds, reading gives videos that can be measured, or an error.
func FuzzRead(f *testing.F) {
	f.Add(header + ",s\nFF++ c40,Deepfakes,000_003,000,a.jpg,1,true,003,0.5\nFF++ c40,original,000,,b.jpg,-1,0,,\n")
	f.Add("dataset,method\n")
	f.Fuzz(func(t *testing.T, text string) {
		sets, err := read(strings.NewReader(text), "s")
		if err != nil {
			return
		}
		for _, s := range sets {
			real, fake := s.Count(All)
			if real+fake != len(s.Videos) || len(s.Videos) == 0 {
				t.Fatalf("%d real and %d fake of %d videos", real, fake, len(s.Videos))
			}
			for _, v := range s.Videos {
				if v.Frames == 0 || (v.Scored == 0) != math.IsNaN(v.Score) {
					t.Fatalf("video %+v", v)
				}
			}
		}
	})
}

// A million faces in 31,250 videos go by in the room of the videos: what is reachable on the way is a small share of the
// file, as a run of any length needs.
func BenchmarkRead(b *testing.B) {
	path := manyScores(b, 31_250, 32)
	for b.Loop() {
		if sets := mustRead(b, path, "cosine"); len(sets[0].Videos) != 31_250 {
			b.Fatal(len(sets[0].Videos))
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(reachable(b, path, 7_000_000))/1e6, "MB-reachable")
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB-file")
}

// reachable is the most memory in use after a collection, looked up at every so many bytes of the file, in bytes.
func reachable(t testing.TB, path string, every int) uint64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := live(), uint64(0)
	counter := &lookingReader{file: file, every: every, look: func() { most = max(most, live()) }}
	sets, err := read(counter, "cosine")
	if err != nil {
		t.Fatal(err)
	}
	most = max(most, live())
	runtime.KeepAlive(sets)
	return most - min(before, most)
}

// lookingReader calls look once for each so many bytes read.
type lookingReader struct {
	file  *os.File
	every int
	n     int
	look  func()
}

func (r *lookingReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	if (r.n+n)/r.every > r.n/r.every {
		r.look()
	}
	r.n += n
	return n, err
}

// Six times the frames of the same videos take no more room.
func TestReadTakesTheRoomOfTheVideos(t *testing.T) {
	few, many := manyScores(t, 500, 20), manyScores(t, 500, 120)
	first, second := reachable(t, few, 100_000), reachable(t, many, 600_000)
	// The file of the second is 6.6 MB; the slack is for what else the process does.
	if second > first+1_000_000 {
		t.Errorf("%d bytes for 60,000 faces, %d for 10,000 of the same videos", second, first)
	}
}

// manyScores writes the scores of made-up faces.
func manyScores(t testing.TB, videos, frames int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), store.ScoresFile)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rng := stream.New(1, "many")
	fmt.Fprintln(file, header+",figure,cosine")
	for video := range videos {
		fake := video%2 == 1
		method, shift := "original", 0.0
		if fake {
			method, shift = "Deepfakes", 0.2
		}
		for frame := range frames {
			fmt.Fprintf(file, "FF++ c40,%s,%06d,id%d,faces/%s/%06d_%04d.png,%d,%t,,%g,%g\n",
				method, video, video, method, video, frame, frame, fake, rng.NormFloat64(), rng.NormFloat64()+shift)
		}
	}
	return path
}
