// Package overlap compares the sets of faces that are tested on with those that are trained and chosen on. It finds the people,
// videos and pictures that are in both ([Leaks]) and the pictures that look nearly alike ([NearDuplicates]), and leaves people
// who are trained on out of a test set ([Unseen]).
package overlap

import (
	"cmp"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// LeakKind says what of a test set a detector has seen before.
type LeakKind string

// The kinds of leaks.
const (
	LeakTarget  LeakKind = "target"  // a person whose head the test set shows
	LeakSource  LeakKind = "source"  // a person whose face or expression was put into fakes of the test set
	LeakVideo   LeakKind = "video"   // a video, in whatever compression
	LeakPicture LeakKind = "picture" // a picture of the same pixels, in whatever file
	LeakLabels  LeakKind = "labels"  // a picture that is real in one place and fake in another
)

// leakKinds are the kinds in the order in which they are told.
var leakKinds = []LeakKind{LeakTarget, LeakSource, LeakVideo, LeakPicture, LeakLabels}

// Leak is something that a test set shows and that training, or the choice of the score, has shown already; or, of
// [LeakLabels], a picture whose labels contradict each other.
type Leak struct {
	Kind  LeakKind
	Name  string        // the person ([datasets.Person]), the ID of the video, or that of the face which shows the picture
	Faces int           // of the test set that show it
	Seen  datasets.Item // the first face that showed it; of LeakLabels the first face of the other label, wherever it is
}

// Pictured is a set with what its faces look like, one entry for each item as [datasets.Pictures] returns them, or nil where
// nobody has looked.
type Pictured struct {
	datasets.Set
	Pictures []datasets.Picture
}

// picture is that of item i, the zero value if it is not known.
func (p Pictured) picture(i int) datasets.Picture {
	if p.Pictures == nil {
		return datasets.Picture{}
	}
	return p.Pictures[i]
}

// Leaks compares each test set with all that is trained and chosen on: people and videos by their names, pictures where
// they are known. It returns the leaks of each test set, ordered by kind and name, none for a set without any.
//
// People are told by what their data sets call them, as in [Unseen]: that a celebrity of one data set is in another under
// another name, no list tells. A picture under both labels is a leak of each test set that shows it, and of all test sets
// if it is trained on under both.
func Leaks(trained, tests []Pictured) [][]Leak {
	people, videos, pictures := map[string]*datasets.Item{}, map[string]*datasets.Item{}, map[face.Digest]*datasets.Item{}
	labels := map[face.Digest][2]*datasets.Item{} // the first real and the first fake face of a picture
	label := func(it *datasets.Item, p datasets.Picture) (other *datasets.Item) {
		both := labels[p.Pixels]
		if both[class(*it)] == nil {
			both[class(*it)] = it
			labels[p.Pixels] = both
		}
		return both[1-class(*it)]
	}
	var torn []Leak // pictures that are trained on under both labels
	for _, set := range trained {
		for i := range set.Items {
			it := &set.Items[i]
			for _, person := range peopleOf(*it) {
				putFirst(people, person, it)
			}
			putFirst(videos, videoKey(*it), it)
			if p := set.picture(i); p.Known() {
				putFirst(pictures, p.Pixels, it)
				if other := label(it, p); other != nil {
					torn = append(torn, Leak{LeakLabels, it.ID(), 0, *other})
				}
			}
		}
	}
	for _, set := range tests {
		for i := range set.Items {
			if p := set.picture(i); p.Known() {
				label(&set.Items[i], p)
			}
		}
	}
	all := make([][]Leak, len(tests))
	for t, set := range tests {
		found := leaks{}
		for i, it := range set.Items {
			if person := datasets.Person(it.Dataset, it.Identity); people[person] != nil {
				found.add(LeakTarget, person, people[person])
			}
			if person := datasets.Person(it.Dataset, it.Source); it.Source != "" && people[person] != nil {
				found.add(LeakSource, person, people[person])
			}
			if seen := videos[videoKey(it)]; seen != nil {
				found.add(LeakVideo, it.VideoID(), seen)
			}
			p := set.picture(i)
			if !p.Known() {
				continue
			}
			if seen := pictures[p.Pixels]; seen != nil {
				found.add(LeakPicture, it.ID(), seen)
			}
			if other := labels[p.Pixels][1-class(it)]; other != nil {
				found.add(LeakLabels, it.ID(), other)
			}
		}
		all[t] = append(found.sorted(), torn...)
	}
	return all
}

// leaks are those of a test set by kind and name.
type leaks map[[2]string]*Leak

func (l leaks) add(kind LeakKind, name string, seen *datasets.Item) {
	key := [2]string{string(kind), name}
	if l[key] == nil {
		l[key] = &Leak{Kind: kind, Name: name, Seen: *seen}
	}
	l[key].Faces++
}

func (l leaks) sorted() (all []Leak) {
	for _, leak := range l {
		all = append(all, *leak)
	}
	slices.SortFunc(all, func(a, b Leak) int {
		return cmp.Or(cmp.Compare(slices.Index(leakKinds, a.Kind), slices.Index(leakKinds, b.Kind)), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// class is the place of an item among real and fake ones.
func class(it datasets.Item) int {
	if it.Fake {
		return 1
	}
	return 0
}

// videoKey is what a video is called whatever its compression. What real videos are called the kind of is no part of it:
// sets of faces say "real", "original" or "youtube".
func videoKey(it datasets.Item) string {
	name, method := it.Dataset, it.Method
	if of, ok := datasets.PublishedAs(name); ok {
		name = of.Name
	}
	if !it.Fake {
		method = ""
	}
	return datasets.Item{Dataset: name, Method: method, Video: it.Video}.VideoID()
}

// putFirst keeps the first item of a key.
func putFirst[K comparable](m map[K]*datasets.Item, key K, it *datasets.Item) {
	if m[key] == nil {
		m[key] = it
	}
}
