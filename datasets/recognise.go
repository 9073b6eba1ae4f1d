package datasets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// layout is a way in which a data set lies on disk.
type layout struct {
	name string
	// recognise tells whether a folder has the layout; if not but it looks like it, what is wrong with it.
	recognise func(dir string) (is bool, lacks string)
	open      func(dir string, mode Mode) ([]Dataset, error)
}

// layouts are tried in this order: first the ones that are told by a file of their own.
var layouts = []layout{
	{csvLayout, recogniseCSV, openCSV},
	{ffppLayout, recogniseFFPP, openFFPP},
	{celebLayout, recogniseCeleb, openCeleb},
	{dfdcpLayout, recogniseDFDCP, openDFDCP},
	{dfdcLayout, recogniseDFDC, openDFDC},
	{folderLayout, recogniseFolder, openFolder},
}

// Layouts names the layouts of videos that [Open] and [Find] know.
func Layouts() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.name)
	}
	return names
}

// Open reads the data sets of the folder dir: one, or one for each compression of FaceForensics++. The folder has one of
// the official layouts of FaceForensics++, Celeb-DF v2, DFDC and the DFDC preview; or a file videos.csv that lists its
// videos; or folders real and fake; or nothing but videos and images, which are then taken as real.
//
// Videos that cannot be used are left out and kept as problems; in mode Strict the first is an error. A video that only
// the published lists of FaceForensics++ name is missing and no problem: most people have a part. A folder with another
// layout, and an empty one, is an error that says which layout it looks like and what is lacking.
func Open(dir string, mode Mode) ([]Dataset, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("datasets: folder %s: %w", printable(dir), pathless(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("datasets: %s is not a folder", printable(dir))
	}
	found, hint := recognise(dir)
	switch {
	case found != nil:
		return found.open(dir, mode)
	case hint != "":
		return nil, fmt.Errorf("datasets: %s %s", printable(dir), hint)
	case holdsMedia(dir):
		return openFolder(dir, mode)
	}
	return nil, fmt.Errorf("datasets: %s has no layout that is known (%s) and no video or image", printable(dir), strings.Join(Layouts(), ", "))
}

// recognise returns the layout of dir, nil if none; then the hint says which one it looks like, if any.
func recognise(dir string) (found *layout, hint string) {
	for i := range layouts {
		is, lacks := layouts[i].recognise(dir)
		if is {
			return &layouts[i], ""
		}
		if lacks != "" && hint == "" {
			hint = fmt.Sprintf("looks like %s, but %s", layouts[i].name, lacks)
		}
	}
	return nil, hint
}

// Place is a folder under a data root and what it holds.
type Place struct {
	Dir    string
	Layout string // one of [Layouts], "face crops" or "real faces"; "" if none was recognised
	Hint   string // which layout a folder that was not recognised looks like, and what it lacks
}

// What [Find] calls folders that hold faces rather than videos.
const (
	cropsLayout = "face crops" // of [OpenCrops]
	realLayout  = "real faces" // of [OpenReal]
)

// findDepth is how deep below a root data sets may lie: data/videos/FaceForensics++ is 2 deep.
const findDepth = 3

// Find looks at root and below it for data sets, in the order of their folders' names. Within a data set it looks no
// further. It returns every place with data, and those that look as if they should be. Links are followed, to each folder
// once.
func Find(root string) ([]Place, error) {
	if info, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("datasets: data folder %s: %w", printable(root), pathless(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("datasets: %s is not a folder", printable(root))
	}
	var places []Place
	known := map[string]bool{}
	var descend func(dir string, depth int) (found bool)
	descend = func(dir string, depth int) (found bool) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || known[real] {
			return false
		}
		known[real] = true
		p := Place{Dir: dir, Layout: faces(dir)}
		if p.Layout == "" {
			var l *layout
			if l, p.Hint = recognise(dir); l != nil {
				p.Layout = l.name
			}
		}
		if p.Layout != "" || p.Hint != "" {
			places = append(places, p)
			return true
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			places = append(places, Place{Dir: dir, Hint: pathless(err).Error()})
			return true
		}
		for _, e := range entries {
			below := filepath.Join(dir, e.Name())
			if hidden(e.Name()) || depth == 0 {
				continue
			}
			switch info, err := os.Stat(below); {
			case err != nil:
				places = append(places, Place{Dir: below, Hint: whyNot(below, err).Error()})
			case info.IsDir() && descend(below, depth-1):
				found = true
			}
		}
		if !found && depth < findDepth && holdsMedia(dir) {
			places = append(places, Place{Dir: dir, Hint: "holds videos or images, but nothing that says which are fake; want a videos.csv, or folders real and fake"})
			return true
		}
		return found
	}
	descend(root, findDepth)
	return places, nil
}

// faces tells whether a folder holds face crops or real faces with a manifest.
func faces(dir string) string {
	if regular(filepath.Join(dir, "landmarks.csv")) {
		return realLayout
	}
	manifest := filepath.Join(dir, "manifest.csv")
	if !regular(manifest) {
		return ""
	}
	if labelled, err := hasLabels(manifest); err != nil || !labelled {
		return realLayout
	}
	return cropsLayout
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
