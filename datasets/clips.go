package datasets

import (
	"cmp"
	"fmt"
	"slices"
)

// Clips cuts the faces of a set into clips of length consecutive frames and returns the indices of their items: faces of one
// video and one track, in the order of their frames, whose numbers rise by one. A clip starts every step frames of a run of
// such frames, as long as a whole clip fits; a gap, and a frame that is there twice, ends a run. Clips are ordered by
// [Item.VideoID], track and frame.
//
// Clips of one frame are all faces of the set, in its order, whatever step is. Items without a face are in no clip.
//
// A set without a run of length frames is an error, as is a length or a step below 1.
func (s Set) Clips(length, step int) ([][]int, error) {
	if length < 1 || step < 1 {
		return nil, fmt.Errorf("datasets: clips of %d frames, one every %d frames; want at least 1 of each", length, step)
	}
	faces := make([]int, 0, len(s.Items))
	for i, it := range s.Items {
		if !it.NoFace() && (length == 1 || it.Frame >= 0) {
			faces = append(faces, i)
		}
	}
	if length == 1 {
		clips := make([][]int, len(faces))
		for i := range faces {
			clips[i] = faces[i : i+1 : i+1]
		}
		return clips, nil
	}
	videos := make([]string, len(s.Items))
	for _, i := range faces {
		videos[i] = s.Items[i].VideoID()
	}
	slices.SortStableFunc(faces, func(i, j int) int {
		a, b := s.Items[i], s.Items[j]
		return cmp.Or(cmp.Compare(videos[i], videos[j]), cmp.Compare(a.Track, b.Track), cmp.Compare(a.Frame, b.Frame))
	})
	// follows tells by how many frames a face comes after another; false if it is of another video or track.
	follows := func(i, j int) (frames int, same bool) {
		a, b := s.Items[i], s.Items[j]
		return b.Frame - a.Frame, videos[i] == videos[j] && a.Track == b.Track
	}
	twice := map[int]bool{}
	for k := 1; k < len(faces); k++ {
		if frames, same := follows(faces[k-1], faces[k]); same && frames == 0 {
			twice[faces[k-1]], twice[faces[k]] = true, true
		}
	}
	faces = slices.DeleteFunc(faces, func(i int) bool { return twice[i] })
	var clips [][]int
	longest, of := 0, -1
	for start := 0; start < len(faces); {
		end := start + 1
		for ; end < len(faces); end++ {
			if frames, same := follows(faces[end-1], faces[end]); !same || frames != 1 {
				break
			}
		}
		if end-start > longest {
			longest, of = end-start, faces[start]
		}
		for at := start; at+length <= end; at += step {
			clips = append(clips, faces[at:at+length:at+length])
		}
		start = end
	}
	switch {
	case len(clips) > 0:
		return clips, nil
	case longest <= 1:
		return nil, fmt.Errorf("datasets: clips of %d frames of %s: its frames are not consecutive; want a set of videos whose faces "+
			"were cut in runs of frames (seelab faces --consecutive %d), or clips of 1 frame", length, s.Name, length)
	}
	return nil, fmt.Errorf("datasets: clips of %d frames of %s: that is longer than its videos; the longest run of consecutive frames "+
		"with one face has %d, in %s; want clips of at most that, or faces cut in longer runs (seelab faces --consecutive %d)",
		length, s.Name, longest, videos[of], length)
}
