package method

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/lab/stream"
)

// The scores of the figure and of its parts, from h, z and prototypes in float64 (spec section 7.1).
func TestScoresGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/anomaly_score.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]json.RawMessage
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	var prototypes [][]float64
	if err := json.Unmarshal(cases["prototypes"], &prototypes); err != nil {
		t.Fatal(err)
	}
	s := tiny()
	s.Discrepancy.Types = []string{"spatial"}
	m := newTestSeeABLE(t, s)
	for _, name := range []string{"case1", "case2_badly_aligned", "perfect_alignment_norm2"} {
		var c struct {
			H, Z        [][]float64
			Own         []float64 `json:"sim_own"`
			Figure      float64   `json:"anomaly_negated"`
			OnePlusSum  float64   `json:"alt_cos_only_sum"` // Σ (1 + cos)
			OneMinusSum float64   `json:"alt_cos_anomaly_sum_1_minus_sim"`
			NormSum     float64   `json:"alt_norm_only_sum"`
		}
		if err := json.Unmarshal(cases[name], &c); err != nil {
			t.Fatal(err)
		}
		outputs := [][]float32{make([]float32, 5)} // the plain face, which these scores do not read
		for k := range c.H {
			row := []float32{float32(norm(c.H[k]))}
			for _, p := range prototypes {
				row = append(row, float32(dot(c.Z[k], p)/norm(c.Z[k])/norm(p)))
			}
			outputs = append(outputs, row)
		}
		const tolerance = 2e-6 // of float32, on sums up to 16
		near(t, name+" figure", score(m, "figure", outputs, calibration{}), c.Figure, tolerance)
		near(t, name+" cosine", score(m, "cosine", outputs, calibration{}), 4-c.OnePlusSum, tolerance)
		near(t, name+" cosine", score(m, "cosine", outputs, calibration{}), c.OneMinusSum-4, tolerance)
		near(t, name+" norm", score(m, "norm", outputs, calibration{}), -c.NormSum, tolerance)
		near(t, name+" min", score(m, "min", outputs, calibration{}), -slices.Min(c.Own), tolerance)
	}
}

// score makes a score of the outputs of the variants of a face.
func score(m Method, name string, outputs [][]float32, c calibration) float64 {
	return m.Score(name, rowsOf(outputs), Fit{Values: map[string][]float64{calibrationMean: c.mean, calibrationSpread: c.spread}})
}

func norm(v []float64) float64 { return math.Sqrt(dot(v, v)) }

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// randomOutputs are those of the variants of a face: looks × (1 + variants) rows of [|h|, K cosines].
func randomOutputs(rng *rand.Rand, looks, variants, k int) [][]float32 {
	var rows [][]float32
	for range looks * (1 + variants) {
		row := []float32{5 * rng.Float32()}
		for range k {
			row = append(row, 2*rng.Float32()-1)
		}
		rows = append(rows, row)
	}
	return rows
}

// All scores by their formulas, over one look or two, with and without a prototype of pristine faces, which no variant
// has.
func TestScores(t *testing.T) {
	const variants = 8
	rng := stream.New(1, "scores")
	for _, pristine := range []bool{false, true} {
		for looks := 1; looks <= 2; looks++ {
			s := tiny()
			s.Score.Flip, s.Score.Scale = looks == 2, 7
			k := variants
			if pristine {
				s.Discrepancy.Pristine = 0.2
				k++
			}
			m := newTestSeeABLE(t, s)
			outputs := randomOutputs(rng, looks, variants, k)
			c := calibration{make([]float64, variants), make([]float64, variants)}
			for i := range variants {
				c.mean[i], c.spread[i] = rng.Float64(), 0.1+rng.Float64()
			}
			want := map[string]float64{}
			similarities := make([]float64, variants)
			for look := range looks {
				rows := outputs[look*(1+variants):][:1+variants]
				var figure, cosine, norm, least, calibrated = 0.0, 0.0, 0.0, 2.0, 0.0
				for i, row := range rows[1:] {
					h, own := float64(row[0]), float64(row[1+i])
					figure += h * (1 + own)
					cosine += own
					norm += h
					least = min(least, own)
					calibrated += (own - c.mean[i]) / c.spread[i]
					// A 2 × 2 grid of two types: in the mirror image the columns have changed places.
					similarities[i^look] += own / float64(looks)
				}
				odds := 0.0
				for _, cos := range rows[0][1 : 1+variants] {
					odds += math.Exp(7 * float64(cos))
				}
				onepass := math.Log(odds)
				if pristine {
					onepass -= 7 * float64(rows[0][1+variants])
				}
				for name, anomaly := range map[string]float64{
					"figure": -figure, "cosine": -cosine, "norm": -norm, "min": -least, "calibrated": -calibrated, "onepass": onepass,
				} {
					want[name] += anomaly / float64(looks)
				}
			}
			if len(want) != len(m.Scores()) {
				t.Fatalf("the test knows %d scores of %q", len(want), m.Scores())
			}
			for _, name := range m.Scores() {
				near(t, name, score(m, name, outputs, c), want[name], 1e-9)
			}
			for i, got := range m.Similarities(rowsOf(outputs)) {
				near(t, "similarity", got, similarities[i], 1e-12)
			}
			// The score onepass has the plain faces only.
			var plain [][]float32
			for look := range looks {
				plain = append(plain, outputs[look*(1+variants)])
			}
			near(t, "onepass of plain faces", score(m, "onepass", plain, calibration{}), want["onepass"], 1e-9)
		}
	}
}

// However sharp the scale, onepass neither overflows nor loses the largest cosine.
func TestOnepassIsFinite(t *testing.T) {
	s := tiny()
	s.Score.Scale = 1000
	m := newTestSeeABLE(t, s)
	row := []float32{1, -1, -1, 0.75, -1, -1, -1, -1, -1}
	near(t, "onepass", score(m, "onepass", [][]float32{row}, calibration{}), 750, 1e-9)
}

// Means and deviations in two passes; each look counts.
func TestCalibrate(t *testing.T) {
	const variants = 8
	rng := stream.New(2, "calibrate")
	for looks := 1; looks <= 2; looks++ {
		s := tiny()
		s.Score.Flip = looks == 2
		m := newTestSeeABLE(t, s)
		var faces [][][]float32
		own := make([][]float64, variants)
		for range 37 {
			outputs := randomOutputs(rng, looks, variants, variants)
			for look := range looks {
				for k := range variants {
					row := outputs[look*(1+variants)+1+k]
					if k == 3 {
						row[1+k] = 0.25 // one that never varies
					}
					own[k] = append(own[k], float64(row[1+k]))
				}
			}
			faces = append(faces, outputs)
		}
		var rows [][]Row
		for _, outputs := range faces {
			rows = append(rows, rowsOf(outputs))
		}
		c := m.calibrate(rows)
		for k, values := range own {
			var mean, square float64
			for _, v := range values {
				mean += v / float64(len(values))
			}
			for _, v := range values {
				square += (v - mean) * (v - mean) / float64(len(values))
			}
			near(t, "mean", c.mean[k], mean, 1e-12)
			near(t, "spread", c.spread[k], max(math.Sqrt(square), 1e-3), 1e-12)
		}
		// Calibrated faces score 0 on average.
		total := 0.0
		for _, outputs := range faces {
			total += score(m, "calibrated", outputs, c)
		}
		near(t, "sum of calibrated scores", total, 0, 1e-9)
	}
}

func TestSBIScore(t *testing.T) {
	m := newTestSBI(t, tiny())
	near(t, "logit", score(m, "logit", [][]float32{{3}, {-1.5}}, calibration{}), 0.75, 0)
}
