package assess

import (
	"bytes"
	"fmt"
	"math"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/robust"
)

// figures draws for each set the AUC against the level, kind by kind and as the mean of the seven, and the means of kinds beside
// those that papers print: PNG pictures, and one page with all.
func (r *Robustness) figures(name string) (files named, err error) {
	var all []figure.Figure
	var b bytes.Buffer
	picture := func(file string, f figure.Figure) error {
		all = append(all, f)
		b.Reset()
		if err := figure.PNG(&b, f); err != nil {
			return err
		}
		files.add(file, b.Bytes())
		return nil
	}
	for _, set := range r.Sets {
		if set.Clean.AUC == nil || len(set.Cells) == 0 {
			continue
		}
		if err := picture(plainName(set.Data)+"-levels.png", set.curves(name)); err != nil {
			return named{}, err
		}
		if len(set.Kinds) == 0 {
			continue
		}
		if err := picture(plainName(set.Data)+"-kinds.png", set.bars(name)); err != nil {
			return named{}, err
		}
	}
	if len(all) == 0 {
		return files, nil
	}
	b.Reset()
	if err := figure.HTML(&b, "Robustness of "+name, all...); err != nil {
		return named{}, err
	}
	files.add("robust.html", b.Bytes())
	return files, nil
}

// curves are those over levels; the clean faces are level 0.
func (s DamageSet) curves(name string) figure.Robustness {
	f := figure.Robustness{
		Title: fmt.Sprintf("%s on damaged faces of %s", name, s.Data), Damage: "level of damage (0: clean)", Quantity: "AUC over videos (share)",
		Chance: 0.5, Synthetic: s.Synthetic,
	}
	clean := figure.Level{Estimate: s.Clean.estimate()}
	for _, k := range robust.Kinds() {
		curve := figure.Response{Name: k.Name, Points: []figure.Level{clean}}
		for _, c := range s.Cells {
			if c.Kind == k.Name {
				if k.Name == robust.Resize {
					curve.Name = k.Name + " of crops"
				}
				curve.Points = append(curve.Points, figure.Level{At: float64(c.Level), Estimate: c.estimate()})
			}
		}
		if len(curve.Points) > 1 {
			f.Curves = append(f.Curves, curve)
		}
	}
	if len(s.Levels) > 0 {
		// With so many curves only the intervals of the mean can be seen; the table has all.
		for _, curve := range f.Curves {
			for i := range curve.Points {
				curve.Points[i].Low, curve.Points[i].High = math.NaN(), math.NaN()
			}
		}
		f.Title += "; intervals of the mean alone"
		mean := figure.Response{Name: "mean of seven", Points: []figure.Level{clean}}
		for _, l := range s.Levels {
			mean.Points = append(mean.Points, figure.Level{At: float64(l.Level), Estimate: l.estimate()})
		}
		f.Curves = append(f.Curves, mean)
	}
	return f
}

// bars are means over the levels of a kind. What papers print is of FaceForensics++, and stands beside for its shape alone.
func (s DamageSet) bars(name string) figure.Bars {
	own := fmt.Sprintf("%s, %s", name, s.Data)
	f := figure.Bars{
		Title: fmt.Sprintf("%s: mean over the levels of a kind; papers: on FF++", own), Quantity: "AUC over videos (share)",
		Chance: 0.5, Synthetic: s.Synthetic,
	}
	add := func(group string, value figure.Estimate, printed func(robust.Published) float64) {
		g := figure.Group{Name: group, Bars: []figure.Bar{{Name: own, Estimate: value}}}
		for _, p := range robust.PublishedFigures() {
			if printed != nil {
				g.Bars = append(g.Bars, figure.Bar{Name: p.Detector + ", FF++ (" + p.Source + ")", Estimate: figure.Estimate{Value: printed(p)}})
			}
		}
		f.Groups = append(f.Groups, g)
	}
	add("clean", s.Clean.estimate(), func(p robust.Published) float64 { return p.Clean })
	for _, m := range s.Kinds {
		var printed func(robust.Published) float64
		for i, k := range robust.Kinds() {
			if k.Name == m.Kind && k.Seven {
				printed = func(p robust.Published) float64 { return p.Kinds[i] }
			}
		}
		add(m.Kind, m.estimate(), printed)
	}
	if s.Mean7 != nil {
		add("mean of seven", s.Mean7.estimate(), func(p robust.Published) float64 { return p.Mean })
	}
	return f
}

func (f DamageFigure) estimate() figure.Estimate {
	return estimateOf(f.AUC, f.Low, f.High, fmt.Sprintf("%d real, %d fake videos", f.Real, f.Fake))
}

func (m DamageMean) estimate() figure.Estimate { return estimateOf(&m.AUC, m.Low, m.High, "") }

func estimateOf(value, low, high *float64, n string) figure.Estimate {
	or := func(x *float64) float64 {
		if x == nil {
			return math.NaN()
		}
		return *x
	}
	return figure.Estimate{Value: or(value), Low: or(low), High: or(high), N: n}
}
