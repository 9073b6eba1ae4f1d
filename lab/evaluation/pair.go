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
	Real    int    `json:"n_real"` // videos that both have scored
	Fake    int    `json:"n_fake"`
	// What one has scored and the other has not, or does not have, is in no test.
	Only       int `json:"only"`        // scored by the first alone
	OnlyOther  int `json:"only_other"`  // scored by the second alone
	RealPeople int `json:"real_people"` // whose heads are seen in the videos that both have scored
	FakePeople int `json:"fake_people"`
	// Nil where there is not a real and a fake video.
	AUC      *float64 `json:"auc"`
	OtherAUC *float64 `json:"other_auc"`
	// The difference AUC − OtherAUC, with the ends of its 95 % interval and the two-sided p of no difference, by people
	// (metric.Compare); where there are too few people NoInterval says so, and the last three are nil.
	Diff       *float64 `json:"diff"`
	Low        *float64 `json:"low"`
	High       *float64 `json:"high"`
	P          *float64 `json:"p"`
	NoInterval string   `json:"no_interval,omitempty"`
}

// Pairs compares two detectors video by video on every test set, for all fakes and, where there are several and both have the
// set, for each manipulation. It is an error if they share no video, or call one real and fake.
func Pairs(sets, others []Set) ([]Pair, error) {
	var pairs []Pair
	shared := 0
	add := func(a, b Set, kinds ...string) error {
		for _, kind := range kinds {
			p, err := pair(a, b, kind)
			if err != nil {
				return err
			}
			pairs = append(pairs, p)
			shared += p.Real + p.Fake
		}
		return nil
	}
	for _, s := range sets {
		other, kinds := Set{}, []string{All}
		if i := slices.IndexFunc(others, func(o Set) bool { return o.Name == s.Name }); i >= 0 {
			other = others[i]
			if found := s.Manipulations(); len(found) > 1 {
				kinds = append(kinds, found...)
			}
		}
		if err := add(s, other, kinds...); err != nil {
			return nil, err
		}
	}
	for _, o := range others {
		if slices.ContainsFunc(sets, func(s Set) bool { return s.Name == o.Name }) {
			continue
		}
		if err := add(Set{Name: o.Name}, o, All); err != nil {
			return nil, err
		}
	}
	if shared == 0 {
		return nil, fmt.Errorf("evaluation: no video is scored by both: one has %s, the other %s; want the same names of test set, method and video",
			someVideo(sets), someVideo(others))
	}
	return pairs, nil
}

// pair compares two detectors on a test set, which bears its name in s.
func pair(s, other Set, kind string) (Pair, error) {
	p := Pair{Dataset: s.Name, Method: kind}
	p.Real, p.Fake, p.Only, p.OnlyOther = s.Shared(other, kind)
	d, err := s.Difference(other, kind)
	if NothingShared(err) {
		return p, nil
	}
	if err != nil {
		return Pair{}, err
	}
	p.RealPeople, p.FakePeople, p.NoInterval = d.RealPeople, d.FakePeople, d.TooFew
	p.AUC, p.OtherAUC, p.Diff = &d.A, &d.B, &d.Diff
	if d.TooFew == "" {
		p.Low, p.High, p.P = &d.Low, &d.High, &d.P
	}
	return p, nil
}

// NothingShared tells that Set.Difference has found no real or no fake video that both have scored.
func NothingShared(err error) bool {
	var one *metric.OneClassError
	return errors.Is(err, metric.ErrEmpty) || errors.As(err, &one)
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
func (s Set) Shared(other Set, manipulation string) (real, fake, only, onlyOther int) {
	has := func(v Video) bool {
		return v.Scored > 0 && (!v.Fake || manipulation == All || v.Method == manipulation)
	}
	there := map[string]bool{}
	for _, v := range other.Videos {
		if has(v) {
			there[v.Name] = true
		}
	}
	for _, v := range s.Videos {
		switch {
		case !has(v):
		case !there[v.Name]:
			only++
		case v.Fake:
			fake++
		default:
			real++
		}
	}
	return real, fake, only, len(there) - real - fake
}
