package spec

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What chooses a score is fixed: it is not in the hash of a spec that leaves it as it is, so it may never change, whatever kinds
// of pseudo-fakes come later.
func TestChooseOnIsFixed(t *testing.T) {
	want := strings.Fields(`own/none own/training own/low own/lowest selfblend/none selfblend/training selfblend/low selfblend/lowest
		poisson/none poisson/training poisson/low poisson/lowest`)
	s := Default()
	if !slices.Equal(s.Score.ChooseOn, want) {
		t.Errorf("score.choose_on is %q by default, want %q", s.Score.ChooseOn, want)
	}
	if strings.Contains(s.canonical(), "choose_on") {
		t.Error("the default is in the canonical text")
	}
	was, training := s.Hash(), s.Training().Hash()
	if err := s.Set(`score.choose_on=["poisson/low", "own/none"]`); err != nil {
		t.Fatal(err)
	}
	if s.Hash() == was || s.Training().Hash() != training {
		t.Error("another list must change the hash of the run and not that of the network")
	}
	if got := s.Score.Cells(); !reflect.DeepEqual(got, []PseudoCell{{"poisson", "low"}, {"own", "none"}}) || got[0].String() != "poisson/low" {
		t.Errorf("cells %v", got)
	}
	again, err := Parse("test", []byte(s.TOML()))
	if err != nil || again.Hash() != s.Hash() {
		t.Errorf("%v, hash %s, want %s", err, again.Hash(), s.Hash())
	}
	if Default().Score.ChooseOn[0] != "own/none" {
		t.Error("Set has written into the default")
	}
}

// A wrong entry is one error that names its key and what there is.
func TestChooseOnRefuses(t *testing.T) {
	for _, c := range []struct {
		entries []string
		want    []string // in one error each
	}{
		{[]string{}, []string{"at least one KIND/COMPRESSION"}},
		{[]string{"own"}, []string{`"own": want KIND/COMPRESSION`}},
		{[]string{"own/none", "poisson/low", "own/none"}, []string{`"own/none": want each entry once`}},
		{[]string{"poison/none", "poison/low"}, []string{`"poison": want one of own, poisson, selfblend (did you mean "poisson"?)`}},
		{[]string{"own/jpeg", "poisson/jpeg"}, []string{`compression "jpeg": want one of none, training, low, lowest`}},
		{[]string{"x/none", "own/y"}, []string{`"x": want one of`, `"y": want one of`}},
	} {
		s := Default()
		s.Score.ChooseOn = c.entries
		err := s.Validate()
		if err == nil {
			t.Errorf("%q: no error", c.entries)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(c.want) {
			t.Errorf("%q: %d errors, want %d: %v", c.entries, len(lines), len(c.want), err)
		}
		for i, want := range c.want {
			if i < len(lines) && (!strings.HasPrefix(lines[i], "score.choose_on = ") || !strings.Contains(lines[i], want)) {
				t.Errorf("%q: %q, want %q", c.entries, lines[i], want)
			}
		}
	}
}

// A compression changes resampling and JPEG and nothing else.
func TestCompressions(t *testing.T) {
	a := Default().Augment
	a.ResampleP, a.JPEGP = 0.25, 0.75
	want := map[string]Augment{"training": a}
	none, low, lowest := a, a, a
	none.ResampleP, none.JPEGP = 0, 0
	low.Resample, low.ResampleP, low.JPEG, low.JPEGP = [2]float64{0.35, 0.6}, 1, [2]int{15, 40}, 1
	lowest.Resample, lowest.ResampleP, lowest.JPEG, lowest.JPEGP = [2]float64{0.25, 0.4}, 1, [2]int{10, 25}, 1
	want["none"], want["low"], want["lowest"] = none, low, lowest
	for _, c := range Compressions {
		if got := c.Augment(a); got != want[c.Name] || c.Doc == "" {
			t.Errorf("%s: %+v, want %+v", c.Name, got, want[c.Name])
		}
	}
	if len(Compressions) != len(want) {
		t.Errorf("%d compressions, want %d", len(Compressions), len(want))
	}
	for _, kind := range []string{"own", "selfblend", "poisson"} {
		if !slices.ContainsFunc(Pseudos(), func(i PseudoInfo) bool { return i.Name == kind }) {
			t.Errorf("no kind %s among %v", kind, Pseudos())
		}
	}
	if doc := Doc("score.choose_on"); !strings.Contains(doc, "own | poisson | selfblend") || !strings.Contains(doc, "lowest (resampled to 0.25-0.4, JPEG 10-25)") {
		t.Errorf("the line about score.choose_on: %s", doc)
	}
}

// A kind is registered once, with a name that an entry can hold.
func TestRegisterPseudoRefuses(t *testing.T) {
	for _, info := range []PseudoInfo{{"own", "again"}, {"", "nameless"}, {"mute", ""}, {"a/b", "with a slash"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is registered", info)
					delete(pseudos.named, info.Name)
				}
			}()
			RegisterPseudo(info)
		}()
	}
}
