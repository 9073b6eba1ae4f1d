package operating

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seeable-lab/seeable/lab/metric"
)

// LeastPeople is how many people a group must show for its false alarms to be told: a share of fewer says little, and may say
// something about one of them.
const LeastPeople = 20

// fewValues is up to how many values of a column are groups; numbers of more are cut in thirds.
const fewValues = 12

// Alarms are the false alarms of a detector on real faces, and by groups of them.
type Alarms struct {
	Set string `json:"set"`
	// Whom the faces show, in words: what part these people had in the run.
	Whom       string            `json:"whom"`
	Asked      float64           `json:"asked"`
	Threshold  float64           `json:"threshold"` // a face is flagged whose score is above it
	Calibrated int               `json:"calibrated_on"`
	Unscored   int               `json:"unscored"` // faces without a score
	All        metric.Proportion `json:"all"`
	Groups     []Group           `json:"groups"`
	Hidden     int               `json:"groups_too_small"` // of fewer than LeastPeople people
	Worst      string            `json:"worst,omitempty"`  // the group with the largest share, "" if there are no groups
}

// Group are the false alarms on faces that have something in common.
type Group struct {
	By    string `json:"by"` // a column
	Value string `json:"value"`
	metric.Proportion
}

// Column is what is known of each face: a text, "" if it is not known.
type Column struct {
	Name   string
	Values []string
}

// NewAlarms measures the false alarms on real faces whose people and columns are given, in all and by each column. Faces whose score
// is NaN count as unscored. It is an error if there is no threshold, or no score.
// The worst group is the first of those with the largest share.
func NewAlarms(scores []float64, people []string, columns []Column, p *Points, rate float64) (Alarms, error) {
	rates := Rates{rate, Default.Misses}
	if err := rates.Check(); err != nil {
		return Alarms{}, err
	}
	l := p.Limits(rates)
	if l.Alarm == nil {
		return Alarms{}, fmt.Errorf("operating: there is no threshold: %s", l.NoAlarm)
	}
	a := Alarms{Asked: rate, Threshold: *l.Alarm, Calibrated: len(p.Real), Groups: []Group{}}
	var scored []int
	for i, score := range scores {
		if math.IsNaN(score) {
			a.Unscored++
		} else {
			scored = append(scored, i)
		}
	}
	of := func(faces []int) (metric.Proportion, error) {
		var flagged []bool
		var whom []string
		for _, i := range faces {
			flagged, whom = append(flagged, l.Flags(scores[i])), append(whom, people[i])
		}
		return metric.NewProportion(flagged, whom)
	}
	var err error
	if a.All, err = of(scored); err != nil {
		return Alarms{}, fmt.Errorf("operating: none of the %d faces has a score: %w", len(scores), err)
	}
	worst := -1.
	for _, c := range columns {
		groups, order := c.groups(scored)
		for _, value := range order {
			share, err := of(groups[value])
			if err != nil {
				return Alarms{}, fmt.Errorf("operating: %w", err)
			}
			if share.People < LeastPeople {
				a.Hidden++
				continue
			}
			g := Group{c.Name, value, share}
			a.Groups = append(a.Groups, g)
			if share.Share > worst {
				worst, a.Worst = share.Share, c.Name+" "+value
			}
		}
	}
	return a, nil
}

// groups are the faces of each value of a column, and the values in order: ages in bands, other numbers of many values in thirds.
func (c Column) groups(faces []int) (groups map[string][]int, order []string) {
	distinct := map[string]bool{}
	var numbers []float64
	numeric := true
	for _, i := range faces {
		if v := c.Values[i]; v != "" {
			distinct[v] = true
			x, err := strconv.ParseFloat(v, 64)
			numeric = numeric && err == nil && !math.IsNaN(x)
			numbers = append(numbers, x)
		}
	}
	name := func(v string) string { return v }
	rank := map[string]float64{}
	switch {
	case numeric && c.Name == "age":
		name = func(v string) string {
			x, _ := strconv.ParseFloat(v, 64) // numeric says that it is one
			for i, band := range ageBands {
				if x < band.below {
					rank[band.name] = float64(i)
					return band.name
				}
			}
			return "" // no number is above the last
		}
	case numeric && len(distinct) > fewValues:
		slices.Sort(numbers)
		low, high := numbers[len(numbers)/3], numbers[2*len(numbers)/3]
		name = func(v string) string {
			x, _ := strconv.ParseFloat(v, 64)
			third, at := fmt.Sprintf("lowest third, below %.3g", low), 0.
			switch {
			case x >= high:
				third, at = fmt.Sprintf("highest third, from %.3g", high), 2
			case x >= low:
				third, at = "middle third", 1
			}
			rank[third] = at
			return third
		}
	case len(distinct) > fewValues:
		return nil, nil // names of files and the like
	}
	groups = map[string][]int{}
	for _, i := range faces {
		if v := c.Values[i]; v != "" {
			g := name(v)
			groups[g] = append(groups[g], i)
		}
	}
	for g := range groups {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(a, b)) })
	return groups, order
}

// ageBands are ours.
var ageBands = []struct {
	below float64
	name  string
}{{18, "under 18"}, {30, "18 to 29"}, {45, "30 to 44"}, {60, "45 to 59"}, {math.Inf(1), "60 and over"}}
