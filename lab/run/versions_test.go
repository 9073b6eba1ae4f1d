package run

import (
	"maps"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// A network is taken over from a run that the same backend computed; what was not noted cannot differ.
func TestOtherBackend(t *testing.T) {
	of := func(backend, plugin string) map[string]string {
		return map[string]string{version.BackendKey: backend, version.PluginKey: plugin}
	}
	for _, c := range []struct {
		a, b map[string]string
		want bool
	}{
		{of("x", "p"), of("x", "p"), false},
		{of("x", "p"), of("y", "p"), true},
		{of("x", "p"), of("x", "q"), true},
		{of("x", ""), of("x", "q"), false},
		{of("x", "p"), map[string]string{version.BackendKey: "x"}, false},
	} {
		if got := otherBackend(c.a, c.b); got != c.want {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// Faces that are cut out of videos say how; those that came ready-made only whose landmarks the detector found.
func TestMade(t *testing.T) {
	e := env.New(t.TempDir())
	e.Cut = extract.Params{Frames: 8, Margin: 0.25, Side: 224, Run: 4}
	var s spec.Spec
	s.Data.Landmarks = source.SetLandmarks
	if got := made(e, nil, []string{"a", "b"}, s); got != nil {
		t.Errorf("ready-made sets: %v", got)
	}
	nets := extract.Nets()
	cut := nets
	cut.Frames, cut.Margin, cut.Side, cut.Run = 8, 0.25, 224, 4
	got := made(e, []string{"b"}, []string{"a", "b"}, s)
	if cut.Cutting = got["b"].Cutting; cut.Cutting < 1 || !maps.Equal(got, map[string]store.Faces{"b": cut}) {
		t.Errorf("one is cut: %v, want %v", got, cut)
	}
	s.Data.Landmarks = source.DetectLandmarks
	if got := made(e, []string{"b"}, []string{"a", "b"}, s); !maps.Equal(got, map[string]store.Faces{"a": nets, "b": cut}) || nets.Detector == "" || nets.Landmarks == "" {
		t.Errorf("landmarks are detected: %v", got)
	}
}

// A cell that was begun with landmarks of another detector is not gone on with: they move the crops that are trained on.
func TestOtherDetector(t *testing.T) {
	e := env.New(t.TempDir())
	s := spec.Default()
	s.Data.Train, s.Data.Test = []string{"synthetic"}, []string{"synthetic"}
	as := map[string]inputs{}
	for _, landmarks := range []string{source.SetLandmarks, source.DetectLandmarks} {
		s.Data.Landmarks = landmarks
		in, err := look(e, s)
		if err != nil {
			t.Fatal(err)
		}
		as[landmarks] = in
	}
	if got := as[source.SetLandmarks].trained["data.landmarks"]; got != "" {
		t.Errorf("landmarks of the set: digest %q, want none", got)
	}
	was := origin{Training: version.Training, Data: maps.Clone(as[source.DetectLandmarks].trained)}
	if changes := was.compare(as[source.DetectLandmarks]); changes != nil {
		t.Errorf("the same detector: %q", changes)
	}
	was.Data["data.landmarks"] = "5ae3c0ffee"
	if changes := was.compare(as[source.DetectLandmarks]); len(changes) != 1 || !strings.Contains(changes[0], "data.landmarks (digest 5ae3c0ff, now ") {
		t.Errorf("another detector: %q", changes)
	}
}
