package train

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/source"
)

// The accuracy is the share of the images whose label is guessed: of all images of the check, counted one by one.
func TestAccuracy(t *testing.T) {
	s := toySpec()
	c, err := NewCheck(t.Context(), s, toy{}, toyFaces(7))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Finalize()
	const row = toySize * toySize * 3
	right := 0
	for i, label := range c.samples.Labels {
		if int32(c.samples.Images[i*row]) == label {
			right++
		}
	}
	want := float64(right) / checkImages
	near(t, "share of images that show their label", want, 0.75, 0.06)
	for range 2 {
		got, err := c.Measure(acceltest.PureGo(t), model.NewStore())
		if err != nil {
			t.Fatal(err)
		}
		near(t, "accuracy", got, want, 0)
	}
}

// scored is toy with scores.
type scored struct{ toy }

func (m scored) Outputs(scope *model.Scope, in method.Inputs) []*Node { return m.Forward(scope, in) }

// The accuracy is the same by the network that scores use.
func TestAccuracyOfNetwork(t *testing.T) {
	s := toySpec()
	c, err := NewCheck(t.Context(), s, toy{}, toyFaces(7))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Finalize()
	store := model.NewStore()
	want, err := c.Measure(acceltest.PureGo(t), store)
	if err != nil {
		t.Fatal(err)
	}
	if c.network, err = method.NewNetwork(acceltest.PureGo(t), store, scored{}); err != nil {
		t.Fatal(err)
	}
	defer c.network.Finalize()
	got, err := c.Measure(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "accuracy", got, want, 0)
}

func TestCheckIsAFunctionOfTheSeed(t *testing.T) {
	s := toySpec()
	made := func() *Check {
		c, err := NewCheck(t.Context(), s, toy{}, toyFaces(7))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b := made(), made()
	if !bytes.Equal(a.samples.Images, b.samples.Images) || !slices.Equal(a.samples.Labels, b.samples.Labels) {
		t.Error("two checks of one seed")
	}
	s.Seed++
	if slices.Equal(a.samples.Labels, made().samples.Labels) {
		t.Error("two seeds have one check")
	}
}

func TestNewCheckErrors(t *testing.T) {
	s := toySpec()
	if _, err := NewCheck(t.Context(), s, toy{}, source.Clips{}); err == nil || !strings.Contains(err.Error(), "data.holdout") {
		t.Errorf("no faces: error %v", err)
	}
	faces := toyFaces(7)
	faces[5].Frames[0].Fallback = true
	if _, err := NewCheck(t.Context(), s, toy{}, faces); !errors.Is(err, errBad) || !strings.Contains(err.Error(), "face 5") {
		t.Errorf("bad face: error %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := NewCheck(ctx, s, toy{}, toyFaces(7)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}
