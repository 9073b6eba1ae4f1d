package datasets

import "fmt"

// drawnSeed fixes the sets that are drawn: like a data set on disk each is the same for every run.
const drawnSeed = 1

// drawn are the data sets that code draws, by name.
var drawn = map[string]func(seed uint64) (train, test Set){}

// drawnHomes are the lab's own packages that register a drawn set, by its name: what to import where one is not linked.
// The name is reserved even then, so that a folder of the same name never stands in for the set.
var drawnHomes = map[string]string{"synthetic": "github.com/seeable-lab/seeable/datasets/synthetic"}

// RegisterDrawn makes a data set that code draws known to [Train] and [Tests] by name. Draw returns real faces to train
// on and faces to test on, both named name and marked Synthetic, with items that have a Draw. It is a pure function of
// the seed. RegisterDrawn is to be called from an init function; it panics if the name is taken, for two packages that
// claim one name are a mistake of the program and not of its input.
func RegisterDrawn(name string, draw func(seed uint64) (train, test Set)) {
	if _, ok := drawn[name]; ok || name == "" || draw == nil {
		panic(fmt.Sprintf("datasets: RegisterDrawn(%q): want a name that is registered once, and a function", name))
	}
	drawn[name] = draw
}

// IsDrawn tells whether name is that of a data set which code draws, linked into the program or not. Such a set needs no
// data folder.
func IsDrawn(name string) bool {
	_, linked := drawn[name]
	_, home := drawnHomes[name]
	return linked || home
}

// openDrawn returns the data set of a name for which [IsDrawn] holds.
func openDrawn(name string) (train, test Set, err error) {
	draw, ok := drawn[name]
	if !ok {
		return Set{}, Set{}, fmt.Errorf("datasets: the data set %q is drawn by a package that is not linked into this program; import _ %q", name, drawnHomes[name])
	}
	train, test = draw(drawnSeed)
	return train, test, nil
}
