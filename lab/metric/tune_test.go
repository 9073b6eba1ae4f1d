package metric

import (
	"fmt"
	"math"
	"os"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func variant(lambda, df, exp float64) func(s sampled) (float64, float64) {
	return func(x sampled) (float64, float64) {
		s := newSpread(x.ranking.AUROC(), x.moments)
		prior := func(a float64) float64 { return math.Pow(1/(min(s.sizes.real, s.sizes.fake)*s.shape(a)), exp) }
		people := min(s.sizes.real, s.sizes.fake)
		area := (s.area*people + 0.5) / (people + 1)
		v, of := s.variance()
		say := 4 * people * area * (1 - area)
		scale := (say*v/s.model(area) + lambda*prior(area)) / (say + lambda)
		ofOne := s.below(1, 1.96, prior(1))
		f := s.freedom(of)
		if df > 0 {
			f = 1 / (1/f + 1/(df*say))
		}
		t := distuv.StudentsT{Sigma: 1, Nu: f}.Quantile(.975)
		if s.area == 1 {
			return ofOne, 1
		}
		return min(ofOne, s.below(s.area, t, scale)), max(1-ofOne, 1-s.below(1-s.area, t, scale))
	}
}

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		t.Skip()
	}
	ms := []method{
		{"1.5", variant(1.5, 0, .5)}, {"1 df2", variant(1, 2, .5)}, {"1 df4", variant(1, 4, .5)}, {"1.5 df4", variant(1.5, 4, .5)},
		{".5 df2", variant(.5, 2, .5)}, {"1 df3 .4", variant(1, 3, .35)}, {"1 df3 .7", variant(1, 3, .7)}, {".5 df1", variant(.5, 1.5, .5)},
	}
	rows, _ := allRows()
	var wg sync.WaitGroup
	ch := make(chan *row)
	for range 2 {
		wg.Go(func() {
			for r := range ch {
				r.simulate(1500, 1500, ms)
			}
		})
	}
	for i := range rows {
		if n := rows[i].People; n == 20 || n == 100 || n == 50 {
			ch <- &rows[i]
		}
	}
	close(ch)
	wg.Wait()
	for _, n := range []int{20, 50, 100} {
		for i, m := range ms {
			l, l2, h, h2, w := 0, 0, 0, 0, 0.
			for _, r := range rows {
				if r.People != n || r.Design == "DFDC, hidden sources" {
					continue
				}
				c := r.Coverage[i]
				if c < .93 {
					l++
				}
				if c < .92 {
					l2++
				}
				if c > .98 {
					h++
				}
				if c > .985 {
					h2++
				}
				w += r.Width[i]
			}
			fmt.Printf("%d %-10s <.92 %d <.93 %d >.98 %d >.985 %d width %.2f\n", n, m.name, l2, l, h, h2, w)
		}
	}
	for _, r := range rows {
		if r.People == 100 && r.Coverage[0] < .93 || r.People == 20 && r.Coverage[0] > .983 {
			fmt.Println(r.Design, r.Persons, r.Shape, r.People, r.AUC, r.Coverage)
		}
	}
}
