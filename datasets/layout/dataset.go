package layout

import (
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
)

// Dataset is a data set as it lies on disk: the videos that are there, and those of its lists that are not.
type Dataset struct {
	Name     string             // with its compression, as in "FF++ c40"
	Layout   string             // how the folder is laid out, the name of one of [Layouts]
	Dir      string             // the folder
	Videos   []Video            // that are there, ordered by [Video.ID]
	Missing  []Video            // that a list names and that are not there or cannot be read, likewise ordered; without a Path
	Unread   []Unread           // whose files are there and cannot be read, as far as that is known and where nothing is published, likewise ordered
	Counts   []Count            // what is there of what the data set's authors published, by part and kind
	Problems []datasets.Problem // what was left out, in the order of finding
	Notes    []string           // what else to know of it, for people
	Frames   int                // videos of which a folder of frames is there

	unofficial bool // the list of the test part is not the official one
}

// Unread is a video whose file is there and cannot be read. It has no face, and coverage counts it.
type Unread struct {
	Video
	Fault datasets.Fault
}

// Item is what a test has in the place of the video's faces.
func (u Unread) Item() datasets.Item {
	return datasets.Item{
		Dataset: u.Dataset, Method: u.Method, Video: u.Name, Identity: u.Identity, Source: u.Source, Frame: -1, Fake: u.Fake,
		Unread: &datasets.Left{Name: u.File, Fault: u.Fault},
	}
}

// TestUnread returns those of Unread that belong to [Dataset.TestVideos].
func (d Dataset) TestUnread(trained bool) []Unread {
	all := len(d.TestVideos(false)) > len(d.Part(TestSplit))
	var unread []Unread
	for _, u := range d.Unread {
		if (all || u.Split == TestSplit) && !(trained && u.Split == TrainSplit) {
			unread = append(unread, u)
		}
	}
	return unread
}

// Count is how many videos of one part and kind are there, and how many its authors published.
type Count struct {
	Split  Split  `json:"split"`
	Method string `json:"method"` // "" for all methods together; a scenario for all of its methods, as FaceSwap for FaceSwap/SimSwap
	Fake   bool   `json:"fake"`
	There  int    `json:"there"`
	Listed int    `json:"listed"` // by the official lists; where there are none, as many as there are
}

// Partial tells whether the data set lacks videos of the given parts, or, given none, of any: fewer are there than its
// authors published, one that a list names is missing, or the list is not the official one. A figure of a partial data
// set is not comparable with published ones.
func (d Dataset) Partial(splits ...Split) bool {
	in := func(s Split) bool { return len(splits) == 0 || slices.Contains(splits, s) }
	return d.unofficial && in(TestSplit) ||
		slices.ContainsFunc(d.Counts, func(c Count) bool { return in(c.Split) && c.There < c.Listed }) ||
		slices.ContainsFunc(d.Missing, func(v Video) bool { return in(v.Split) })
}

// Part returns the videos of one part.
func (d Dataset) Part(split Split) []Video {
	var videos []Video
	for _, v := range d.Videos {
		if v.Split == split {
			videos = append(videos, v)
		}
	}
	return videos
}

// fewest is how many real and how many fake videos a test part must have for a figure of it alone. The bound is ours; that
// of "few" in package table is the same.
const fewest = 10

// TrainedOn tells whether training sets of these names are of the data set, in whatever compression.
func (d Dataset) TrainedOn(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		name = datasets.SetName(name)
		of, ok := datasets.PublishedAs(name)
		own, _ := datasets.PublishedAs(d.Name)
		return name == d.Name || ok && of.Name == own.Name
	})
}

// TestVideos returns the videos to test on: those of the official test part, or all that are there where the test part has
// fewer than 10 real or fewer than 10 fake videos, as in a piece of a data set. If the data set is also trained on, the
// videos of [Dataset.TrainVideos], and all of the training part, are left out.
func (d Dataset) TestVideos(trained bool) []Video {
	videos := d.Part(TestSplit)
	fakes := 0
	for _, v := range videos {
		if v.Fake {
			fakes++
		}
	}
	if min(fakes, len(videos)-fakes) < fewest {
		videos = slices.Clone(d.Videos)
	}
	if !trained {
		return videos
	}
	seen := map[string]bool{}
	for _, v := range d.TrainVideos(false) {
		seen[v.ID()] = true
	}
	return slices.DeleteFunc(videos, func(v Video) bool { return seen[v.ID()] || v.Split == TrainSplit })
}

// TrainVideos returns the videos to train on: those of the official training part, or all where the data set has no parts;
// the real ones only, or the fakes as well.
func (d Dataset) TrainVideos(fakes bool) []Video {
	parts := slices.ContainsFunc(d.Videos, func(v Video) bool { return v.Split != NoSplit })
	var videos []Video
	for _, v := range d.Videos {
		if (fakes || !v.Fake) && (v.Split == TrainSplit || !parts) {
			videos = append(videos, v)
		}
	}
	return videos
}

// of counts the videos that a row is about.
func (c Count) of(videos []Video) (n int) {
	for _, v := range videos {
		if v.Split == c.Split && v.Fake == c.Fake && (c.Method == "" || v.Method == c.Method || strings.HasPrefix(v.Method, c.Method+"/")) {
			n++
		}
	}
	return n
}

// compareCounts orders parts as they are used, and real before fake.
func compareCounts(a, b Count) int {
	splits := []Split{TrainSplit, ValSplit, TestSplit, NoSplit}
	rank := map[bool]int{true: 1}
	return cmp.Or(
		cmp.Compare(slices.Index(splits, a.Split), slices.Index(splits, b.Split)),
		cmp.Compare(rank[a.Fake], rank[b.Fake]),
		cmp.Compare(a.Method, b.Method),
	)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
