package evaluation

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// gathering makes the faces of videos with so many people each, followed through the video by track or told by identity, some of
// them twice in a frame; a fake is told best by the second person, and some faces have no score.
func gathering(people, frames int, tracked bool) (faces []store.Item) {
	for _, method := range []string{"original", "swap", "puppet"} {
		for v := range 11 {
			rng := stream.New(3, method, v)
			for p := range people {
				for frame := range frames {
					for face := range 1 + (v+frame)%2 {
						it := store.Item{
							Dataset: "crowd", Method: method, Video: fmt.Sprint(v), Identity: fmt.Sprint("v", v), Fake: method != "original",
							Frame: frame, File: fmt.Sprintf("%s/%d/%d/%d-%d.png", method, v, p, frame, face), Scores: []float64{rng.NormFloat64()},
						}
						if it.Fake && p == 1 {
							it.Scores[0] += 0.8
						}
						if tracked {
							it.Track = p + 1
						} else {
							it.Identity += fmt.Sprint(" person ", p)
						}
						if rng.IntN(6) == 0 || v == 3 && p == 0 {
							it.Scores[0] = math.NaN()
						}
						faces = append(faces, it)
					}
				}
			}
		}
	}
	return faces
}

// byLevel is the AUC at a level from its definition: maps of lists, and every pair; share is that of what has a score.
func byLevel(faces []store.Item, manipulation, level string) (auc float64, reals, fakes int, share float64) {
	lists := map[string][]float64{}
	fake := map[string]bool{}
	for i, it := range faces {
		if it.Fake && manipulation != All && it.Method != manipulation {
			continue
		}
		key := fmt.Sprint(it.Method, "|", it.Video, "|", map[string]any{
			"person": fmt.Sprint(it.Identity, it.Track), "frame": it.Frame, "face": i,
		}[level])
		fake[key] = it.Fake
		lists[key] = append(lists[key], it.Scores[0])
	}
	var scores [2][]float64
	for key, list := range lists {
		list = slices.DeleteFunc(list, math.IsNaN)
		if len(list) == 0 {
			continue
		}
		score := slices.Max(list)
		if level == "person" {
			score = 0
			for _, s := range list {
				score += s / float64(len(list))
			}
		}
		class := 0
		if fake[key] {
			class = 1
		}
		scores[class] = append(scores[class], score)
	}
	for _, f := range scores[1] {
		for _, r := range scores[0] {
			if f > r {
				auc++
			}
		}
	}
	reals, fakes = len(scores[0]), len(scores[1])
	return auc / float64(reals*fakes), reals, fakes, float64(reals+fakes) / float64(len(lists))
}

func TestLevelsByDefinition(t *testing.T) {
	for _, tracked := range []bool{true, false} {
		faces := gathering(3, 4, tracked)
		tests, err := Tests(slices.Values(faces), 0)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, test := range tests {
			found = append(found, test.Method+" "+test.Level)
			if test.Level == "video" {
				continue
			}
			auc, reals, fakes, share := byLevel(faces, test.Method, test.Level)
			if math.Abs(test.AUC-auc) > 1e-12 || test.NReal != reals || test.NFake != fakes || math.Abs(test.Coverage-share) > 1e-12 || test.Dataset != "crowd" {
				t.Errorf("got %+v, by definition %v of %d and %d, coverage %v", test, auc, reals, fakes, share)
			}
		}
		var want []string
		for _, kind := range []string{All, "puppet", "swap"} {
			for _, level := range []string{"video", "person", "frame", "face"} {
				want = append(want, kind+" "+level)
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("tracked %v: %q, want %q", tracked, found, want)
		}
	}
}

// A level has figures only where it says something of its own.
func TestLevelsThatAreLeftOut(t *testing.T) {
	single := func(faces []store.Item) []store.Item {
		return slices.DeleteFunc(faces, func(it store.Item) bool { return it.File[len(it.File)-6:] != "-0.png" })
	}
	unknown := func(faces []store.Item) []store.Item {
		for i := range faces {
			faces[i].Frame = -1
		}
		return faces
	}
	// A frame in which nobody was found is no person, but a frame and a face without a score.
	nobody := append(single(gathering(1, 2, true)), store.Item{Dataset: "crowd", Method: "swap", Video: "10", Identity: "v10", Fake: true, Frame: 7, Scores: []float64{math.NaN()}})
	slices.SortStableFunc(nobody, func(a, b store.Item) int { return compareVideos(a, b) })
	for name, c := range map[string]struct {
		faces []store.Item
		want  []string
	}{
		"stills":             {single(gathering(1, 1, true)), []string{"video"}},
		"one face a frame":   {single(gathering(1, 3, true)), []string{"video", "frame"}},
		"one person":         {gathering(1, 3, true), []string{"video", "frame", "face"}},
		"stills of crowds":   {single(gathering(2, 1, true)), []string{"video", "person", "face"}},
		"unknown frames":     {unknown(single(gathering(1, 3, true))), []string{"video", "frame"}},
		"nobody in a frame":  {nobody, []string{"video", "frame"}},
		"several identities": {single(gathering(2, 1, false)), []string{"video", "person", "face"}},
	} {
		tests, err := Tests(slices.Values(c.faces), 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var found []string
		for _, test := range tests {
			if test.Method == All {
				found = append(found, test.Level)
			}
		}
		if !slices.Equal(found, c.want) {
			t.Errorf("%s: levels %q, want %q", name, found, c.want)
		}
	}
}

func compareVideos(a, b store.Item) int {
	if x, y := videoID(a), videoID(b); x < y {
		return -1
	} else if x > y {
		return 1
	}
	return 0
}

// What shows several people is one video, whoever they are.
func TestPoolTakesSeveralPeople(t *testing.T) {
	sets, err := Pool(each(gathering(2, 3, false)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) != 1 || len(sets[0].Videos) != 33 || sets[0].Videos[1].Identity != "v1 person 0" {
		t.Errorf("%+v, want 33 videos, each of its first person", sets)
	}
}

// Another tool's scores of people in videos, told by identity alone.
func TestForeignPersons(t *testing.T) {
	var text strings.Builder
	text.WriteString("dataset,method,video,frame,fake,score,identity\n")
	faces := slices.DeleteFunc(gathering(2, 3, false), func(it store.Item) bool { return !strings.HasSuffix(it.File, "-0.png") })
	for _, i := range stream.New(2, "order").Perm(len(faces)) {
		it := faces[i]
		score := ""
		if !math.IsNaN(it.Scores[0]) {
			score = fmt.Sprint(it.Scores[0])
		}
		fmt.Fprintf(&text, "crowd,%s,%s,%d,%t,%s,%s\n", it.Method, it.Video, it.Frame, it.Fake, score, it.Identity)
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := ReadForeign(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, test := range f.Record.Tests {
		found[test.Level] = true
		if test.Level != "video" {
			auc, reals, fakes, _ := byLevel(faces, test.Method, test.Level)
			if math.Abs(test.AUC-auc) > 1e-12 || test.NReal != reals || test.NFake != fakes {
				t.Errorf("%+v, by definition %v of %d and %d", test, auc, reals, fakes)
			}
		}
	}
	if len(found) != 4 {
		t.Errorf("levels %v, want all four", found)
	}
}
