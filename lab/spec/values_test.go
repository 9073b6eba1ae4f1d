package spec

import (
	"slices"
	"strings"
	"testing"
)

// Every key of a spec is there with a value that, set in another spec, gives the first.
func TestValues(t *testing.T) {
	s := Default()
	s.Name, s.Seed = "odd = [name]", 7
	s.Data.Train = []string{"a = b", "[c]"}
	s.Train.LearningRate = 1e-7
	keys, values := Values(s.TOML())
	want := Keys()
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(keys)); !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	again := Default()
	for _, key := range keys {
		if _, err := again.assign(key + "=" + values[key]); err != nil {
			t.Errorf("%s = %s: %v", key, values[key], err)
		}
	}
	if again.TOML() != s.TOML() {
		t.Errorf("the values give %s, want %s", again.TOML(), s.TOML())
	}
	if keys, _ := Values("no spec\n" + strings.Repeat("x", 100)); len(keys) != 0 {
		t.Errorf("keys %v of no spec", keys)
	}
}
