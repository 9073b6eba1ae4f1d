package terminal

import (
	"fmt"
	"io"
	"strconv"

	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/table"
)

// PrintFaces says what seelab faces found in the videos of each data set, and how fast.
func PrintFaces(out io.Writer, reports []extract.Report) {
	t := table.Table{
		Title:  "Faces of videos",
		Header: []string{"data set", "videos", "new", "frames", "without face", "faces", "videos without face", "problems"},
		Right:  []bool{false, true, true, true, true, true, true, true},
	}
	frames, seconds := 0, 0.0
	for _, r := range reports {
		t.Rows = append(t.Rows, []string{
			graphic(r.Dataset), strconv.Itoa(r.Videos), strconv.Itoa(r.Fresh), strconv.Itoa(r.Frames), strconv.Itoa(r.Blank),
			strconv.Itoa(r.Faces), strconv.Itoa(len(r.Missing)), strconv.Itoa(len(r.Problems)),
		})
		frames, seconds = frames+r.FreshFrames, seconds+r.Seconds
	}
	fmt.Fprintln(out, t.Text())
	for _, r := range reports {
		if r.Small+r.Unclear+r.Turned > 0 {
			fmt.Fprintf(out, "%s: left out are %d faces under %d pixels beside larger ones and %d unclear ones; %d faces lay on their side and were turned.\n\n",
				graphic(r.Dataset), r.Small, extract.Smallest, r.Unclear, r.Turned)
		}
		if text := listing("Several persons, who are told apart, in videos of "+r.Dataset, r.Several, shown); text != "" {
			fmt.Fprintln(out, text)
		}
		if text := listing("No face in videos of "+r.Dataset, r.Missing, shown); text != "" {
			fmt.Fprintln(out, text)
		}
	}
	if frames > 0 {
		fmt.Fprintf(out, "%d new frames in %.0f s, %.1f a second.\n", frames, seconds, float64(frames)/seconds)
	}
	for _, r := range reports {
		fmt.Fprintf(out, "%s: %s\n", graphic(r.Dataset), r.Dir)
	}
}
