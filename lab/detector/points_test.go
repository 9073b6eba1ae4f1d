package detector

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// Points travel with the detector, and its results say what they mean; a folder without them opens as before and says that it has
// none. Scores are the same either way.
func TestPointsTravel(t *testing.T) {
	d := untrained(t, func(*spec.Spec) {})
	c := drawn(t, 1)[0]
	bare, err := d.Clip(t.Context(), c)
	if err != nil || bare.Meaning != nil {
		t.Fatalf("%+v, error %v", bare.Meaning, err)
	}
	var real []float64
	for i := range 30 {
		real = append(real, bare.Score-float64(40-i))
	}
	d.Points = &operating.Points{Score: d.Record.Score, Level: operating.Level, Real: real}
	dir := t.TempDir()
	if err := d.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, store.SpecFile), []byte(d.Spec.Stored()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := store.WriteRecord(dir, d.Record); err != nil {
		t.Fatal(err)
	}
	look := func() (*operating.Points, Result) {
		t.Helper()
		opened, err := Open(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		r, err := opened.Explain(t.Context(), face.Still(c.Frames[0]))
		if err != nil {
			t.Fatal(err)
		}
		return opened.Points, r
	}
	points, r := look()
	if !reflect.DeepEqual(points, d.Points) || r.Score != bare.Score || r.Meaning.Word != operating.Flagged || r.Meaning.Share.N != 30 || r.Meaning.Share.Share != 0 {
		t.Errorf("%+v, %+v; want the points that were saved, and that a face above all is flagged", points, r.Meaning)
	}
	if err := os.Remove(filepath.Join(dir, operating.File)); err != nil {
		t.Fatal(err)
	}
	if points, r := look(); !reflect.DeepEqual(points, operating.Missing()) || r.Score != bare.Score || !strings.Contains(r.Meaning.None, "no calibration") {
		t.Errorf("%+v, %+v", points, r.Meaning)
	}
	if err := os.WriteFile(filepath.Join(dir, operating.File), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), operating.File) {
		t.Errorf("error %v", err)
	}
}
