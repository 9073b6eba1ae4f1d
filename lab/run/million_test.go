package run

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/evaluation"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/method"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/stream"
)

// millionEnv has [TestMillionScores] score as many faces as it says.
const millionEnv = "SEEABLE_SCORES"

// brightness is a method whose scores are those of the colours of a face.
type brightness struct{ method.Method }

func (brightness) Layout() method.Layout { return method.Layout{Side: 4} }
func (brightness) Scores() []string      { return []string{"mean", "first", "second", "third"} }

func (brightness) Probe(_ *method.Worker, dst *method.Samples, _ string, _ method.Fit, c face.Clip, _ string) error {
	img := c.Frames[0].Image
	for y := range 4 {
		for x := range 4 {
			p := img.RGBAAt(img.Rect.Min.X+x, img.Rect.Min.Y+y)
			dst.Images = append(dst.Images, p.R, p.G, p.B)
		}
	}
	return nil
}

func (brightness) Outputs(_ *model.Scope, in method.Inputs) []*Node {
	return []*Node{ReduceMean(ConvertDType(in.Images, dtypes.Float32), 1, 2)}
}

func (brightness) Score(name string, rows []method.Row, _ method.Fit) float64 {
	c := rows[0][0]
	switch name {
	case "first":
		return float64(c[0])
	case "second":
		return float64(c[1])
	case "third":
		return float64(c[2])
	}
	return float64(c[0]+c[1]+c[2]) / 3
}

// manyFaces is a set of n drawn faces without landmarks in videos of 32 frames, a fifth of them real, brighter where fake.
func manyFaces(n int) datasets.Set {
	set := datasets.Set{Name: "many", Items: make([]datasets.Item, 0, n)}
	kinds := []string{"a", "b", "c", "d", "real"}
	for i := range n {
		kind := kinds[i*len(kinds)/n]
		at := i / 32
		path := fmt.Sprintf("/a/folder/of/data/%s/%06d/%02d.png", kind, at, i%32)
		set.Items = append(set.Items, datasets.Item{
			Dataset: set.Name, Method: kind, Video: path[19+len(kind) : 25+len(kind)], Identity: strconv.Itoa(at % 500),
			Frame: i % 32, Fake: kind != "real", Path: path, File: path[18:],
			Draw: func() face.Face {
				img := image.NewRGBA(image.Rect(0, 0, 4, 4))
				rng := stream.New(1, "many", i)
				for j := range img.Pix {
					img.Pix[j] = uint8(rng.IntN(230))
					if kind != "real" {
						img.Pix[j] += 4
					}
				}
				return face.Face{Image: img, Landmarks: face.Template(img.Rect)}
			},
		})
	}
	return set
}

// A million faces are scored, with the rivals, measured, kept, read back, written and reported within 1 GB. It takes minutes:
//
//	SEEABLE_SCORES=1000000 go test -run MillionScores -v -timeout 30m ./lab/run
func TestMillionScores(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(millionEnv))
	if err != nil {
		t.Skipf("$%s is not set to a number of faces", millionEnv)
	}
	backend := acceltest.ForTest(t)
	ctx := context.Background()
	e := env.New(t.TempDir())
	defer e.Close()
	s := spec.Default()
	m := brightness{}
	weights := model.NewStore()
	network, err := method.NewNetwork(backend, weights, m)
	if err != nil {
		t.Fatal(err)
	}
	d := detector.New(e, s, m, weights, network)
	defer d.Close()
	cell, err := store.Claim(ctx, e.Results, "many", store.Lease)
	if err != nil {
		t.Fatal(err)
	}
	defer cell.Close()
	w := &work{Env: e, cell: cell, run: &Run{Dir: cell.Dir(), Spec: s}}
	w.run.Record = store.Record{Run: "many", Name: "many", Score: "mean"}
	sets := []datasets.Set{manyFaces(n)}
	peak := func(what string) { t.Logf("%s: peak %d MB", what, peakMB(t)) }
	peak("set")
	for _, what := range []string{"scored", "read back"} {
		items, groups, err := test(ctx, e, w.run, d, inputs{tests: sets}, w)
		if err != nil {
			t.Fatal(err)
		}
		peak(what)
		path := filepath.Join(w.run.Dir, store.ScoresFile)
		if err := store.WriteItems(path, columns(m), items); err != nil {
			t.Fatal(err)
		}
		peak("written")
		if err := writeReport(ctx, e, w.run, d, nil, items, groups, nil, nil); err != nil {
			t.Fatal(err)
		}
		peak("reported")
		if found, err := evaluation.Read(path, "mean"); err != nil || len(found) != 1 {
			t.Fatal(len(found), err)
		}
		peak("evaluated")
		t.Logf("%d tests, the first %+v", len(w.run.Record.Tests), w.run.Record.Tests[0])
		for _, name := range []string{store.ScoresFile, store.ReportFile} {
			text, err := os.ReadFile(filepath.Join(w.run.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %x", name, sha256.Sum256(text))
		}
		// What reads back in use is another process, which has none of this memory.
		items, groups = nil, nil
		debug.FreeOSMemory()
	}
	if mb := peakMB(t); mb > 1000 {
		t.Errorf("%d faces took %d MB, want at most 1000", n, mb)
	}
}

// peakMB is the most memory that the process has had.
func peakMB(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB * 1024 / 1e6
}
