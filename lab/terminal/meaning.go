package terminal

import (
	"fmt"
	"io"

	"github.com/seeable-lab/seeable/lab/operating"
)

// PrintMeaning prints what a score says and, if all is set, the thresholds that say so.
func PrintMeaning(w io.Writer, m operating.Meaning, all bool) {
	if m.None != "" {
		if all {
			fmt.Fprintf(w, "  says neither real-looking nor flagged: %s\n", m.None)
		}
		return
	}
	s := m.Share
	fmt.Fprintf(w, "  %s: %s of real faces score as high or higher, 95 %% interval %s to %s (%d people)\n",
		m.Word, percent(s.Share), percent(s.Low), percent(s.High), s.People)
	if !all {
		return
	}
	l := m.Limits
	flagged, real := "there is no threshold: "+l.NoAlarm, "there is no threshold: "+l.NoMiss
	if l.Alarm != nil {
		flagged = fmt.Sprintf("above %.4f, for %s of real faces", *l.Alarm, percent(l.FalseAlarms))
	}
	if l.Miss != nil {
		real = fmt.Sprintf("below %.4f, for %s of pseudo-fakes (%d people)", *l.Miss, percent(l.Misses), m.Pseudo)
	}
	fmt.Fprintf(w, "  %s %s; %s %s\n", operating.Flagged, flagged, operating.Real, real)
	fmt.Fprintln(w, "  of single faces of people like those held out, who did not train or choose; other photographs may be flagged more often")
}

// percent prints a share.
func percent(x float64) string { return fmt.Sprintf("%.3g %%", 100*x) }
