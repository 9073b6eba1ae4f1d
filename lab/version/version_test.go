package version

import (
	"maps"
	"testing"
)

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

// A record of a test has the versions of the test, and says what else made the network.
func TestTested(t *testing.T) {
	now := map[string]string{NumericsKey: "3", TrainingKey: "2", BackendKey: "cpu", PluginKey: "p", "metric": "9"}
	for _, c := range []struct{ trained, more map[string]string }{
		{map[string]string{NumericsKey: "2", TrainingKey: "1", BackendKey: "cpu", PluginKey: "p"}, map[string]string{TrainingKey: "1"}},
		{map[string]string{ReleaseKey: "0.4.0", BackendKey: "gpu"}, map[string]string{TrainingKey: "0.4.0", "trained with backend": "gpu"}},
		{map[string]string{TrainingKey: "2", BackendKey: "cpu", PluginKey: "q"}, map[string]string{"trained with plugin": "q"}},
	} {
		want := maps.Clone(now)
		maps.Copy(want, c.more)
		if got := Tested(c.trained, maps.Clone(now)); !maps.Equal(got, want) {
			t.Errorf("trained with %v: %v, want %v", c.trained, got, want)
		}
	}
}
