// Package operating says what a score means: how many real faces would be flagged at it, and from which score on a face is flagged
// for a stated rate of false alarms. It links no network.
//
// [Points] are the scores of held-out people who neither trained a detector nor had a part in the choice of its score: one real face
// a person, and one pseudo-fake a person. One, so that people are independent and one with many faces does not count more than
// others: then the bounds of Clopper and Pearson are exact, and a threshold by split conformal prediction (Papadopoulos et al. 2002)
// keeps its rate for the face of a new person, whatever the distribution of the scores, if that person is drawn as they were. It is
// a promise over calibrations and new people of that kind. Nothing is promised for photographs of another kind, which may be flagged
// far more often; nor for deepfakes, as the rate of misses is one of pseudo-fakes.
package operating

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/seeable-lab/seeable/lab/metric"
)

// File is the file of a run folder that holds [Points].
const File = "operating.json"

// Level is the only level that points are of: a face of a single picture. Means over frames or persons of a video spread less than
// faces do, so thresholds of faces say nothing about them.
const Level = "face"

// Most bounds the people that points rest on.
const Most = 2000

// Points are what the scores of a detector are compared with.
type Points struct {
	None  string    `json:"none,omitempty"` // why there are none
	Score string    `json:"score"`          // which score it is
	Level string    `json:"level"`
	Real  []float64 `json:"real,omitempty"` // rising, of one real face each of people who did not train or choose
	Fake  []float64 `json:"fake,omitempty"` // rising, of one pseudo-fake each of such people, of all kinds and compressions that choose
}

// Scale is what brings scores of different detectors to one: the middle between the means of real faces and of pseudo-fakes, and the
// deviation of scores from there, either kind counting half, which is positive.
func (p *Points) Scale() (middle, deviation float64, err error) {
	if p.None != "" {
		return 0, 0, fmt.Errorf("operating: no scale of the score: %s", p.None)
	}
	if len(p.Real) == 0 || len(p.Fake) == 0 {
		return 0, 0, fmt.Errorf("operating: no scale of the score %q: %d real faces and %d pseudo-fakes that calibrate it, want both", p.Score, len(p.Real), len(p.Fake))
	}
	of, ofReal := stat.PopMeanVariance(p.Real, nil)
	fake, ofFake := stat.PopMeanVariance(p.Fake, nil)
	middle, deviation = (of+fake)/2, math.Sqrt((ofReal+ofFake)/2+(fake-of)*(fake-of)/4)
	if deviation == 0 || math.IsInf(deviation, 0) || math.IsNaN(deviation) {
		return 0, 0, fmt.Errorf("operating: no scale of the score %q, whose deviation is %v", p.Score, deviation)
	}
	return middle, deviation, nil
}

// Missing are the points of a detector that has none.
func Missing() *Points {
	return &Points{None: "the run has no calibration on real faces, as runs made before release 0.6.0 have none: train it anew for one"}
}

// Read reads the points of a run folder, [Missing] if there are none.
func Read(files fs.FS) (*Points, error) {
	text, err := fs.ReadFile(files, File)
	if errors.Is(err, fs.ErrNotExist) {
		return Missing(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("operating: %w", err)
	}
	var p Points
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("operating: %s: %w; it is not as the lab writes it", File, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("operating: %s: %w; it is not as the lab writes it", File, err)
	}
	return &p, nil
}

func (p *Points) check() error {
	switch {
	case p.None != "":
		return nil
	case p.Level != Level:
		return fmt.Errorf("level %q, want %q", p.Level, Level)
	case len(p.Real) == 0:
		return errors.New("no scores of real faces, and no reason why")
	case !slices.IsSorted(p.Real) || !slices.IsSorted(p.Fake):
		return errors.New("scores do not rise")
	}
	return nil
}

// Text is the file that [Read] reads.
func (p *Points) Text() ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("operating: %w", err)
	}
	return append(text, '\n'), nil
}

// Rates are what is asked for.
type Rates struct {
	FalseAlarms float64 `json:"false_alarms"` // share of real faces that may be flagged
	Misses      float64 `json:"misses"`       // share of pseudo-fakes that may be called real-looking
}

// Default are the rates where nobody asks for others (our choice).
var Default = Rates{0.05, 0.05}

// Check refuses rates that are no shares between 0 and 1.
func (r Rates) Check() error {
	for _, of := range []struct {
		name string
		rate float64
	}{{"false alarms", r.FalseAlarms}, {"misses", r.Misses}} {
		if !(of.rate > 0 && of.rate < 1) {
			return fmt.Errorf("operating: a rate of %s of %g; want a share above 0 and below 1, as in 0.05", of.name, of.rate)
		}
	}
	return nil
}

// Limits are the thresholds for some rates.
type Limits struct {
	Rates
	// A face is flagged whose score is above Alarm. Nil if the people are too few for the rate, NoAlarm says so.
	Alarm   *float64 `json:"alarm"`
	NoAlarm string   `json:"no_alarm,omitempty"`
	// A face looks real whose score is below Miss and not above Alarm. Nil likewise.
	Miss   *float64 `json:"miss"`
	NoMiss string   `json:"no_miss,omitempty"`
}

// Limits are the thresholds for some rates, by split conformal prediction: of n real faces the ⌈(n+1)(1−rate)⌉-th from below, of n
// pseudo-fakes the ⌈(n+1)(1−rate)⌉-th from above. Points that are none have none.
func (p *Points) Limits(r Rates) Limits {
	l := Limits{Rates: r}
	if p.None != "" {
		l.NoAlarm, l.NoMiss = p.None, p.None
		return l
	}
	if rank, why := rank(len(p.Real), r.FalseAlarms); why != "" {
		l.NoAlarm = why
	} else {
		l.Alarm = &p.Real[rank-1]
	}
	if rank, why := rank(len(p.Fake), r.Misses); why != "" {
		l.NoMiss = why
	} else {
		l.Miss = &p.Fake[len(p.Fake)-rank]
	}
	return l
}

// rank is which of n has a share of at most rate of all beyond it, or why none has.
func rank(n int, rate float64) (int, string) {
	const rounding = 1e-9 // (n+1)(1−rate) that is whole may come out a little larger
	k := int(math.Ceil(float64(n+1)*(1-rate) - rounding))
	if k > n {
		return 0, fmt.Sprintf("too few people for %.3g %%: %d, want %.0f", 100*rate, n, math.Ceil(1/rate-1-rounding))
	}
	return k, ""
}

// Flags tells whether a face of this score is flagged.
func (l Limits) Flags(score float64) bool { return l.Alarm != nil && score > *l.Alarm }

// LooksReal tells whether a face of this score is called real-looking: it is not flagged either, where a detector is so good that
// its thresholds overlap.
func (l Limits) LooksReal(score float64) bool {
	return l.Miss != nil && score < *l.Miss && (l.Alarm == nil || score <= *l.Alarm)
}

// The words for a face.
const (
	Flagged   = "flagged"
	Real      = "real-looking"
	CannotSay = "can't say"
)

// Meaning is what a score says.
type Meaning struct {
	None string `json:"none,omitempty"` // why it says nothing; the rest is empty then
	Word string `json:"word,omitempty"` // Flagged, Real or CannotSay
	// Share is the share of the real faces that score as high or higher, with its Clopper-Pearson interval.
	Share  *metric.Proportion `json:"share_of_real_faces,omitempty"`
	Level  string             `json:"level,omitempty"`
	Limits *Limits            `json:"limits,omitempty"`
	Pseudo int                `json:"pseudo_fakes,omitempty"` // that Limits.Miss rests on, one a person
}

// Meaning says what a score of a face means. NaN means nothing.
func (p *Points) Meaning(score float64, r Rates) Meaning {
	if p.None != "" {
		return Meaning{None: p.None}
	}
	if math.IsNaN(score) {
		return Meaning{None: "there is no score"}
	}
	below, _ := slices.BinarySearch(p.Real, score) // the first that is as high
	n := len(p.Real)
	share := metric.Proportion{Share: float64(n-below) / float64(n), N: n, People: n}
	share.Low, share.High = metric.ClopperPearson(float64(n-below), float64(n))
	l := p.Limits(r)
	m := Meaning{Word: CannotSay, Share: &share, Level: p.Level, Limits: &l, Pseudo: len(p.Fake)}
	switch {
	case l.Flags(score):
		m.Word = Flagged
	case l.LooksReal(score):
		m.Word = Real
	}
	return m
}

// NotOf is the meaning of a score of another level, such as "video": none.
func NotOf(level string) Meaning {
	return Meaning{None: fmt.Sprintf("scores of a %s have no threshold: the calibration is of single faces", level)}
}
