package metric

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/seeable-lab/seeable/lab/stream"
)

// The simulation that results/intervals.md shows, 10 minutes of one core, and the page alone:
//
//	nice -n 10 go test ./lab/metric -run CoverageRecord -record simulate -timeout 2h
//	go test ./lab/metric -run CoverageRecord -record page
//
// Each row has draws of its own: -record missing simulates those that the record lacks, after a change of allRows.
var record = flag.String("record", "", "simulate: all rows of results/intervals.json and the page; missing: rows that are not there; page: that alone")

const (
	recordFile = "../../results/intervals.json"
	pageFile   = "../../results/intervals.md"
)

// A method makes a 95 % interval of an AUC. Those that draw at random are slow.
type method struct {
	name string
	of   func(s sampled) (low, high float64)
}

// sampled is a test set with what several methods need.
type sampled struct {
	drawn
	ranking    *Ranking
	deviations []float64
	n          perClass
	moments    moments
	rng        *rand.Rand
}

func newSampled(d drawn, rng *rand.Rand) sampled {
	r, place, err := rank(d.scores, d.fake)
	if err != nil {
		panic(err)
	}
	s := sampled{drawn: d, ranking: r, deviations: r.deviations(place, d.fake), n: r.classes(), rng: rng}
	s.moments = d.shown.moments(s.deviations, d.fake, s.n)
	return s
}

// ours is AUC without the bound of people.
func ours(s sampled) (low, high float64) {
	return newSpread(s.ranking.AUROC(), s.moments).interval()
}

// quick methods come first, ours before all; the slow ones have figures up to slowUpTo people.
const quick, slowUpTo = 6, 50

// methods are ours, and those that it was chosen among.
var methods = []method{
	{"people: score interval (used)", ours},
	{"videos: DeLong", func(s sampled) (float64, float64) {
		return Area{s.ranking.AUROC(), s.ranking.stdError(s.deviations, s.fake)}.Interval(Confidence)
	}},
	{"people: DeLong, dyadic", func(s sampled) (float64, float64) {
		m := s.moments
		return Area{s.ranking.AUROC(), math.Sqrt(max(0, m.between.real+m.between.fake+2*m.across))}.Interval(Confidence)
	}},
	{"people: dyadic, logit, t", func(s sampled) (float64, float64) {
		variance, of := s.moments.variance()
		return logit(s, variance, s.moments.freedom(of))
	}},
	{"people: Newcombe 5 as if independent", func(s sampled) (float64, float64) {
		p := newSpread(s.ranking.AUROC(), s.moments)
		p.sizes = s.moments.people
		return p.below(p.area, 1.96, 1), 1 - p.below(1-p.area, 1.96, 1)
	}},
	{"videos: Newcombe 5 with design effect", func(s sampled) (float64, float64) {
		p := newSpread(s.ranking.AUROC(), s.moments)
		p.sizes = s.n
		effect := 1.
		if v, _ := s.moments.variance(); v > 0 {
			effect = v / (s.moments.own.real*few(s.n.real) + s.moments.own.fake*few(s.n.fake))
		}
		return p.below(p.area, 1.96, effect), 1 - p.below(1-p.area, 1.96, effect)
	}},
	// From here on they are slow.
	{"people: jackknife, logit, t", func(s sampled) (float64, float64) {
		return logit(s, jackknife(s), min(s.moments.people.real, s.moments.people.fake)-1)
	}},
	{"videos: percentile bootstrap", percentileOfVideos},
	{"people: pigeonhole bootstrap", pigeonhole},
}

// logit is the interval by a standard error on the logit scale, of an area that half an item keeps off 0 and 1.
func logit(s sampled, variance, freedom float64) (low, high float64) {
	n := min(s.n.real, s.n.fake)
	area := (s.ranking.AUROC()*n + 0.5) / (n + 1)
	half := distuv.StudentsT{Sigma: 1, Nu: max(1, freedom)}.Quantile((1+Confidence)/2) * math.Sqrt(max(0, variance)) / (area * (1 - area))
	at := math.Log(area / (1 - area))
	return 1 / (1 + math.Exp(half-at)), 1 / (1 + math.Exp(-half-at))
}

// resamples are those of the bootstraps; few, as their intervals are averaged over draws.
const resamples = 200

// percentileOfVideos draws videos of a class with replacement.
func percentileOfVideos(s sampled) (low, high float64) {
	i, err := Bootstrap(s.scores, s.fake, (*Ranking).AUROC, Resampling{Samples: resamples, Seed: s.rng.Uint64()})
	if err != nil {
		panic(err)
	}
	return i.Low, i.High
}

// weighted is the AUC of items with weights, NaN where a class has none.
func weighted(s sampled, order []int, weight []float64) float64 {
	wins, below, reals, fakes := 0., 0., 0., 0.
	for i := 0; i < len(order); {
		tied := 0.
		var w float64
		j := i
		for ; j < len(order) && s.scores[order[j]] == s.scores[order[i]]; j++ {
			if k := order[j]; s.fake[k] {
				w += weight[k]
			} else {
				tied += weight[k]
			}
		}
		wins += w * (below + tied/2)
		below, reals, fakes = below+tied, reals+tied, fakes+w
		i = j
	}
	return wins / (reals * fakes)
}

func (s sampled) order() []int {
	order := make([]int, len(s.scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if s.scores[a] < s.scores[b] {
			return -1
		}
		if s.scores[a] > s.scores[b] {
			return 1
		}
		return 0
	})
	return order
}

func (s sampled) everybody() int {
	last := int32(-1)
	for _, p := range s.shown.People {
		last = max(last, p[0], p[1])
	}
	return int(last) + 1
}

// pigeonhole draws people with replacement; an item counts as often as its people together (Owen 2007).
func pigeonhole(s sampled) (low, high float64) {
	order, people := s.order(), s.everybody()
	weight := make([]float64, len(s.scores))
	var values []float64
	for tries := 0; len(values) < resamples && tries < 20*resamples; tries++ {
		times := make([]float64, people)
		for range people {
			times[s.rng.IntN(people)]++
		}
		for i, p := range s.shown.People {
			weight[i] = times[p[0]]
			if p[1] >= 0 {
				weight[i] *= times[p[1]]
			}
		}
		if a := weighted(s, order, weight); !math.IsNaN(a) {
			values = append(values, a)
		}
	}
	if len(values) == 0 {
		return 0, 1
	}
	slices.Sort(values)
	return quantile(values, 0.025), quantile(values, 0.975)
}

// jackknife is the variance of leaving out all items of a person.
func jackknife(s sampled) float64 {
	order, people := s.order(), s.everybody()
	weight := make([]float64, len(s.scores))
	sum, sum2, n := 0., 0., 0.
	for p := range int32(people) {
		for i, q := range s.shown.People {
			weight[i] = 1
			if q[0] == p || q[1] == p {
				weight[i] = 0
			}
		}
		if a := weighted(s, order, weight); !math.IsNaN(a) {
			sum, sum2, n = sum+a, sum2+a*a, n+1
		}
	}
	return (n - 1) / n * (sum2 - sum*sum/n)
}

// row is a line of the simulation.
type row struct {
	Design  string  `json:"design"`
	Persons float64 `json:"persons"` // share of the variance that people have
	Shape   string  `json:"shape"`
	People  int     `json:"people"` // of each class
	AUC     float64 `json:"auc"`
	// Of each method, without the slow ones where there are many people: how often the interval held the AUC, and its mean width.
	Coverage []float64 `json:"coverage"`
	Width    []float64 `json:"width"`
}

// paired is a line of the simulation of differences.
type paired struct {
	Design   string  `json:"design"`
	Persons  float64 `json:"persons"`
	People   int     `json:"people"`
	A        float64 `json:"a"` // AUC of each detector
	B        float64 `json:"b"`
	Coverage float64 `json:"coverage"`
	Width    float64 `json:"width"`
	Rejected float64 `json:"rejected"` // how often p < 0.05
}

// simulation is what results/intervals.json holds.
type simulation struct {
	Metric  string   `json:"metric"` // version
	Draws   int      `json:"draws"`  // of the first method and of differences
	Others  int      `json:"others"` // draws of the others, the first of these
	Methods []string `json:"methods"`
	Rows    []row    `json:"rows"`
	Paired  []paired `json:"paired"`
}

func (r row) design() design {
	return designs[slices.IndexFunc(designs, func(d design) bool { return d.name == r.Design })]
}
func (r row) shape() shape {
	return shapes[slices.IndexFunc(shapes, func(s shape) bool { return s.name == r.Shape })]
}

// simulate fills in coverage and width from so many draws of the first method and of the others.
func (r *row) simulate(draws, others int, methods []method) {
	if r.People > slowUpTo && len(methods) > quick {
		methods = methods[:quick]
	}
	r.Coverage, r.Width = make([]float64, len(methods)), make([]float64, len(methods))
	d, shape := r.design(), r.shape()
	shift := shape.shift(r.AUC)
	for k := range draws {
		rng := stream.New(1, "coverage", r.Design, r.Shape, int(math.Round(100*r.Persons)), r.People, int(math.Round(1000*r.AUC)), k)
		set := d.draw(rng, r.People, r.Persons)
		shape.apply(set, shift)
		s := newSampled(set, rng)
		for i, m := range methods {
			of := draws
			if i > 0 {
				if of = others; k >= others {
					break
				}
			}
			low, high := m.of(s)
			if low <= r.AUC && r.AUC <= high {
				r.Coverage[i] += 1 / float64(of)
			}
			r.Width[i] += (high - low) / float64(of)
		}
	}
	for i := range methods {
		r.Coverage[i], r.Width[i] = math.Round(1e4*r.Coverage[i])/1e4, math.Round(1e4*r.Width[i])/1e4
	}
}

// simulate draws two detectors whose scores share half of their variance.
func (p *paired) simulate(draws int) {
	d := row{Design: p.Design}.design()
	normal := shapes[0]
	shiftA, shiftB := normal.shift(p.A), normal.shift(p.B)
	for k := range draws {
		rng := stream.New(1, "paired", p.Design, int(math.Round(100*p.Persons)), p.People, int(math.Round(1000*p.A)), int(math.Round(1000*p.B)), k)
		// Who is shown may be drawn too: the parts of a detector's own have the same people in the same places.
		seed := rng.Uint64()
		common := d.draw(stream.New(seed, "common"), p.People, p.Persons)
		var scores [2][]float64
		for i, shift := range []float64{shiftA, shiftB} {
			scores[i] = slices.Clone(common.scores)
			for j := range scores[i] {
				scores[i][j] = math.Sqrt(0.5)*scores[i][j] + math.Sqrt(0.5)*rng.NormFloat64()
				if common.fake[j] {
					scores[i][j] += shift
				}
			}
		}
		got, err := Compare(scores[0], scores[1], common.fake, common.shown)
		if err != nil || got.TooFew != "" {
			panic(fmt.Sprint(err, got.TooFew))
		}
		if got.Low <= p.A-p.B && p.A-p.B <= got.High {
			p.Coverage += 1 / float64(draws)
		}
		if got.P < 0.05 {
			p.Rejected += 1 / float64(draws)
		}
		p.Width += (got.High - got.Low) / float64(draws)
	}
	p.Coverage, p.Rejected, p.Width = math.Round(1e4*p.Coverage)/1e4, math.Round(1e4*p.Rejected)/1e4, math.Round(1e4*p.Width)/1e4
}

// allRows are the lines of the simulation.
func allRows() (rows []row, pairs []paired) {
	for _, d := range designs {
		effects := []float64{0.3}
		switch {
		case strings.HasPrefix(d.name, "independent"):
			effects = []float64{0}
		case d.name == "Celeb-DF" || d.name == "FF++, four manipulations" || d.name == "DFDC, hidden sources":
			effects = []float64{0.3, 0.6}
		}
		for _, persons := range effects {
			for _, s := range shapes {
				areas, sizes := []float64{0.9, 0.97}, []int{5, 10, 20, 50, 100}
				if s.name == shapes[0].name {
					areas, sizes = []float64{0.55, 0.75, 0.9, 0.97, 0.99}, []int{3, 5, 10, 20, 50, 100, 300}
				}
				for _, n := range sizes {
					for _, area := range areas {
						if n == 300 && area != 0.75 && area != 0.97 {
							continue
						}
						rows = append(rows, row{Design: d.name, Persons: persons, Shape: s.name, People: n, AUC: area})
					}
				}
			}
			if strings.HasPrefix(d.name, "independent, ") || strings.HasSuffix(d.name, "one manipulation") || strings.HasSuffix(d.name, "hidden sources") {
				continue
			}
			for _, n := range []int{10, 20, 50} {
				for _, areas := range [][2]float64{{0.75, 0.75}, {0.9, 0.8}, {0.97, 0.97}} {
					pairs = append(pairs, paired{Design: d.name, Persons: persons, People: n, A: areas[0], B: areas[1]})
				}
			}
		}
	}
	return rows, pairs
}

// TestCoverageRecord simulates all rows if asked to; else it compares the page with the record.
func TestCoverageRecord(t *testing.T) {
	switch *record {
	case "":
	case "page":
		if err := os.WriteFile(pageFile, []byte(readSimulation(t).page()), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		s := simulation{Metric: Version, Draws: 10_000, Others: 400}
		for _, m := range methods {
			s.Methods = append(s.Methods, m.name)
		}
		s.Rows, s.Paired = allRows()
		var workers sync.WaitGroup
		work := make(chan func())
		for range 2 {
			workers.Go(func() {
				for do := range work {
					do()
				}
			})
		}
		var there simulation
		if *record == "missing" {
			there = parseSimulation(t)
		}
		for i := range s.Rows {
			if same := slices.IndexFunc(there.Rows, func(r row) bool { return r.key() == s.Rows[i].key() }); same >= 0 {
				s.Rows[i] = there.Rows[same]
				continue
			}
			work <- func() { s.Rows[i].simulate(s.Draws, s.Others, methods) }
		}
		for i := range s.Paired {
			if same := slices.IndexFunc(there.Paired, func(p paired) bool { return p.key() == s.Paired[i].key() }); same >= 0 {
				s.Paired[i] = there.Paired[same]
				continue
			}
			work <- func() { s.Paired[i].simulate(s.Draws) }
		}
		close(work)
		workers.Wait()
		if err := os.WriteFile(recordFile, s.json(t), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pageFile, []byte(s.page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := readSimulation(t)
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != s.page() {
		t.Errorf("%s is not what %s says: render it anew (-record page)", pageFile, recordFile)
	}
	if s.Metric != Version {
		t.Errorf("%s is of version %s of the metrics, want %s: simulate anew (-record simulate)", recordFile, s.Metric, Version)
	}
}

// json is the record, a row a line.
func (s simulation) json(t *testing.T) []byte {
	t.Helper()
	line := func(x any) string {
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	list := func(n int, of func(int) any) string {
		lines := make([]string, n)
		for i := range lines {
			lines[i] = "  " + line(of(i))
		}
		return "[\n" + strings.Join(lines, ",\n") + "\n ]"
	}
	return fmt.Appendf(nil, "{\n \"metric\": %s, \"draws\": %d, \"others\": %d,\n \"methods\": %s,\n \"rows\": %s,\n \"paired\": %s\n}\n",
		line(s.Metric), s.Draws, s.Others, line(s.Methods),
		list(len(s.Rows), func(i int) any { return s.Rows[i] }), list(len(s.Paired), func(i int) any { return s.Paired[i] }))
}

func (r row) key() string { return fmt.Sprint(r.Design, r.Persons, r.Shape, r.People, r.AUC) }

func (p paired) key() string { return fmt.Sprint(p.Design, p.Persons, p.People, p.A, p.B) }

func parseSimulation(t *testing.T) (s simulation) {
	t.Helper()
	text, err := os.ReadFile(recordFile)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readSimulation is parseSimulation of a record that is complete.
func readSimulation(t *testing.T) simulation {
	t.Helper()
	s := parseSimulation(t)
	if rows, pairs := allRows(); len(s.Rows) != len(rows) || len(s.Paired) != len(pairs) || len(s.Methods) != len(methods) {
		t.Fatalf("%d rows and %d pairs of %d methods, want %d, %d and %d: simulate anew (-record simulate)",
			len(s.Rows), len(s.Paired), len(s.Methods), len(rows), len(pairs), len(methods))
	}
	return s
}
