package method

import (
	"bytes"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
)

// Crops are those that the lab's own methods see, and refuse clips of several frames.
func TestCrops(t *testing.T) {
	s := tiny()
	m := newTestSBI(t, s)
	c, err := NewCrops(s)
	if err != nil {
		t.Fatal(err)
	}
	f := person(t, 0)
	var probed Samples
	if err := m.Probe(nil, &probed, AllScores, Fit{}, face.Still(f), "x"); err != nil {
		t.Fatal(err)
	}
	seen, err := c.Look(face.Still(f))
	if err != nil {
		t.Fatal(err)
	}
	rgb := make([]uint8, len(probed.Images))
	if fill(rgb, seen.Image); !bytes.Equal(rgb, probed.Images) {
		t.Error("Look sees something else than a test of the lab's own method")
	}
	a, err := c.Glance(face.Still(f), stream.New(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Glance(face.Still(f), stream.New(2))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Image.Pix, b.Image.Pix) {
		t.Error("two glances are the same")
	}
	two := face.Clip{Frames: []face.Face{f, f}}
	if _, err := c.Look(two); err == nil {
		t.Error("Look takes two frames")
	}
	if _, err := c.Glance(two, stream.New(1)); err == nil {
		t.Error("Glance takes two frames")
	}
}
