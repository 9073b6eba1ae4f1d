package look_test

import (
	"encoding/json"
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/figure/look"
)

// losses is a figure of one's own.
type losses []float64

func (losses) Size() (width, height vg.Length) { return 4 * vg.Inch, 3 * vg.Inch }

func (losses) Draw(c draw.Canvas) error {
	look.DrawPlot(c, look.NewPlot("Loss", "step", "loss (nats)"))
	return nil
}

func (l losses) Chart() (*look.Chart, error) {
	width, _ := l.Size()
	c := look.NewChart("Loss", width)
	c.Axes("step", "loss (nats)", 1, float64(len(l)), 0, 4)
	var data []look.Item
	for i, loss := range l {
		data = append(data, look.Item{Name: fmt.Sprintf("step %d: %.2f", i+1, loss), Value: look.Numbers(float64(i+1), loss)})
	}
	c.Curve("loss", look.ClassColour(0), look.DashType(0), data)
	c.Place(64, 24, 52)
	return c, nil
}

func Example() {
	option, err := figure.Option(losses{3.5, 2.25})
	if err != nil {
		fmt.Println(err)
		return
	}
	var drawn struct {
		Series []struct {
			Name string
			Data []struct{ Name string }
		}
	}
	if err := json.Unmarshal(option, &drawn); err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range drawn.Series {
		fmt.Println(s.Name, s.Data)
	}
	// Output: loss [{step 1: 3.50} {step 2: 2.25}]
}
