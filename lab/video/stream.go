package video

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
)

// stream is a video stream of a file, as ffmpeg describes it.
type stream struct {
	index string // of all streams of the file
	rank  int    // the lowest is what a player takes
}

var (
	videoLine = regexp.MustCompile(`^ +Stream #0:(\d+)[^:]*: Video: `)
	// aside are the marks of what belongs to another stream: covers, pictures for seeking, layers that are no whole picture.
	aside = regexp.MustCompile(`\((?:attached pic|timed thumbnails|still image|dependent|multilayer)\)`)
)

// describe reads a line about a stream; ok is false if it is not one of video.
func describe(line string) (s stream, ok bool) {
	found := videoLine.FindStringSubmatch(line)
	if found == nil {
		return stream{}, false
	}
	s = stream{index: found[1], rank: 1}
	switch {
	case aside.MatchString(line):
		s.rank = 2
	case strings.Contains(line, "(default)"):
		s.rank = 0
	}
	return s, true
}

// chooseStream takes the video stream that a player takes: the first that the file marks as the default one, else the first.
// One with a single picture, an unmarked cover, gives way to one with more.
func (v *Video) chooseStream(ctx context.Context) error {
	v.stream = "0:V:0" // V leaves out what is marked as a cover
	mapped, streams, err := v.readPackets(ctx)
	if len(streams) < 2 {
		return err
	}
	slices.SortStableFunc(streams, func(a, b stream) int { return cmp.Compare(a.rank, b.rank) })
	var best *Video
	first := *v
	for _, s := range streams {
		read, wrong := first, err
		if s.index != mapped {
			read = Video{Path: v.Path, options: v.options, stream: "0:" + s.index}
			_, _, wrong = read.readPackets(ctx)
		}
		if best == nil || read.Count > best.Count {
			best, *v, err = &read, read, wrong
		}
		if read.Count > 1 {
			break
		}
	}
	return err
}
