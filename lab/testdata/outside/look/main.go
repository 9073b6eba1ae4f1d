// Command look trains the methods of this module on drawn faces, opens one, scores and explains a face, and sets them beside a
// run of the lab's own method.
package main

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"

	_ "example.org/boundary"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/spec"
)

func main() {
	if err := look(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func look(ctx context.Context, results string) error {
	l, err := lab.Open(results)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := experiments.Load("small.toml")
	if err != nil {
		return err
	}
	run, err := l.Run(ctx, s)
	if err != nil {
		return err
	}
	runs := []*lab.Run{run}
	for _, changes := range [][]string{
		{"method=" + spec.Default().Method, "loss.name=cosface", "encoder.dim=40", "name=own-loss"},
		{"method=rebuild", "name=rebuild-small"},
	} {
		other := s
		for _, change := range changes {
			if err := other.Set(change); err != nil {
				return err
			}
		}
		r, err := l.Run(ctx, other)
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}

	d, err := detector.Open(ctx, run.Dir, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	_, people := synthetic.Sets(1)
	f, err := datasets.Load(people.Items[0])
	if err != nil {
		return err
	}
	found, err := d.Explain(ctx, face.Still(f))
	if err != nil {
		return err
	}
	m := found.Map
	fmt.Printf("score %s %.4f\n", found.Name, found.Score)
	fmt.Printf("map of %d×%d, %d values from %.4f to %.4f in [%g, %g]: %s\n",
		m.Side, m.Side, len(m.Values), slices.Min(m.Values), slices.Max(m.Values), m.Low, m.High, m.Label)
	if err := write(filepath.Join(results, "face.png"), func(w io.Writer) error { return png.Encode(w, f.Image) }); err != nil {
		return err
	}
	heat, err := lab.HeatMap(found, "a drawn face")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(results, "heat.png"), func(w io.Writer) error { return figure.PNG(w, heat) }); err != nil {
		return err
	}
	t, err := l.Table(lab.Runs(runs...))
	if err != nil {
		return err
	}
	fmt.Print(t.Markdown())
	return nil
}

func write(path string, encode func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(encode(file), file.Close())
}
