package evaluation

import (
	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/metric"
)

// crowd numbers the people of videos for package metric, those of one test set or of several: a person has one number.
// A video of which nobody is known has a person of its own.
type crowd struct {
	numbers map[string]int32
	shown   [][2]int32 // of each video
}

// add takes the next video.
func (c *crowd) add(dataset string, v metric.Video) {
	if c.numbers == nil {
		c.numbers = map[string]int32{}
	}
	// Names of people and of videos must not meet.
	target, source := "video "+v.Name, int32(-1)
	if v.Identity != "" {
		target = "person " + datasets.Person(dataset, v.Identity)
	}
	if v.Source != "" {
		source = c.number("person " + datasets.Person(dataset, v.Source))
	}
	c.shown = append(c.shown, [2]int32{c.number(target), source})
}

func (c *crowd) number(name string) int32 {
	n, known := c.numbers[name]
	if !known {
		n = int32(len(c.numbers))
		c.numbers[name] = n
	}
	return n
}
