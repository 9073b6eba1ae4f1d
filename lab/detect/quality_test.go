package detect

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
)

// best returns the detection that overlaps the face most, if any does by more than 0.4. The boxes have a forehead and the
// landmarks' bounds none, so even a perfect box overlaps by about 0.75.
func best(found []Detection, points []face.Point) (Detection, bool) {
	var top Detection
	overlap := 0.4
	for _, f := range found {
		if o := f.Box.Overlap(face.Bounds(points)); o > overlap {
			top, overlap = f, o
		}
	}
	return top, overlap > 0.4
}

// report runs the detector over labelled pictures.
func report(t testing.TB, d *Detector, faces []labelled) (found float64, errors []float64) {
	t.Helper()
	n := 0
	for _, f := range faces {
		got, err := d.Faces(open(t, f.path))
		if err != nil {
			t.Log(f.path, err)
			continue
		}
		if b, ok := best(got, f.points); ok {
			n++
			errors = append(errors, miss(b.Landmarks, f.points))
		}
	}
	return float64(n) / float64(len(faces)), errors
}

func TestYouTubeFaces(t *testing.T) {
	d := detector(t)
	step := 10
	if testing.Short() {
		step = 50
	}
	var faces []labelled
	for i, f := range youtube(t) {
		if i%step == 0 {
			faces = append(faces, f)
		}
	}
	found, errors := report(t, d, faces)
	median := quantile(errors, 0.5)
	t.Logf("%d faces: %.1f %% found, landmarks off by %.2f %% of the distance of the eyes (median), 90 %% by less than %.2f %%",
		len(faces), 100*found, 100*median, 100*quantile(errors, 0.9))
	// The set's labels lie elsewhere than those that people drew on other sets: dlib is off by 5.9 % here, face-api by 6.3 %.
	if found < 0.98 || !(median < 0.065) {
		t.Errorf("%.3f found with a median error of %.4f; want at least 0.98 and less than 0.065", found, median)
	}
}

func BenchmarkYouTubeFaces(b *testing.B) {
	d := detector(b)
	faces := youtube(b)
	for b.Loop() {
		found, errors := report(b, d, faces)
		b.ReportMetric(100*found, "%found")
		b.ReportMetric(100*quantile(errors, 0.5), "%median")
		b.ReportMetric(100*quantile(errors, 0.9), "%p90")
	}
}

// aflw returns the AFLW2000 faces and their yaw in degrees.
func aflw(t testing.TB) (faces []labelled, yaw []float64) {
	dir := shared(t, "landmarks/aflw2000_16")
	files, err := filepath.Glob(filepath.Join(dir, "*.mat"))
	if err != nil || len(files) != 16 {
		t.Fatalf("%d files, %v; want 16", len(files), err)
	}
	for _, f := range files {
		values, rows := matrix(t, f, "pt3d_68")
		pose, _ := matrix(t, f, "Pose_Para")
		l := labelled{path: strings.TrimSuffix(f, ".mat") + ".jpg"}
		for i := range face.Landmarks {
			// MATLAB counts from 1.
			l.points = append(l.points, face.Point{X: values[i*rows] - 1, Y: values[i*rows+1] - 1})
		}
		faces, yaw = append(faces, l), append(yaw, pose[1]*180/math.Pi)
	}
	return faces, yaw
}

func TestAFLW2000(t *testing.T) {
	d := detector(t)
	faces, yaw := aflw(t)
	found, errors := report(t, d, faces)
	if found < 1 {
		t.Fatalf("%.1f %% of the faces found, want all", 100*found)
	}
	var frontal, turned []float64
	for i, e := range errors {
		if math.Abs(yaw[i]) < 30 {
			frontal = append(frontal, e)
		} else {
			turned = append(turned, e)
		}
	}
	t.Logf("16 faces, all found; landmarks off by %.1f %% (median), %d with less than 30° yaw %.1f %%, %d with more %.1f %%",
		100*quantile(errors, 0.5), len(frontal), 100*quantile(frontal, 0.5), len(turned), 100*quantile(turned, 0.5))
	if e := quantile(frontal, 0.5); e > 0.1 {
		t.Errorf("median error of frontal faces %.3f, want at most 0.1", e)
	}
}

// The labelled boxes of dlib's example pictures: group pictures from PASCAL VOC with faces from 37 pixels.
func TestDlibExamples(t *testing.T) {
	d := detector(t)
	dir := shared(t, "landmarks/dlib_examples_faces")
	type box struct {
		Top    float64 `xml:"top,attr"`
		Left   float64 `xml:"left,attr"`
		Width  float64 `xml:"width,attr"`
		Height float64 `xml:"height,attr"`
		Ignore int     `xml:"ignore,attr"`
		Parts  []struct {
			X float64 `xml:"x,attr"`
			Y float64 `xml:"y,attr"`
		} `xml:"part"`
	}
	wanted, hit, extra := 0, 0, 0
	var errors []float64
	for _, name := range []string{"testing_with_face_landmarks.xml", "training_with_face_landmarks.xml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			Images []struct {
				File  string `xml:"file,attr"`
				Boxes []box  `xml:"box"`
			} `xml:"images>image"`
		}
		decoder := xml.NewDecoder(bytes.NewReader(text))
		decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // ASCII but for its name
		if err := decoder.Decode(&list); err != nil {
			t.Fatal(name, err)
		}
		for _, img := range list.Images {
			found, err := d.Faces(open(t, filepath.Join(dir, img.File)))
			if err != nil {
				t.Error(img.File, err)
			}
			extra += len(found)
			for _, b := range img.Boxes {
				want := face.Box{X0: b.Left, Y0: b.Top, X1: b.Left + b.Width, Y1: b.Top + b.Height}
				i := slices.IndexFunc(found, func(f Detection) bool { return f.Box.Overlap(want) > 0.35 })
				if i >= 0 {
					extra--
				}
				if b.Ignore == 1 {
					continue
				}
				wanted++
				if i < 0 {
					t.Errorf("%s: no face at %+v", img.File, want)
					continue
				}
				hit++
				if len(b.Parts) == face.Landmarks {
					var points []face.Point
					for _, p := range b.Parts {
						points = append(points, face.Point{X: p.X, Y: p.Y})
					}
					errors = append(errors, miss(found[i].Landmarks, points))
				}
			}
		}
	}
	t.Logf("%d of %d labelled faces found, %d more; landmarks of %d off by %.1f %% (median)", hit, wanted, extra, len(errors), 100*quantile(errors, 0.5))
	if wanted < 40 || extra > wanted/10 {
		t.Errorf("%d labelled faces, %d found beside them; want at least 40, and few", wanted, extra)
	}
}
