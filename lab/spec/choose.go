package spec

import (
	"fmt"
	"slices"
	"strings"
)

// PseudoInfo is what a spec must know of a kind of pseudo-fakes: fakes made of real faces, on which a score is chosen and fitted.
type PseudoInfo struct{ Name, Doc string }

var pseudos = &registry[PseudoInfo]{key: "score.choose_on", what: "kind of pseudo-fakes", home: module + "lab/method",
	common: func(i PseudoInfo) (string, string, bool) { return i.Name, i.Doc, false }}

// RegisterPseudo makes a kind of pseudo-fakes known to specs. Package method calls it for who registers there. It panics when the
// name is known already, when the name or the line about it is missing, and when the name holds a slash.
func RegisterPseudo(info PseudoInfo) {
	if strings.Contains(info.Name, "/") {
		panic(fmt.Sprintf("spec: kind of pseudo-fakes %q: want a name without a slash", info.Name))
	}
	pseudos.add(info)
}

// Pseudos lists the kinds of pseudo-fakes that are linked, by name.
func Pseudos() []PseudoInfo { return pseudos.list() }

// A Compression is how faces that choose a score are compressed, real ones and pseudo-fakes alike.
type Compression struct {
	Name, Doc string
	change    func(a *Augment)
}

// Compressions are those that a spec may name (our choice). They differ in resampling and JPEG, and only that of
// training has its augment.scale; colours are changed as in training.
var Compressions = []Compression{
	{"none", "neither resampled nor JPEG", func(a *Augment) { a.ResampleP, a.JPEGP, a.Scale = 0, 0, Default().Augment.Scale }},
	{"training", "as in training", func(*Augment) {}},
	{"low", "resampled to 0.35-0.6, JPEG 15-40", func(a *Augment) {
		a.Resample, a.ResampleP, a.JPEG, a.JPEGP, a.Scale = [2]float64{0.35, 0.6}, 1, [2]int{15, 40}, 1, Default().Augment.Scale
	}},
	{"lowest", "resampled to 0.25-0.4, JPEG 10-25", func(a *Augment) {
		a.Resample, a.ResampleP, a.JPEG, a.JPEGP, a.Scale = [2]float64{0.25, 0.4}, 1, [2]int{10, 25}, 1, Default().Augment.Scale
	}},
}

// Augment is the augmentation of a spec with this compression in place of its own.
func (c Compression) Augment(a Augment) Augment {
	c.change(&a)
	return a
}

// CompressionOf returns a compression by name. The error for an unknown one says which there are.
func CompressionOf(name string) (Compression, error) {
	var names []string
	for _, c := range Compressions {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Compression{}, fmt.Errorf("%s = compression %q: want one of %s", pseudos.key, name, strings.Join(names, ", "))
}

// A PseudoCell is an entry of score.choose_on: a kind of pseudo-fakes under a compression.
type PseudoCell struct{ Kind, Compression string }

func (c PseudoCell) String() string { return c.Kind + "/" + c.Compression }

// Cells are the entries of score.choose_on, in their order. What [Spec.Validate] refuses is left out.
func (s Score) Cells() (cells []PseudoCell) {
	for _, entry := range s.ChooseOn {
		if kind, compression, ok := strings.Cut(entry, "/"); ok {
			cells = append(cells, PseudoCell{kind, compression})
		}
	}
	return cells
}

// chooseOn is the default of score.choose_on. Specs at their default leave it out of their hash, so it must stay as it is: a
// kind that comes later is not in it.
func chooseOn() []string {
	return []string{
		"own/none", "own/training", "own/low", "own/lowest",
		"selfblend/none", "selfblend/training", "selfblend/low", "selfblend/lowest",
		"poisson/none", "poisson/training", "poisson/low", "poisson/lowest",
	}
}

// choice checks score.choose_on.
func (v *Checker) choice(entries []string) {
	v.Want(pseudos.key, len(entries) > 0, entries, "at least one KIND/COMPRESSION, for example "+chooseOn()[0])
	var kinds, compressions []string // that are unknown, each named once
	for i, entry := range entries {
		kind, compression, ok := strings.Cut(entry, "/")
		v.Want(pseudos.key, ok, fmt.Sprintf("%q", entry), "KIND/COMPRESSION, for example "+chooseOn()[0])
		if !ok {
			continue
		}
		v.Want(pseudos.key, !slices.Contains(entries[:i], entry), fmt.Sprintf("%q", entry), "each entry once")
		// Where no kind is linked there is no method either, and that is said already.
		if _, err := pseudos.of(kind); err != nil && len(pseudos.named) > 0 && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
			v.add(err)
		}
		if _, err := CompressionOf(compression); err != nil && !slices.Contains(compressions, compression) {
			compressions = append(compressions, compression)
			v.add(err)
		}
	}
}
