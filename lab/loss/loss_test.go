package loss

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
)

func TestByNameErrors(t *testing.T) {
	config := func(change func(*Config)) Config {
		c := DefaultConfig()
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		config Config
		want   string // part of the message
	}{
		{"arcface", DefaultConfig(), strings.Join(Names(), ", ")},
		{"", DefaultConfig(), "unknown loss"},
		{"bcr", Config{}, "temperature is 0"},
		{"ce", config(func(c *Config) { c.Temperature = -1 }), "temperature is -1"},
		{"ce", config(func(c *Config) { c.Temperature = math.NaN() }), "temperature is NaN"},
		{"ce", config(func(c *Config) { c.Temperature = math.Inf(1) }), "temperature is +Inf"},
		{"bcr", config(func(c *Config) { c.BaseTemperature = -0.07 }), "base temperature"},
		{"bcr", config(func(c *Config) { c.Views = -2 }), "-2 views"},
		{"bcr", config(func(c *Config) { c.Contrast = "two" }), `"two"`},
		{"triplet", config(func(c *Config) { c.Margin = -0.1 }), "margin is -0.1"},
		{"triplet", config(func(c *Config) { c.Margin = math.NaN() }), "margin is NaN"},
	} {
		f, err := ByName(c.name, c.config)
		if err == nil || f != nil || !strings.HasPrefix(err.Error(), "loss: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ByName(%q, %+v): error %v, want one with %q", c.name, c.config, err, c.want)
		}
	}
	for _, name := range Names() {
		if f, err := ByName(name, DefaultConfig()); err != nil || f == nil {
			t.Errorf("ByName(%q) with the default options: %v", name, err)
		}
	}
}

// What does not fit is refused while the graph is built, with a message of ours.
func TestShapeErrors(t *testing.T) {
	unit := simplex(4)
	byName := func(name string) Func {
		f, err := ByName(name, DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	bcr := func(o BCROptions) Func {
		return func(z, labels, prototypes *graph.Node) (mean, perAnchor *graph.Node) {
			return BCR(z, labels, prototypes, o)
		}
	}
	for name, c := range map[string]struct {
		f Func
		batch
		want string
	}{
		"labels":        {byName("bcr"), batch{unit, []int{0, 1}, unit, false}, "want 4 integers"},
		"prototypes":    {byName("ce"), batch{unit, []int{0, 1, 2, 3}, simplex(3), false}, "want [K,4]"},
		"views":         {bcr(BCROptions{Temperature: 1, Views: 3}), batch{unit, []int{0, 1, 2, 3}, unit, false}, "3 views"},
		"options":       {bcr(BCROptions{}), batch{unit, []int{0, 1, 2, 3}, unit, false}, "temperature is 0"},
		"one row":       {byName("supcon"), batch{unit[:1], []int{0}, unit, false}, "at least 2"},
		"one row slide": {byName("slide-s1"), batch{unit[:1], []int{0}, unit, false}, "at least 2"},
		"one prototype": {byName("triplet"), batch{unit, []int{0, 0, 0, 0}, unit[:1], false}, "at least 2"},
		"positions":     {guided([][]float64{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}), batch{unit, []int{0, 1, 2, 3}, unit, false}, "3 positions"},
		"ragged matrix": {guided([][]float64{{1, 1}, {1}}), batch{unit, []int{0, 1, 2, 3}, unit, false}, "row 1"},
		"empty matrix":  {guided(nil), batch{unit, []int{0, 1, 2, 3}, unit, false}, "0 positions"},
	} {
		_, err := graph.CallOnce(acceltest.PureGo(t), func(z, labels, prototypes *graph.Node) *graph.Node {
			mean, _ := c.f(z, labels, prototypes)
			return mean
		}, matrixTensor(single.dtype, c.rows), labelTensor(c.labels), matrixTensor(single.dtype, c.prototypes))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "loss: ") {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
