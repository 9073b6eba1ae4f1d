// Package layout reads data sets of videos as they lie on disk, before any face is cut: a folder with a videos.csv, a plain
// one with its folders real and fake, and what else is registered, such as the published data sets of package
// datasets/official. [Open] reads a data set and yields a [Video] for each that is there and for each that its lists name and
// that is missing. [Find] looks for such folders under a data root, [Leaks] for people on both sides of a split, and
// [Examine] reports all of it, with the sets of faces of package datasets.
//
// A new layout is one new file that registers itself ([Register]); a [Collector] reads its folders and label files.
package layout
