package layout

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
)

// Layout is a way in which data sets lie on disk, and what is known of the published ones that lie so. A new data set is
// one file that registers its layout.
type Layout struct {
	Name string
	// Rank orders the layouts: a folder has the first that recognises it. 0 is for a folder that lists its videos itself, 1
	// to 8 for published data sets, which are told by folders and files of their own, 9 for what any folder may look like.
	Rank int
	// Recognise tells whether a folder has the layout; if not but it looks like it, what it lacks, in words that follow
	// "looks like <name>, but", else "".
	Recognise func(dir string) (is bool, lacks string)
	// Open reads the data sets of a folder that has the layout. Mode is that of the caller of [Open], which see.
	Open func(dir string, mode datasets.Mode) ([]Dataset, error)
	// Beside tells of a folder in one of the layout that it is none of the data set's, so that [Find] looks there for others. Nil
	// where the folder is the data set's alone.
	Beside func(name string) bool
	// Published are the published data sets that lie so; none for a layout of anybody's own videos.
	Published []datasets.Published
}

// layouts are those registered, by rank and then by name.
var layouts []Layout

// Register makes a layout known to [Open], [Find] and [Examine], and its published data sets to all that asks for them. It
// is to be called from an init function; it panics if a name is taken, for two packages that claim one name are a mistake
// of the program and not of its input.
func Register(l Layout) {
	taken := slices.ContainsFunc(layouts, func(other Layout) bool { return other.Name == l.Name })
	if taken || l.Name == "" || l.Recognise == nil || l.Open == nil {
		panic(fmt.Sprintf("layout: Register(%q): want a layout that is registered once, with Recognise and Open", l.Name))
	}
	for _, p := range l.Published {
		datasets.Publish(p)
	}
	layouts = append(layouts, l)
	slices.SortFunc(layouts, func(a, b Layout) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Name, b.Name)) })
}

// Layouts names the layouts of videos that [Open] and [Find] know.
func Layouts() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.Name)
	}
	return names
}

// Open reads the data sets of the folder dir: one, or one for each compression where it comes in several. The folder has
// one of the [Layouts]: that of a published data set, if package datasets/official is linked; or a file videos.csv that
// lists its videos; or folders real and fake; or nothing but videos and images, which are then taken as real.
//
// Videos that cannot be used are left out and kept as problems; in mode Strict the first is an error. A video that only
// the published lists of FaceForensics++ name is missing and no problem: most people have a part. A folder with another
// layout, and an empty one, is an error that says which layout it looks like and what is lacking.
func Open(dir string, mode datasets.Mode) ([]Dataset, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("layout: folder %s: %w", datasets.Printable(dir), datasets.Pathless(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("layout: %s is not a folder", datasets.Printable(dir))
	}
	found, hint := recognise(dir)
	switch {
	case found != nil:
		return found.Open(dir, mode)
	case hint != "":
		return nil, fmt.Errorf("layout: %s %s", datasets.Printable(dir), hint)
	case HoldsMedia(dir):
		return openFolder(dir, mode)
	}
	return nil, fmt.Errorf("layout: %s has no layout that is known (%s) and no video or image", datasets.Printable(dir), strings.Join(Layouts(), ", "))
}

// recognise returns the layout of dir, nil if none; then the hint says which one it looks like, if any.
func recognise(dir string) (found *Layout, hint string) {
	for i := range layouts {
		is, lacks := layouts[i].Recognise(dir)
		if is {
			return &layouts[i], ""
		}
		if lacks != "" && hint == "" {
			hint = fmt.Sprintf("looks like %s, but %s", layouts[i].Name, lacks)
		}
	}
	return nil, hint
}

// Of names the layout of a folder, "" if it has none.
func Of(dir string) string {
	if found, _ := recognise(dir); found != nil {
		return found.Name
	}
	return ""
}

// Place is a folder under a data root and what it holds.
type Place struct {
	Dir    string
	Layout string // one of [Layouts], [datasets.FaceCrops] or [datasets.RealFaces]; "" if none was recognised
	Hint   string // which layout a folder that was not recognised looks like, and what it lacks
}

// findDepth is how deep below a root data sets may lie: data/videos/FaceForensics++ is 2 deep.
const findDepth = 3

// Find looks at root and below it for data sets, in the order of their folders' names. Within a data set it looks no
// further. It returns every place with data, and those that look as if they should be. Links are followed ([datasets.FollowLink]),
// to each folder once.
func Find(root string) ([]Place, error) {
	if info, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("layout: data folder %s: %w", datasets.Printable(root), datasets.Pathless(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("layout: %s is not a folder", datasets.Printable(root))
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
		p := Place{Dir: dir, Layout: datasets.FacesIn(dir)}
		var beside func(name string) bool
		if p.Layout == "" {
			var l *Layout
			if l, p.Hint = recognise(dir); l != nil {
				p.Layout, beside = l.Name, l.Beside
			}
		}
		if p.Layout != "" || p.Hint != "" {
			places = append(places, p)
			if beside == nil {
				return true
			}
			found = true
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			places = append(places, Place{Dir: dir, Hint: datasets.Pathless(err).Error()})
			return true
		}
		for _, e := range entries {
			if hidden(e.Name()) || depth == 0 || beside != nil && !beside(e.Name()) {
				continue
			}
			below := datasets.FollowLink(filepath.Join(dir, e.Name()))
			switch info, err := os.Stat(below); {
			case err != nil:
				places = append(places, Place{Dir: below, Hint: whyNot(below, err).Error()})
			case info.IsDir() && descend(below, depth-1):
				found = true
			}
		}
		if !found && depth < findDepth && HoldsMedia(dir) {
			places = append(places, Place{Dir: dir, Hint: "holds videos or images, but nothing that says which are fake; want a videos.csv, or folders real and fake; to train on all of it as real, name the folder in data.train"})
			return true
		}
		return found
	}
	descend(root, findDepth)
	return places, nil
}
