package evaluation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seeable-lab/seeable/lab/metric"
)

// Pair is how two detectors did on the videos of a test set that both have scored.
type Pair struct {
	Dataset string `json:"dataset"`
	Method  string `json:"method"` // a manipulation, or "all"
	Both    int    `json:"both"`   // videos that both have scored, real ones and fakes of the manipulation
	// What one has scored and the other has not, or does not have, is in no test.
	Only      int `json:"only"`       // scored by the first alone
	OnlyOther int `json:"only_other"` // scored by the second alone
	// Nil where the videos of Both are too few, or of one class.
	AUC      *float64 `json:"auc"`
	OtherAUC *float64 `json:"other_auc"`
	// Of DeLong's paired two-sided test; nil too where the difference has no variance, as where both have all videos right.
	P *float64 `json:"p"`
}

// Pairs compares two detectors video by video on every test set that both have, for all fakes and, where there are several, for
// each manipulation. It is an error if they share no video, or call one real and fake.
func Pairs(sets, others []Set) ([]Pair, error) {
	var pairs []Pair
	shared := 0
	for _, s := range sets {
		i := slices.IndexFunc(others, func(o Set) bool { return o.Name == s.Name })
		if i < 0 {
			continue
		}
		kinds := []string{All}
		if found := s.Manipulations(); len(found) > 1 {
			kinds = append(kinds, found...)
		}
		for _, kind := range kinds {
			p := Pair{Dataset: s.Name, Method: kind}
			p.Both, p.Only, p.OnlyOther = s.Shared(others[i], kind)
			shared += p.Both
			c, n, err := s.Compare(others[i], kind)
			if n == 0 && err != nil && !errors.Is(err, metric.ErrEmpty) {
				return nil, err
			}
			if err == nil {
				p.AUC, p.OtherAUC = &c.A, &c.B
				if c.StdError > 0 || c.A == c.B {
					p.P = &c.P
				}
			}
			pairs = append(pairs, p)
		}
	}
	if shared == 0 {
		return nil, fmt.Errorf("evaluation: no video is scored by both: one has %s, the other %s; want the same names of test set, method and video",
			someVideo(sets), someVideo(others))
	}
	return pairs, nil
}

// someVideo is the id of a video, to show how they are named.
func someVideo(sets []Set) string {
	for _, s := range sets {
		if len(s.Videos) > 0 {
			return s.Videos[0].Name
		}
	}
	return "none"
}

// Shared counts the real videos and the fakes of a manipulation that both sets have scored, and those that only one has.
func (s Set) Shared(other Set, manipulation string) (both, only, onlyOther int) {
	_, _, names, _ := s.scored(manipulation)
	_, _, others, _ := other.scored(manipulation)
	there := make(map[string]bool, len(others))
	for _, name := range others {
		there[name] = true
	}
	for _, name := range names {
		if there[name] {
			both++
		}
	}
	return both, len(names) - both, len(others) - both
}
