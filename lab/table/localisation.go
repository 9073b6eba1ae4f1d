package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/store"
)

// Localisation is how well the maps of a run point at what was manipulated: pixel AUC and IoU with their 95 % intervals by people,
// beside those of the mean mask of the other people. It has no rows for methods without maps.
func Localisation(r store.Record) Table {
	t := Table{
		Title:  fmt.Sprintf("%s: what its maps find of known masks, with 95 %% intervals", plain(r.Name)),
		Header: []string{"faces", "method", "pixel AUC", "low", "high", "blind", "rival's", "IoU", "low", "high", "rival's", "images", "people", ""},
		Right:  []bool{false, false, true, true, true, true, true, true, true, true, true, true, true, false},
		Notes: []string{
			"Pixel AUC and IoU are of one image, over all of its pixels, averaged by people; the IoU is that of as many pixels as the mask has (our choice). " +
				"0.5 is the pixel AUC of guessing. Blind: the map with one value wherever it says something. Rival: the mean mask of the other people, laid on the landmarks.",
		},
	}
	if synthetic(r) {
		t.Title += " (synthetic faces)"
	}
	for _, l := range r.Localisation {
		row := []string{plain(l.On), plain(l.Method)}
		var rival store.LocalisationRival
		if l.Rival != nil {
			rival = *l.Rival
		}
		for i, of := range []struct{ own, rival store.Estimate }{{l.AUC, rival.AUC}, {l.IoU, rival.IoU}} {
			low := tooFew
			if of.own.Low != nil {
				low = share(*of.own.Low)
			}
			beside := none
			if l.Rival != nil {
				beside = share(of.rival.Value)
			}
			row = append(row, share(of.own.Value), low, figure(of.own.High))
			if i == 0 {
				row = append(row, share(l.BlindAUC.Value))
			}
			row = append(row, beside)
		}
		t.Rows = append(t.Rows, append(row, strconv.Itoa(l.Images), strconv.Itoa(l.People), notBetter(l)))
		if of := (store.Coverage{Unscored: l.Unmeasured}); l.Unmeasured != nil {
			t.Notes = append(t.Notes, fmt.Sprintf("%s: %d fakes were not measured: %s.", plain(l.On), len(l.Unmeasured), of.Faults()))
		}
	}
	return t
}

// notBetter says what a map is not shown to beat; "" where it beats all.
func notBetter(l store.Localisation) string {
	beaten := func(e store.Estimate) bool { return e.Low != nil && *e.Low > 0 }
	var not []string
	if !beaten(l.BlindDifference) {
		not = append(not, "blind")
	}
	if r := l.Rival; r != nil && !beaten(r.AUCDifference) {
		not = append(not, "the rival's AUC")
	}
	if r := l.Rival; r != nil && !beaten(r.IoUDifference) {
		not = append(not, "the rival's IoU")
	}
	if not == nil {
		return ""
	}
	return "not shown to beat " + strings.Join(not, ", ")
}
