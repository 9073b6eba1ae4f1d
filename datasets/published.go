package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// Published is what the lab knows of a data set that others have published, beside how it lies on disk. It numbers its
// people, so that a name means something within the data set alone.
type Published struct {
	// Name is the data set's without a compression: "FF++", of which "FF++ c40" is one compression.
	Name string
	// Folders are what a set of faces is called by the name of its folder, as in "ffpp_c40": "FF++ c40".
	Folders map[string]string
	// Person returns the one name of somebody whom the data set calls by several. Nil where it calls nobody so.
	Person func(name string) string
	// Lacks tells of a set of faces, given as one item a video, whether videos of the official test part are lacking.
	Lacks func(videos []Item) bool
}

// published are the data sets that are registered ([Publish]), by name.
var published = map[string]Published{}

// displayNames are the names of data sets by the folder that they come in.
var displayNames = map[string]string{}

// Publish makes a published data set known: its name, its people and its size. It is to be called from an init function; it
// panics if the name, or that of a folder, is taken, for two packages that claim one name are a mistake of the program and
// not of its input.
func Publish(p Published) {
	if _, ok := published[p.Name]; ok || p.Name == "" || p.Lacks == nil {
		panic(fmt.Sprintf("datasets: the published data set %q: want a name that is registered once, and Lacks", p.Name))
	}
	published[p.Name] = p
	for folder, name := range p.Folders {
		if other, ok := displayNames[folder]; ok {
			panic(fmt.Sprintf("datasets: the folder %s is called both %s and %s", folder, other, name))
		}
		displayNames[folder] = name
	}
}

// compressions are those of FaceForensics++, which name sets of faces cut from it and from others compressed likewise.
var compressions = []string{"raw", "c23", "c40"}

// PublishedAs is the published data set to which a name with or without a compression belongs; ok is false if there is
// none.
func PublishedAs(name string) (p Published, ok bool) {
	if p, ok = published[name]; ok {
		return p, true
	}
	if base, compression, found := cutLastWord(name); found && slices.Contains(compressions, compression) {
		p, ok = published[base]
	}
	return p, ok
}

// cutLastWord cuts a name before its last word.
func cutLastWord(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// partialTest tells whether a set of faces lacks videos of the official test part of the data set that it is called by.
// Of a set with another name nothing is known, and it is not partial.
func partialTest(name string, items []Item) bool {
	p, ok := PublishedAs(name)
	if !ok {
		return false
	}
	var videos []Item
	seen := map[string]bool{}
	for _, it := range items {
		if id := it.VideoID(); !seen[id] {
			seen[id] = true
			videos = append(videos, it)
		}
	}
	return p.Lacks(videos)
}
