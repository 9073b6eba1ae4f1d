package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
)

// Train reads the real faces of d.Train, folders below root or names of drawn sets ([RegisterDrawn]), and splits them into those to train on and
// those held out. All faces of an identity go to one side, the one that a hash of the seed and the identity gives it:
// neither the order of the files nor other identities change it, and about d.Holdout of them are held out. Identities
// of d.Exclude are in neither set.
//
// If d.Fakes is set, folders of [OpenCrops] are training sets as well, with their fakes. Then it is whole groups of people
// that go to one side: all that are joined by fakes, each of which joins its target and its source. Of n such groups d.Holdout·n
// are held out, rounded, at least one and not all, as there may be very few. Both sides must have real faces and fakes. Fakes of
// d.Exclude, as target or source, are in neither set.
//
// Extracted are further sets that d.Train may name: the faces that were cut from the videos of data sets.
func Train(root string, d spec.Data, seed uint64, mode Mode, extracted ...Set) (train, held Set, problems []Problem, err error) {
	fail := func(err error) (Set, Set, []Problem, error) { return Set{}, Set{}, problems, err }
	if len(d.Train) == 0 {
		return fail(errors.New("datasets: no training set is named; want folders below the data root, or \"synthetic\""))
	}
	all := Set{Name: strings.Join(d.Train, " + ")}
	for i, name := range d.Train {
		if slices.Contains(d.Train[:i], name) {
			return fail(fmt.Errorf("datasets: training set %s is named twice", name))
		}
		if at := slices.IndexFunc(extracted, func(s Set) bool { return s.Name == name }); at >= 0 {
			all.Items = slices.Concat(all.Items, extracted[at].Items)
			continue
		}
		set, bad, err := openTrain(root, name, d.Fakes, mode)
		problems = append(problems, bad...)
		if err != nil {
			return fail(err)
		}
		all.Synthetic = all.Synthetic || set.Synthetic
		if all.Items == nil && !set.Synthetic {
			all.Items = set.Items // of this call alone
		} else {
			all.Items = slices.Concat(all.Items, set.Items)
		}
	}
	// In place: nobody else has these items, and a set can be large.
	all.Items = slices.DeleteFunc(all.Items, func(it Item) bool {
		return slices.Contains(d.Exclude, it.Identity) || d.Fakes && it.Source != "" && slices.Contains(d.Exclude, it.Source)
	})
	out := heldOut(all.Items, d, seed)
	train, held = all, all
	held.Items = nil
	train.Items = slices.DeleteFunc(all.Items, func(it Item) bool {
		side := out(it)
		if side {
			held.Items = append(held.Items, it)
		}
		return side
	})
	train.Items = slices.Clip(train.Items)
	if d.Fakes {
		if err := bothClasses(train, held); err != nil {
			return fail(err)
		}
	}
	if len(train.Items) == 0 || len(held.Items) == 0 {
		return fail(fmt.Errorf("datasets: %d faces of %s train and %d are held out; want some of each: check holdout (%g) and exclude",
			len(train.Items), all.Name, len(held.Items), d.Holdout))
	}
	held.Name += " (held out)"
	sortItems(train.Items)
	sortItems(held.Items)
	return train, held, problems, nil
}

func openTrain(root, name string, fakes bool, mode Mode) (Set, []Problem, error) {
	if IsDrawn(name) {
		set, _, err := openDrawn(name)
		return set, nil, err
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return Set{}, nil, fmt.Errorf("datasets: training set %q is not a folder below the data root; want a name like real/ytfaces", name)
	}
	dir := Folder(root, name)
	if err := checkFolder(root, dir); err != nil {
		return Set{}, nil, err
	}
	if fakes {
		// A folder without a manifest is the matter of OpenReal.
		if labelled, err := hasLabels(filepath.Join(dir, "manifest.csv")); err == nil && labelled {
			return OpenCrops(dir, mode)
		}
	}
	return OpenReal(dir, mode)
}

// CheckRoot returns an error that tells how to get data if root is "" or no folder.
func CheckRoot(root string) error { return checkFolder(root, root) }

// checkFolder tells how to get data if dir, the data root or a folder below it, is not there.
func checkFolder(root, dir string) error {
	const help = `; want real/ytfaces, real/utkface and crops/<set>/manifest.csv below it: ` +
		`point to your data with --data DIR or SEEABLE_DATA, or use the data set "synthetic", which needs no files`
	if root == "" {
		return errors.New("datasets: no data folder is given" + help)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return fmt.Errorf("datasets: data folder %s is not there"+help, root)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("datasets: folder %s is not there"+help, dir)
	}
	return nil
}

// Tests opens the sets to test on. They are the folders with a manifest of [OpenCrops] in root/crops and directly in
// root, and root itself if it is such a folder, sorted by name. Names, if any, choose among them and give their order:
// display names ("FF++ c40"), folder names ("ffpp_c40"), or those of drawn sets ([RegisterDrawn]), which
// need no root. What the folders hold besides is in Left of the sets.
func Tests(root string, names []string, mode Mode) ([]Set, []Problem, error) {
	var dirs map[string]string
	if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return !IsDrawn(n) }) {
		if err := CheckRoot(root); err != nil {
			return nil, nil, err
		}
		var err error
		if dirs, err = findCrops(root); err != nil {
			return nil, nil, err
		}
		if len(dirs) == 0 {
			return nil, nil, fmt.Errorf("datasets: no test set in %s; want folders with manifest.csv (%s) in it or in its folder crops, or the data set \"synthetic\"",
				root, strings.Join(cropsHeader, ","))
		}
	}
	found := slices.Sorted(maps.Keys(dirs))
	if len(names) == 0 {
		names = found
	}
	var sets []Set
	var problems []Problem
	for _, name := range names {
		name = SetName(name)
		if slices.ContainsFunc(sets, func(s Set) bool { return s.Name == name }) {
			return nil, problems, fmt.Errorf("datasets: test set %s is named twice", name)
		}
		if IsDrawn(name) {
			_, set, err := openDrawn(name)
			if err != nil {
				return nil, problems, err
			}
			sets = append(sets, set)
			continue
		}
		dir, ok := dirs[name]
		if !ok {
			return nil, problems, fmt.Errorf("datasets: no test set %q below %s; there are: %s", name, root, strings.Join(found, ", "))
		}
		// The folders of the cache of faces hold those of other lists too.
		cut := regular(filepath.Join(dir, "manifest.csv.lock")) || regular(filepath.Join(dir, "landmarks.csv"))
		set, bad, err := openManifest(filepath.Join(dir, "manifest.csv"), mode, !cut)
		problems = append(problems, bad...)
		if err != nil {
			return nil, problems, err
		}
		sets = append(sets, set)
	}
	return sets, problems, nil
}

// TestNames lists the sets of face crops that [Tests] finds under root, by name; none is no error.
func TestNames(root string) ([]string, error) {
	if err := CheckRoot(root); err != nil {
		return nil, err
	}
	dirs, err := findCrops(root)
	return slices.Sorted(maps.Keys(dirs)), err
}

// findCrops returns the folders of face crops at and below root by display name.
func findCrops(root string) (map[string]string, error) {
	var folders []string
	for _, pattern := range []string{"crops/*", "*", "."} {
		paths, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, fmt.Errorf("datasets: search %s: %w", root, err)
		}
		for _, name := range paths {
			if dir := Folder(root, name); regular(filepath.Join(dir, "manifest.csv")) {
				folders = append(folders, dir)
			}
		}
	}
	dirs := map[string]string{}
	for _, dir := range folders {
		if labelled, err := hasLabels(filepath.Join(dir, "manifest.csv")); err != nil {
			return nil, err
		} else if !labelled && filepath.Base(filepath.Dir(dir)) != "crops" {
			continue // a set of real faces
		}
		name, err := FolderName(dir)
		if err != nil {
			return nil, err
		}
		if other, ok := dirs[name]; ok {
			return nil, fmt.Errorf("datasets: both %s and %s hold %s; want one folder per set: to tell them apart, rename one of the folders", other, dir, name)
		}
		dirs[name] = dir
	}
	return dirs, nil
}

// hasLabels tells whether the CSV file at path has a column label.
func hasLabels(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("datasets: %w", err)
	}
	defer f.Close()
	header, _ := openTable(f).header() // a header that is no CSV has no labels
	return slices.Contains(header, "label"), nil
}

// What [FacesIn] calls folders of faces.
const (
	FaceCrops = "face crops" // of [OpenCrops]
	RealFaces = "real faces" // of [OpenReal]
)

// FacesIn tells whether a folder holds [FaceCrops] or [RealFaces] with a manifest; "" if neither.
func FacesIn(dir string) string {
	if regular(filepath.Join(dir, "landmarks.csv")) {
		return RealFaces
	}
	manifest := filepath.Join(dir, "manifest.csv")
	if !regular(manifest) {
		return ""
	}
	if labelled, err := hasLabels(manifest); err != nil || !labelled {
		return RealFaces
	}
	return FaceCrops
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
