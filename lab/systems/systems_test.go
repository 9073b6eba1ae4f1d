package systems

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/method/methodtest"
	"github.com/seeable-lab/seeable/lab/region"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/source/donor"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/stream"
)

// small is a spec of a system for tests, of a small network that learns fast from faces drawn by code.
func small(t testing.TB, name, keys string) spec.Spec {
	t.Helper()
	s, err := spec.Parse("small", []byte("name = \"small\"\nmethod = \""+name+"\"\n"+keys))
	if err != nil {
		t.Fatal(err)
	}
	s.Encoder.Name, s.Encoder.Size, s.Train.LearningRate = "compact", 32, 3e-3
	s.Augment.JPEGP, s.Augment.ContrastP, s.Augment.HSVShiftP, s.Augment.RGBShiftP = 0, 0, 0, 0
	return s
}

func TestXRay(t *testing.T) {
	methodtest.Run(t, small(t, "xray", "[xray]\nfrozen = 0.0\n"), methodtest.Options{Steps: 60})
}

func TestPCL(t *testing.T) {
	methodtest.Run(t, small(t, "pcl", "[pcl]\nstride = 8\n"), methodtest.Options{})
}

func TestFWA(t *testing.T) {
	methodtest.Run(t, small(t, "fwa", ""), methodtest.Options{Steps: 60})
}

func TestMixed(t *testing.T) {
	methodtest.Run(t, small(t, "mixed", ""), methodtest.Options{Steps: 60})
}

// faces are drawn by code, each of another person.
func faces(t testing.TB, n int) source.Clips {
	t.Helper()
	set, _ := synthetic.Sets(1)
	var clips source.Clips
	for i := range n {
		f, err := datasets.Load(set.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		c := face.Still(f)
		c.Person = fmt.Sprint(i)
		clips = append(clips, c)
	}
	return clips
}

func open(t testing.TB, s spec.Spec) (method.Method, *method.Worker, source.Clips) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	m, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	clips := faces(t, 24)
	for i, c := range clips {
		if clips[i], err = m.Keep(c); err != nil {
			t.Fatal(err)
		}
	}
	w := method.NewWorker(m.Layout())
	w.Donors = donor.New(clips)
	return m, w, clips
}

// pair makes a real sample and the fake of it.
func pair(t testing.TB, m method.Method, w *method.Worker, c face.Clip, seed uint64) (real, fake method.Sample) {
	t.Helper()
	made := method.NewSamples(m.Layout(), 2)
	dst := []method.Sample{made.At(0), made.At(1)}
	if err := m.Sample(w, dst, c, method.Draw{Rand: stream.New(seed, "pair"), Strength: 1}); err != nil {
		t.Fatal(err)
	}
	return dst[0], dst[1]
}

// The two of a pair differ where the map of the fake says so, and nowhere else; the map of a real face is 0.
func TestPairs(t *testing.T) {
	for name, keys := range map[string]string{
		"xray":            "[xray]\nscale = [1.0, 1.0]",
		"pcl":             "[pcl]\nstride = 8",
		"pcl, poisson":    "[pcl]\nstride = 8\npoisson = 1.0",
		"fwa":             "",
		"xray, selfblend": "[xray]\nsamples = \"selfblend\"",
		"pcl, selfblend":  "[pcl]\nstride = 8\nsamples = \"selfblend\"",
		"fwa, selfblend":  "[fwa]\nsamples = \"selfblend\"",

		"mixed, other": "[mixed]\nself = 0.0\nwarped = 0.0", "mixed, warped": "[mixed]\nself = 0.0\nother = 0.0",
		"mixed, selfblend": "[mixed]\nother = 0.0\nwarped = 0.0",
	} {
		t.Run(name, func(t *testing.T) {
			blended := strings.HasSuffix(name, ", selfblend")
			kind, _, _ := strings.Cut(name, ",")
			s := small(t, kind, keys)
			m, w, clips := open(t, s)
			layout := m.Layout()
			changed, unseen, peak := 0, 0, uint8(0)
			for i, c := range clips[:8] {
				real, fake := pair(t, m, w, c, uint64(i))
				if real.Label != 0 || fake.Label != 1 {
					t.Fatalf("labels %d and %d", real.Label, fake.Label)
				}
				again, _ := pair(t, m, w, c, uint64(i))
				if !bytes.Equal(again.Images, real.Images) {
					t.Fatal("the same draws give other pixels")
				}
				if layout.Map > 0 && slices.Max(real.Map) != 0 {
					t.Fatal("the map of a real face is not 0")
				}
				for at := range fake.Images {
					if real.Images[at] != fake.Images[at] {
						changed++
						if x, y := at/3%layout.Side, at/3/layout.Side; (kind == "pcl" || kind == "mixed") && fake.Map[y/8*layout.Map+x/8] == 0 {
							unseen++
						}
					}
				}
				if layout.Map > 0 {
					peak = max(peak, slices.Max(fake.Map))
				}
			}
			// SBI may change what lies around the mask.
			if share := float64(changed) / float64(8*3*layout.Side*layout.Side); share < 0.01 || share > 0.7 && !blended {
				t.Errorf("%.3f of all bytes were changed", share)
			}
			// Shares of less than half a level are rounded away.
			if !blended && 20*unseen > changed {
				t.Errorf("%d of %d changed bytes lie where the map says that nothing was blended in", unseen, changed)
			}
			if layout.Map > 0 && peak < 100 {
				t.Errorf("no map is above %d of 255", peak)
			}
		})
	}
}

// The smaller the scale, the less detail is left in a warped face; outside of its outline nothing changes, and the outline with
// cheeks contains that without.
func TestArtifact(t *testing.T) {
	s := small(t, "fwa", "")
	s.Encoder.Size = 64
	m, w, clips := open(t, s)
	f, err := m.(*FWA).Look(clips[0])
	if err != nil {
		t.Fatal(err)
	}
	detail := func(img *image.RGBA) (sum float64) {
		for y := 20; y < 44; y++ {
			for x := 20; x < 44; x++ {
				sum += math.Abs(2*float64(img.RGBAAt(x, y).G) - float64(img.RGBAAt(x-1, y).G) - float64(img.RGBAAt(x+1, y).G))
			}
		}
		return sum
	}
	last := detail(f.Image)
	for _, scale := range []float64{0.8, 0.5, 0.3, 0.2} {
		out := image.NewRGBA(f.Image.Rect)
		if _, err := (artifact{scale: scale, square: true}).apply(w, out, f); err != nil {
			t.Fatal(err)
		}
		if d := detail(out); d >= last {
			t.Errorf("at scale %v there is detail %v, at the larger one %v", scale, d, last)
		} else {
			last = d
		}
	}
	narrow, err := artifact{}.outline(f.Landmarks)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := artifact{cheeks: true}.outline(f.Landmarks)
	if err != nil {
		t.Fatal(err)
	}
	inner, outer := region.Hull(narrow, f.Image.Rect), region.Hull(wide, f.Image.Rect)
	if face.Area(face.Hull(wide)) <= face.Area(face.Hull(narrow)) || !inner.Rect.In(outer.Rect) {
		t.Errorf("the outline with cheeks has area %v, that without %v", face.Area(face.Hull(wide)), face.Area(face.Hull(narrow)))
	}
	out := image.NewRGBA(f.Image.Rect)
	if _, err := (artifact{scale: 0.2}).apply(w, out, f); err != nil {
		t.Fatal(err)
	}
	for y := range 64 {
		for x := range 64 {
			p := image.Pt(x, y).Sub(inner.Rect.Min)
			inside := image.Pt(x, y).In(inner.Rect) && inner.Weight[p.Y*inner.Rect.Dx()+p.X] > 0
			if !inside && out.RGBAAt(x, y) != f.Image.RGBAAt(x, y) {
				t.Fatalf("pixel %d, %d outside of the outline was changed", x, y)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for name, keys := range map[string]string{"xray": "", "pcl": "[pcl]\nstride = 8"} {
		m, w, clips := open(t, small(t, name, keys))
		alone := slices.Clone(clips)
		for i := range alone {
			alone[i].Person = "one"
		}
		away := clips[0]
		away.Frames = slices.Clone(away.Frames)
		away.Frames[0].Landmarks = make([]face.Point, face.Landmarks)
		for what, c := range map[string]struct {
			donors *donor.Pool
			clip   face.Clip
			want   string
		}{
			"no donors":              {nil, clips[0], "no pool"},
			"one person":             {donor.New(alone), alone[0], "at least two people"},
			"landmarks in one place": {w.Donors, away, ""},
		} {
			w.Donors = c.donors
			made := method.NewSamples(m.Layout(), 2)
			err := m.Sample(w, []method.Sample{made.At(0), made.At(1)}, c.clip, method.Draw{Rand: stream.New(1), Strength: 1})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: error %v, want %q in it", name, what, err, c.want)
			}
			if _, err := m.(method.Faker).Fake(w, c.clip, stream.New(1)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: the pseudo-fake has error %v, want %q in it", name, what, err, c.want)
			}
			w.Donors = donor.New(clips)
		}
	}
	for keys, want := range map[string]string{
		"method = \"xray\"\n[xray]\nlambda = -1.0":            "xray.lambda",
		"method = \"xray\"\n[xray]\nhead = \"both\"":          "xray.head",
		"method = \"xray\"\n[xray]\nblur = [0.06, 0.01]":      "rising",
		"method = \"xray\"\n[encoder]\nsize = 66":             "encoder.size",
		"method = \"pcl\"\n[pcl]\nstride = 7":                 "pcl.stride",
		"method = \"pcl\"\n[pcl]\nsamples = \"mine\"":         "pcl.samples",
		"method = \"fwa\"\n[fwa]\npyramid = [2, 1]":           "fwa.pyramid",
		"method = \"fwa\"\n[train]\nviews = 3\nbatch = 63":    "train.views",
		"method = \"fwa\"\n[fwa]\nsamples = \"another's\"":    "fwa.samples",
		"method = \"pcl\"\n[score]\nvariants = 3":             "score.variants",
		"method = \"pcl\"\n[discrepancy]\nrows = 3\ncols = 3": "does not read",
	} {
		s, err := spec.Parse("bad", []byte("name = \"bad\"\n"+keys))
		if err == nil {
			err = s.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", keys, err, want)
		}
	}
}

// BenchmarkMaker makes training pairs of each system beside those of SBI, on one core.
func BenchmarkMaker(b *testing.B) {
	for _, size := range []int{64, 128} {
		for _, c := range []struct{ name, method, keys string }{
			{"sbi", "sbi", ""},
			{"xray", "xray", ""},
			{"fwa", "fwa", ""},
			{"pcl-alpha", "pcl", "[pcl]\npoisson = 0.0"},
			{"pcl-poisson", "pcl", "[pcl]\npoisson = 1.0"},
		} {
			b.Run(fmt.Sprintf("%s/size=%d", c.name, size), func(b *testing.B) {
				s := small(b, c.method, c.keys)
				s.Encoder.Size = size
				m, w, clips := open(b, s)
				i := 0
				for b.Loop() {
					pair(b, m, w, clips[i%len(clips)], uint64(i))
					i++
				}
			})
		}
	}
}
