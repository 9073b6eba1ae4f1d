// Package detectortest gives tests a detector and faces to try it on.
package detectortest

import (
	"slices"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
)

// HeldOut are drawn faces as training keeps them, two of each person and a fake for each third, and a detector that the untrained
// method m makes, whatever method the spec names.
func HeldOut(t *testing.T, s spec.Spec, m method.Method) (*env.Env, *detector.Detector, *source.Set) {
	t.Helper()
	backend := acceltest.ForTest(t)
	e := env.New(t.TempDir())
	t.Cleanup(func() { e.Close() })
	kept, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	_, set := synthetic.Sets(1)
	set.Items = slices.DeleteFunc(set.Items, func(it datasets.Item) bool { return it.Frame > 1 || it.Fake && it.Method != "texture" })
	held, _, err := source.Open(t.Context(), set, source.Options{Keep: kept.Keep, Cache: source.NewCache(1 << 30)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.Close)
	weights := model.NewStore()
	network, err := method.NewNetwork(backend, weights, m)
	if err != nil {
		t.Fatal(err)
	}
	d := detector.New(e, s, m, weights, network)
	t.Cleanup(func() { d.Close() })
	return e, d, held
}
