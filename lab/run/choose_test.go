package run

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/detector/detectortest"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/prepare"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// seer is a method that sees whether a clip is fake, as well as noise that is the clip's: its score "first" rises with it, its
// score "third" falls, and "second" is noise alone.
type seer struct{ brightness }

func (seer) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, digest string) error {
	noise := func(channel string) uint8 {
		var seed [32]byte
		copy(seed[:], digest+channel)
		copy(seed[31:], channel)
		return uint8(rand.New(rand.NewChaCha8(seed)).IntN(100))
	}
	r, g, b := 80+noise("r"), 80+noise("g"), 80+noise("b")
	if c.Fake {
		r, b = r+40, b-40
	}
	for range 16 {
		dst.Images = append(dst.Images, r, g, b)
	}
	return nil
}

func tinySpec() spec.Spec {
	s := spec.Default()
	s.Encoder.Size = 32
	return s
}

// auc is the share of pairs in the right order, by loops.
func auc(real, fake []float64) float64 {
	wins := 0.0
	for _, r := range real {
		for _, f := range fake {
			switch {
			case f > r:
				wins++
			case f == r:
				wins += 0.5
			}
		}
	}
	return wins / float64(len(real)*len(fake))
}

// The score with the best mean over the cells is chosen on one half of the people and reported on the other; the figures are
// those of loops over the clips.
func TestChooseScore(t *testing.T) {
	s := tinySpec()
	e, d, held := detectortest.HeldOut(t, s, seer{})
	r := &Run{Spec: s}
	if err := chooseScore(t.Context(), e, r, d, held); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields("selfblend/none selfblend/training selfblend/low selfblend/lowest poisson/none poisson/training poisson/low poisson/lowest")
	c := r.Record.Choice
	if r.Record.Score != "first" || d.Record.Score != "first" || d.Fit.Score != "first" || len(r.Record.Selection) != 4 || !slices.Equal(c.On, names) {
		t.Fatalf("score %q chosen on %q among %+v", r.Record.Score, c.On, r.Record.Selection)
	}
	choosing, reporting := prepare.Halves(held, s)
	people := [2]map[string]bool{{}, {}}
	for half, clips := range [][]int{choosing, reporting} {
		for _, i := range clips {
			if held.Item(i).Fake {
				t.Fatalf("clip %d is a fake", i)
			}
			people[half][held.Item(i).Identity] = true
		}
	}
	for person := range people[0] {
		if people[1][person] {
			t.Errorf("%s chooses and reports", person)
		}
	}
	if len(people[0])+len(people[1]) != 40 || c.People != len(people[0]) {
		t.Errorf("%d and %d people, chosen on %d", len(people[0]), len(people[1]), c.People)
	}

	// naive is the AUC of each score in each cell, and their mean.
	type figures struct {
		cells []float64
		mean  float64
	}
	naive := func(clips []int) (found map[string]figures, reals, fakes int) {
		p, err := newPanel(s, held, clips)
		if err != nil {
			t.Fatal(err)
		}
		scores := map[string]map[spec.PseudoCell][]float64{}
		for i, f := range p.faces {
			made, err := p.Clip(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			if made.Fake != (f.Kind != "") || made.Fake != p.Info(i).Fake {
				t.Fatalf("face %d of kind %q: fake %t", i, f.Kind, made.Fake)
			}
			if made.Fake {
				fakes++
			} else {
				reals++
			}
			rows, err := d.Rows(t.Context(), method.AllScores, made)
			if err != nil {
				t.Fatal(err)
			}
			for _, score := range d.Method.Scores() {
				if scores[score] == nil {
					scores[score] = map[spec.PseudoCell][]float64{}
				}
				scores[score][f.PseudoCell] = append(scores[score][f.PseudoCell], d.Score(score, rows))
			}
		}
		found = map[string]figures{}
		for score, of := range scores {
			var sum figures
			for _, name := range names {
				kind, compression, _ := strings.Cut(name, "/")
				cell := auc(of[spec.PseudoCell{Compression: compression}], of[spec.PseudoCell{Kind: kind, Compression: compression}])
				sum.cells, sum.mean = append(sum.cells, cell), sum.mean+cell/float64(len(names))
			}
			found[score] = sum
		}
		return found, reals, fakes
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	found, reals, fakes := naive(choosing)
	for _, selection := range r.Record.Selection {
		near(selection.Score, selection.AUC, found[selection.Score].mean)
		for i, cell := range found[selection.Score].cells {
			near(selection.Score+" on "+names[i], selection.Cells[i], cell)
		}
		if len(selection.Cells) != len(names) || c.NReal != reals || c.NFake != fakes || fakes != 2*reals {
			t.Errorf("%d cells of %d and %d faces, found %d and %d", len(selection.Cells), c.NReal, c.NFake, reals, fakes)
		}
		if !(selection.Low < selection.AUC && selection.AUC < selection.High) {
			t.Errorf("%s: interval [%v, %v] around %v", selection.Score, selection.Low, selection.High, selection.AUC)
		}
	}
	found, reals, fakes = naive(reporting)
	all, ok := r.Record.OnPseudo()
	near("the figure that is reported", all.AUC, found["first"].mean)
	if !ok || all.NReal != reals || all.NFake != fakes || all.People != len(people[1]) || len(r.Record.Pseudo) != 1+len(names) {
		t.Errorf("%+v of %d figures, want %d and %d faces of %d people", all, len(r.Record.Pseudo), reals, fakes, len(people[1]))
	}
	for i, cell := range found["first"].cells {
		got := r.Record.Pseudo[1+i]
		near(names[i], got.AUC, cell)
		if got.On != names[i] || got.NReal != got.NFake || 4*got.NReal != reals {
			t.Errorf("%+v, want %s", got, names[i])
		}
	}

	// A list of one entry.
	s.Score.ChooseOn, s.Score.Name = []string{"poisson/low"}, "third"
	r = &Run{Spec: s}
	if err := chooseScore(t.Context(), e, r, d, held); err != nil {
		t.Fatal(err)
	}
	if r.Record.Score != "third" || len(r.Record.Selection) != 1 || !slices.Equal(r.Record.Choice.On, []string{"poisson/low"}) || len(r.Record.Pseudo) != 2 ||
		r.Record.Choice.NReal != min(len(choosing), panelFaces) || r.Record.Selection[0].AUC > 0.4 {
		t.Errorf("%+v, %+v, %+v", r.Record.Selection, r.Record.Choice, r.Record.Pseudo)
	}
}

// Each compression has as many real faces as the others, and each of these has one pseudo-fake of each kind beside it; few faces
// serve more than once.
func TestPanelDeals(t *testing.T) {
	s := tinySpec()
	_, _, held := detectortest.HeldOut(t, s, seer{})
	choosing, _ := prepare.Halves(held, s)
	for _, n := range []int{1, 3, 20, len(choosing)} {
		p, err := newPanel(s, held, choosing[:n])
		if err != nil {
			t.Fatal(err)
		}
		count := map[spec.PseudoCell]map[int]int{}
		for _, f := range p.faces {
			if count[f.PseudoCell] == nil {
				count[f.PseudoCell] = map[int]int{}
			}
			count[f.PseudoCell][f.at]++
		}
		if len(count) != 12 || len(p.cells) != 8 {
			t.Fatalf("%d faces: %d groups, %d cells", n, len(count), len(p.cells))
		}
		for cell, faces := range count {
			if want := min(n, panelShare); len(faces) < want || len(faces) > want+n/4+1 {
				t.Errorf("%d faces: %d in %q, want %d or some more", n, len(faces), cell, want)
			}
			if !reflect.DeepEqual(faces, count[spec.PseudoCell{Compression: cell.Compression}]) {
				t.Errorf("%d faces: %q has other ones than its real side", n, cell)
			}
			for at, times := range faces {
				if times != 1 {
					t.Errorf("%d faces: face %d is %d times in %q", n, at, times, cell)
				}
			}
		}
	}
	for n, want := range map[int]int{1: 4, 63: 4, 64: 4, 65: 4, 86: 3, 128: 2, 255: 2, 256: 1} {
		if got := turns(n, 4); got != want {
			t.Errorf("%d faces are seen under %d compressions, want %d", n, got, want)
		}
	}
}

// A clip of a panel is a function of its pixels, the seed and its cell, wherever it stands among which others.
func TestPanelDrawsByPixels(t *testing.T) {
	s := tinySpec()
	_, _, held := detectortest.HeldOut(t, s, seer{})
	choosing, _ := prepare.Halves(held, s)
	made := func(held *source.Set, clips []int) map[string][]byte {
		p, err := newPanel(s, held, clips)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string][]byte{}
		for i, f := range p.faces {
			c, err := p.Clip(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			found[fmt.Sprint(held.Item(f.at).ID(), f.PseudoCell)] = c.Frames[0].Image.Pix
		}
		return found
	}
	first := made(held, choosing[2:8])
	// The same faces in a set of their own.
	var few datasets.Set
	for _, at := range choosing[3:8] {
		few.Items = append(few.Items, held.Item(at))
	}
	kept, err := method.New(s)
	if err != nil {
		t.Fatal(err)
	}
	others, _, err := source.Open(t.Context(), few, source.Options{Keep: kept.Keep})
	if err != nil {
		t.Fatal(err)
	}
	defer others.Close()
	again := made(others, []int{4, 3, 1, 2, 0})
	for name, pix := range again {
		if !bytes.Equal(pix, first[name]) {
			t.Errorf("%s is another at another place", name)
		}
	}
	s.Seed = 2
	same := 0
	for name, pix := range made(others, []int{0, 1, 2, 3, 4}) {
		if bytes.Equal(pix, first[name]) {
			same++
		}
	}
	if same > len(again)/10 || len(again) != 5*12 {
		t.Errorf("%d of %d clips are the same by another seed", same, len(again))
	}
}

// A real face is compressed as the cell says.
func TestPanelCompressesRealFaces(t *testing.T) {
	s := tinySpec()
	s.Augment.RGBShiftP, s.Augment.HSVShiftP, s.Augment.ContrastP, s.Augment.JPEGP = 0, 0, 0, 0
	_, _, held := detectortest.HeldOut(t, s, seer{})
	choosing, _ := prepare.Halves(held, s)
	p, err := newPanel(s, held, choosing[:4])
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range p.faces {
		if f.Kind != "" {
			continue
		}
		got, err := p.Clip(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := held.Clip(t.Context(), f.at)
		if err != nil {
			t.Fatal(err)
		}
		changed := !bytes.Equal(got.Frames[0].Image.Pix, plain.Frames[0].Image.Pix)
		if want := strings.HasPrefix(f.Compression, "low"); changed != want {
			t.Errorf("under %s a real face has changed: %t", f.Compression, changed)
		}
	}
}

// A choice that was kept is taken up, unless a version of other numerics has made it.
func TestChoiceIsKept(t *testing.T) {
	s := tinySpec()
	s.Score.ChooseOn = []string{"selfblend/none"}
	e, d, held := detectortest.HeldOut(t, s, seer{})
	for i, c := range []struct {
		stage string
		kept  chosen
		want  string
	}{
		{"", chosen{}, "first"},
		{chosenStage, chosen{Score: "second", Choice: &store.Choice{People: 1}, Points: operating.Missing(), Own: &store.Pseudo{On: "kept"}}, "second"},
		{chosenStage, chosen{Score: "second", Choice: &store.Choice{People: 1}, Points: operating.Missing()}, "first"}, // before its own pseudo-fakes were measured
		{chosenStage, chosen{Score: "second", Choice: &store.Choice{People: 1}}, "first"},                              // before there were points
		{chosenStage, chosen{Score: "second", Fit: map[string][]float64{}}, "first"},                                   // before there were halves
		{"chosen", chosen{Score: "second", Fit: map[string][]float64{}}, "first"},                                      // as 0.5.0 kept it
	} {
		cell, err := store.Claim(t.Context(), e.Results, fmt.Sprint("cell", i), store.Lease)
		if err != nil {
			t.Fatal(err)
		}
		w := &work{Env: e, cell: cell, computer: &accel.Accel{Backend: acceltest.ForTest(t)}, run: &Run{Dir: cell.Dir(), Spec: s}}
		if c.stage != "" {
			if err := w.keep(c.stage, chosenFile, c.kept, nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			w.run.Record, d.Record, d.Points = store.Record{}, store.Record{}, nil
			if err := w.choose(t.Context(), d, held); err != nil {
				t.Fatal(err)
			}
			if r := w.run.Record; r.Score != c.want || d.Record.Score != c.want || d.Fit.Score != c.want || r.Choice == nil || (r.Pseudo != nil) != (c.want == "first") ||
				r.Train.Own == nil || (r.Train.Own.On == "kept") != (c.want == "second") {
				t.Errorf("case %d: %+v, %+v", i, r, d.Fit)
			}
			if c.want == "first" && (d.Points == nil || d.Points.Score != "first" || len(d.Points.Real) == 0 || len(d.Points.Fake) == 0) ||
				c.want == "second" && !reflect.DeepEqual(d.Points, operating.Missing()) {
				t.Errorf("case %d: points %+v", i, d.Points)
			}
		}
		if err := cell.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// telltale is a method whose own pseudo-fakes show how its spec compresses.
type telltale struct {
	brightness
	augment spec.Augment
}

func init() {
	spec.RegisterMethod(spec.MethodInfo{Name: "telltale", Doc: "of a test", Scores: []spec.Choice{{Name: "told", Doc: "nothing"}}})
	method.Register("telltale", func(s spec.Spec) (method.Method, error) { return telltale{augment: s.Augment}, nil })
}

func (m telltale) Fake(_ *method.Worker, _ face.Clip, _ *rand.Rand) (face.Clip, error) {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	img.Pix[0], img.Pix[1] = uint8(float64(m.augment.JPEG[1])*m.augment.JPEGP), uint8(100*m.augment.ResampleP*m.augment.Resample[1])
	return face.Clip{Frames: []face.Face{{Image: img}}, Fake: true}, nil
}

// The own pseudo-fakes of a method are those that it makes where its spec compresses as the cell says.
func TestOwnPseudoFakesAreCompressed(t *testing.T) {
	s := tinySpec()
	_, _, held := detectortest.HeldOut(t, s, seer{})
	choosing, _ := prepare.Halves(held, s)
	s.Method, s.Augment.JPEG, s.Augment.JPEGP, s.Augment.ResampleP = "telltale", [2]int{50, 80}, 0.5, 0.25
	p, err := newPanel(s, held, choosing[:1])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.names(), s.Score.ChooseOn) {
		t.Errorf("cells %q", p.names())
	}
	want := map[string][2]uint8{"none": {0, 0}, "training": {40, 25}, "low": {40, 60}, "lowest": {25, 40}}
	seen := 0
	for i, f := range p.faces {
		if f.Kind != "own" {
			continue
		}
		seen++
		c, err := p.Clip(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if pix := c.Frames[0].Image.Pix; [2]uint8(pix) != want[f.Compression] {
			t.Errorf("%s: %v, want %v", f, pix[:2], want[f.Compression])
		}
	}
	if seen != 4 {
		t.Errorf("%d own pseudo-fakes of a face, want 4", seen)
	}
}
