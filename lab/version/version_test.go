package version

import "testing"

func TestNumericsOf(t *testing.T) {
	for _, c := range []struct {
		versions map[string]string
		want     string
	}{
		{map[string]string{ReleaseKey: "0.5.0"}, "0.5.0"},
		{map[string]string{ReleaseKey: "0.4.0"}, "0.4.0"},
		{map[string]string{ReleaseKey: "0.6.0", NumericsKey: "0.5.0"}, "0.5.0"},
		{map[string]string{"go": "go1.26.0"}, ""},
		{nil, ""},
	} {
		if got := NumericsOf(c.versions); got != c.want {
			t.Errorf("%v: %q, want %q", c.versions, got, c.want)
		}
	}
}

func TestTrainingOf(t *testing.T) {
	for _, c := range []struct {
		versions map[string]string
		want     string
	}{
		{map[string]string{ReleaseKey: "0.4.0"}, "0.4.0"},
		{map[string]string{ReleaseKey: "0.6.0", NumericsKey: "0.5.0"}, "0.5.0"},
		{map[string]string{ReleaseKey: "0.6.0", NumericsKey: "0.6.0", TrainingKey: "0.5.0"}, "0.5.0"},
		{nil, ""},
	} {
		if got := TrainingOf(c.versions); got != c.want {
			t.Errorf("%v: %q, want %q", c.versions, got, c.want)
		}
	}
}
