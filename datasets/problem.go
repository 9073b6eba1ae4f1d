package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Fault is a kind of [Problem], and why something that a set holds has no score.
type Fault string

const (
	BadRow     Fault = "bad row"    // a line of a manifest or label file that cannot be used
	Duplicate  Fault = "duplicate"  // a second row, or a second file, of one video
	Absent     Fault = "absent"     // the folder's own label file names it, and it is not there
	Unlisted   Fault = "unlisted"   // it is there, and no list knows it
	Conflict   Fault = "conflict"   // two sources give it different labels
	Unreadable Fault = "unreadable" // a broken file, a broken link, or one that may not be opened
	Empty      Fault = "empty"      // a picture or a video of no bytes
	Format     Fault = "format"     // a file of a format that is not read
	OddName    Fault = "odd name"   // a name that leaves the folder, begins with a dot or does not print
	Faceless   Fault = "no face"    // a frame, or a whole video, in which no face was found
	TooSmall   Fault = "too small"  // a picture, or the face in it, of too few pixels
	Gap        Fault = "gap"        // a frame in no run of as many frames as a clip has
	Seen       Fault = "seen"       // it shows someone who is trained on
)

// Holds tells of a fault of a data set of videos that it is of something that the data set holds and nobody can test on, so that
// it counts in coverage, be it a row that says nothing; others are of what is there once more.
func (f Fault) Holds() bool {
	return slices.Contains([]Fault{Unreadable, Empty, Format, OddName, Absent, Unlisted, BadRow}, f)
}

// Problem is something that is wrong with a manifest, a label file or a video. It is an error that names the file and,
// if there is one, the line.
type Problem struct {
	File  string // path of the manifest or of the video
	Line  int    // 1-based; 0 where the whole file is meant
	Fault Fault
	Err   error // what is wrong
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("datasets: %s: %v", Printable(p.File), p.Err)
	}
	return fmt.Sprintf("datasets: %s:%d: %v", Printable(p.File), p.Line, p.Err)
}

// Unwrap returns Err.
func (p Problem) Unwrap() error { return p.Err }

// Printable quotes a name that would break a line or drive a terminal.
func Printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(name)
	}
	return name
}

// Pathless takes the path out of an error of package os, for messages that name it already.
func Pathless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
