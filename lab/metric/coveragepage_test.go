package metric

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// What an interval is to do: hold the AUC this often, and be at most so much wider than the narrowest method that covers.
const (
	covers, tooOften = 0.93, 0.98
	widest           = 1.25
	aimedFrom        = 20 // people a class
)

// A group are the rows of a design, a share and a number of people: what whoever picks a method may know. Shape and AUC are not known
// beforehand.
type group struct {
	design  string
	persons float64
	people  int
}

func (r row) group() group { return group{r.Design, r.Persons, r.People} }

// rivals are the methods that hold the AUC of each row of a group often enough, the first among them whether or not it does.
func (s simulation) rivals(g group) []int {
	held := []int{0}
	for i := 1; i < len(s.Methods); i++ {
		if !slices.ContainsFunc(s.Rows, func(r row) bool {
			return r.group() == g && (i >= len(r.Coverage) || r.Coverage[i] < covers)
		}) {
			held = append(held, i)
		}
	}
	return held
}

// ratio is how many times as wide the first method is as the narrowest of rivals in a row.
func (r row) ratio(rivals []int) float64 {
	narrowest := r.Width[0]
	for _, i := range rivals {
		narrowest = min(narrowest, r.Width[i])
	}
	return r.Width[0] / narrowest
}

// hindsight are the methods that hold the AUC of one row often enough: a choice that nobody has.
func (r row) hindsight() (held []int) {
	for i, c := range r.Coverage {
		if c >= covers {
			held = append(held, i)
		}
	}
	return held
}

// faults says what is wrong with a row, "" if nothing is.
func (r row) faults() string {
	var f []string
	switch c := r.Coverage[0]; {
	case c < covers:
		f = append(f, "holds the AUC too seldom")
	case c > tooOften:
		f = append(f, "too often")
	}
	if times := r.ratio(r.hindsight()); r.Coverage[0] >= covers && times > widest {
		f = append(f, fmt.Sprintf("%.2f times as wide", times))
	}
	return strings.Join(f, ", ")
}

// deviation is the standard error of a coverage of so many draws that just holds the level.
func deviation(draws int) float64 { return math.Sqrt(covers * (1 - covers) / float64(draws)) }

// causes says how many rows are at fault, and why.
func (s simulation) causes(p func(format string, args ...any)) {
	var hidden, seldom, wide []row
	rows := 0
	for _, r := range s.Rows {
		if r.People < aimedFrom {
			continue
		}
		rows++
		switch {
		case r.faults() == "":
		case r.Coverage[0] >= covers:
			wide = append(wide, r)
		case strings.Contains(r.Design, "hidden"):
			hidden = append(hidden, r)
		default:
			seldom = append(seldom, r)
		}
	}
	from := func(rows []row) string {
		if len(rows) == 0 {
			return "0 rows"
		}
		area, missed, people := 1., 0., 0
		for _, r := range rows {
			area, missed = min(area, r.AUC), max(missed, covers-r.Coverage[0], r.Coverage[0]-tooOften)
			if r.People == aimedFrom {
				people++
			}
		}
		return fmt.Sprintf("%d rows, AUC from %.2f on, %d of them of %d people, coverage past the bound by at most %.4f", len(rows), area, people, aimedFrom, missed)
	}
	p("%d of %d rows. A coverage on the bound is past it by a standard error of simulation, %.4f, in one row of six.\n", len(hidden)+len(seldom)+len(wide), rows, deviation(s.Draws))
	p("- Too seldom, hidden sources (%s): fakes of a source that is not known are correlated, which nothing in the scores' people shows.", from(hidden))
	p("- Too seldom, other designs (%s): a few people deviate much; draws without them have an AUC too near to 1 and too small a variance at once.", from(seldom))
	p("  t by fourth moments makes up for a part of it.")
	p("- Too often or too wide (%s): few pairs are out of order, and the interval goes over to that of perfect separation, whose variance is", from(wide))
	p("  chosen for scores of any distribution. It is more than these scores have; methods that trust them are narrower here.\n")
}

// page is results/intervals.md.
func (s simulation) page() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Intervals that hold their level\n")
	p("Rendered from `intervals.json`, which `go test ./lab/metric -run CoverageRecord -record simulate` makes (seeded). Metrics of version %s; %d draws a row for the", s.Metric, s.Draws)
	p("interval that is used and for differences, the first %d of them for the other methods. Simulated scores, no detector.\n", s.Others)
	p("A design is who is in a test set, with so many people in each class; persons is the share of the variance of scores that people have,")
	p("in real videos and, with weights 0.8 and 0.6, as target and source of fakes. Scores are normal; *tied* ones are rounded to standard deviations.")
	p("FF++ has closed pairs, one real video and one fake a manipulation of each person; Celeb-DF three real videos and six fakes, each with another source, of each;")
	p("DFDC two fakes of each original, with sources that nobody knows: different ones, or *hidden* ones, drawn from as many people as there are originals.")
	p("The AUC that intervals are to hold is that over people who have nothing in common, by an exact formula.\n")
	p("The interval that is used (`metric.AUC`) is described there. It is to hold the AUC in %.0f to %.0f %% of draws from %d people a class on, and to be at most %.2f times", 100*covers, 100*tooOften, aimedFrom, widest)
	p("as wide as the narrowest method below that covers (%.0f %% or more) in its row: that is picked by hindsight, in each row anew, and narrower than any one method would be.", 100*covers)
	p("*Beside one method* is beside the narrowest of those that cover in all rows of the design and number of people, as whoever takes a method knows these, and not the")
	p("AUC or the shape of the scores.")
	p("Of %d draws a coverage of 0.93 has a standard error of %.3f, of %d one of %.3f.\n", s.Draws, deviation(s.Draws), s.Others, deviation(s.Others))
	p("`fewFourths`, the exponents of the sizes and which degrees of freedom an end has were chosen after the rows at fault of an earlier version, on up to 3,500 draws")
	p("a row of the same designs with other seeds; `priorPeople` and `leastShare` on trial runs, some of them on the first 1,500 of these draws. Person effects enter as")
	p("they are here; effects of other kinds were not tried.\n")

	p("## By design and number of people\n")
	p("Over shapes and AUCs from 0.55 to 0.99.\n")
	p("| design | persons | people a class | rows | coverage, least | mean | greatest | mean width | times the narrowest, at most | beside one method | rows at fault |")
	p("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	var keys []group
	of := map[group][]row{}
	for _, r := range s.Rows {
		k := r.group()
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], r)
	}
	slices.SortStableFunc(keys, func(a, b group) int {
		if a.design != b.design || a.persons != b.persons {
			return 0
		}
		return a.people - b.people
	})
	for _, k := range keys {
		least, greatest, mean, width, times, one, faults := 1., 0., 0., 0., 0., 0., 0
		rivals := s.rivals(k)
		n := float64(len(of[k]))
		for _, r := range of[k] {
			c := r.Coverage[0]
			least, greatest, mean, width = min(least, c), max(greatest, c), mean+c/n, width+r.Width[0]/n
			if one = max(one, r.ratio(rivals)); c >= covers {
				times = max(times, r.ratio(r.hindsight()))
			}
			if r.faults() != "" {
				faults++
			}
		}
		p("| %s | %.1f | %d | %d | %.3f | %.3f | %.3f | %.3f | %.2f | %.2f | %d |", k.design, k.persons, k.people, len(of[k]), least, mean, greatest, width, times, one, faults)
	}

	p("\n## Methods\n")
	p("Rows of %d people a class or more, without the design of hidden sources, which no method can see.\n", aimedFrom)
	p("| method | rows | coverage, least | below %.2f | above %.2f | mean width |", covers, tooOften)
	p("|---|--:|--:|--:|--:|--:|")
	for i, name := range s.Methods {
		rows, least, below, above, width := 0, 1., 0, 0, 0.
		for _, r := range s.Rows {
			if r.People < aimedFrom || strings.Contains(r.Design, "hidden") {
				continue
			}
			if i >= len(r.Coverage) {
				continue
			}
			rows++
			least, width = min(least, r.Coverage[i]), width+r.Width[i]
			if r.Coverage[i] < covers {
				below++
			} else if r.Coverage[i] > tooOften {
				above++
			}
		}
		p("| %s | %d | %.3f | %d | %d | %.3f |", name, rows, least, below, above, width/float64(rows))
	}

	p("\n## Rows at fault from %d people a class on\n", aimedFrom)
	s.causes(p)
	p("| design | persons | shape | people a class | AUC | coverage | width | fault |")
	p("|---|--:|---|--:|--:|--:|--:|---|")
	for _, r := range s.Rows {
		if f := r.faults(); f != "" && r.People >= aimedFrom {
			p("| %s | %.1f | %s | %d | %.2f | %.3f | %.3f | %s |", r.Design, r.Persons, r.Shape, r.People, r.AUC, r.Coverage[0], r.Width[0], f)
		}
	}

	p("\n## Least number of people\n")
	p("`metric.LeastPeople` is %d: with fewer in a class tables say *too few*. Below, over all rows of a number.\n", LeastPeople)
	p("| people a class | rows | coverage, least | rows below %.2f | mean width at AUC 0.75 |", covers)
	p("|--:|--:|--:|--:|--:|")
	for _, n := range []int{3, 5, 10, 20, 50, 100, 300} {
		rows, least, below, width, wide := 0, 1., 0, 0., 0.
		for _, r := range s.Rows {
			if r.People != n || strings.Contains(r.Design, "hidden") {
				continue
			}
			rows++
			least = min(least, r.Coverage[0])
			if r.Coverage[0] < covers {
				below++
			}
			if r.AUC == 0.75 {
				width, wide = width+r.Width[0], wide+1
			}
		}
		p("| %d | %d | %.3f | %d | %.2f |", n, rows, least, below, width/wide)
	}

	p("\n## Perfect separation\n")
	p("The lower end where every fake scores above every real video, one video of each person; no AUC has a higher one.\n")
	p("| people a class | 10 | 20 | 50 | 100 | 300 |\n|---|--:|--:|--:|--:|--:|")
	b.WriteString("| lower end |")
	for _, n := range []float64{10, 20, 50, 100, 300} {
		c := perClass{n, n}
		low, _ := newSpread(1, moments{people: c, videos: c, effective: c}).interval()
		fmt.Fprintf(&b, " %.3f |", low)
	}
	p("\n\n## Differences of two detectors\n")
	p("`metric.Compare`, of two detectors whose scores share half of their variance; rejected is how often p is below 0.05, 5 %% where the AUCs are equal.\n")
	p("| design | persons | people a class | AUCs | coverage | mean width | rejected |")
	p("|---|--:|--:|--:|--:|--:|--:|")
	for _, r := range s.Paired {
		p("| %s | %.1f | %d | %.2f, %.2f | %.3f | %.3f | %.3f |", r.Design, r.Persons, r.People, r.A, r.B, r.Coverage, r.Width, r.Rejected)
	}
	return b.String()
}
