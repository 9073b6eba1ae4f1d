//go:build ignore

// Make writes what package lab's tests open as the work of release 0.5.0: drawn faces, a finished run, a run that was killed
// half done, and the faces that were cut from clips. It was run in this folder at commit fc01a77, whose packages it uses:
//
//	go build -o make make.go && SEEABLE_CACHE=DIR ./make
//
// with a cache without ECharts, for a small report. The large files are compressed; after training, the kernels are
// overwritten with a pattern, so that they are small then: only the names and shapes of what was trained matter here. By hand,
// faces/digests.csv and the files of locks were removed, and host and boot of the lease are those of no machine.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/experiments"
	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/safetensors"
)

func main() {
	if err := do(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func do(ctx context.Context) error {
	if len(os.Args) == 3 { // in a process of its own
		step, _ := strconv.Atoi(os.Args[2])
		return die(ctx, os.Args[1], step)
	}
	if err := errors.Join(faces(), clips()); err != nil {
		return err
	}
	l, err := open()
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := l.Faces(ctx, false); err != nil {
		return err
	}
	// The first run is killed when all is trained and goes on with plain weights.
	for name, step := range map[string]string{"finished": "6", "half": "3"} {
		if err := exec.Command(os.Args[0], name, step).Run(); err != nil {
			return err
		}
	}
	cells, err := filepath.Glob("runs/unfinished/*/attempt-*")
	if err != nil || len(cells) != 2 {
		return fmt.Errorf("%q: %w", cells, err)
	}
	for _, cell := range cells {
		if err := plain(cell); err != nil {
			return err
		}
	}
	s, err := experiments.Load("finished.toml")
	if err != nil {
		return err
	}
	if _, err := l.Run(ctx, s); err != nil {
		return err
	}
	return pack()
}

func open(more ...lab.Option) (*lab.Lab, error) {
	options := append([]lab.Option{
		lab.WithData("data"), lab.WithFaces("faces", extract.Params{Frames: 2, Margin: 0.5, Side: 128}), lab.WithBackend("xla:cpu"),
	}, more...)
	return lab.Open("runs", options...)
}

// die begins a run, saves it after each step, and ends like a killed process when a step is saved.
func die(ctx context.Context, name string, step int) error {
	saved := false
	l, err := open(lab.WithCheckpoints(time.Nanosecond), lab.WithLease(time.Second), lab.WithReport(func(e lab.Event) {
		if saved {
			os.Exit(0)
		}
		// The event after this one comes when the step is saved.
		saved = e.Training != nil && e.Training.Step == step
	}))
	if err != nil {
		return err
	}
	s, err := experiments.Load(name + ".toml")
	if err != nil {
		return err
	}
	_, err = l.Run(ctx, s)
	return fmt.Errorf("still alive: %w", err)
}

// plain makes the newest checkpoint of a cell small when compressed, and removes the one before: same tensors, other numbers.
func plain(cell string) error {
	last, err := os.ReadFile(filepath.Join(cell, "checkpoints/LAST"))
	if err != nil {
		return err
	}
	all, _ := filepath.Glob(filepath.Join(cell, "checkpoints/step-*"))
	for _, dir := range all {
		if filepath.Base(dir) != strings.TrimSpace(string(last)) {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			continue
		}
		path := filepath.Join(dir, "state.safetensors")
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := safetensors.Decode(bytes.NewReader(old), int64(len(old)))
		if err != nil {
			return err
		}
		for name, t := range file.Tensors {
			kind := name[strings.LastIndex(name, "/")+1:]
			if !slices.Contains([]string{"kernel", "weight", "first", "second"}, kind) {
				continue
			}
			for i := range t.Data {
				v := float32(i*37%61-30) / 256
				if kind == "second" {
					v *= v
				}
				t.Data[i] = v
			}
		}
		var b bytes.Buffer
		if err := safetensors.Encode(&b, file); err != nil {
			return err
		}
		sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
		if err != nil {
			return err
		}
		sum := func(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }
		changed := strings.Replace(string(sums), sum(old), sum(b.Bytes()), 1)
		if err := errors.Join(os.WriteFile(path, b.Bytes(), 0o644), os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(changed), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// pack compresses the large files.
func pack() error {
	return filepath.WalkDir("runs", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".safetensors") && !strings.HasSuffix(path, ".html") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, err = z.Write(text)
		return errors.Join(err, z.Close(), os.WriteFile(path+".gz", b.Bytes(), 0o644), os.Remove(path))
	})
}

// faces draws real/drawn to train on, two faces each of six people, and crops/drawn to test on.
func faces() error {
	train, test := datasets.Synthetic(5)
	header := []string{"file", "person", "width", "height"}
	for i := range face.Landmarks {
		header = append(header, fmt.Sprint("x", i), fmt.Sprint("y", i))
	}
	rows := [][]string{header}
	for _, it := range train.Items[:24] {
		if it.Frame > 1 {
			continue
		}
		f, err := drawn(filepath.Join("data/real/drawn", it.File+".jpg"), it)
		if err != nil {
			return err
		}
		row := []string{it.File + ".jpg", it.Identity, fmt.Sprint(f.Image.Rect.Dx()), fmt.Sprint(f.Image.Rect.Dy())}
		for _, p := range f.Landmarks {
			row = append(row, fmt.Sprintf("%.2f", p.X), fmt.Sprintf("%.2f", p.Y))
		}
		rows = append(rows, row)
	}
	if err := table("data/real/drawn/landmarks.csv", rows); err != nil {
		return err
	}
	rows = [][]string{{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}}
	count := map[string]int{}
	for _, it := range test.Items {
		if it.Method != "original" && it.Method != "swap" || it.Frame > 0 || count[it.Method] == 4 {
			continue
		}
		count[it.Method]++
		if _, err := drawn(filepath.Join("data/crops/drawn", it.File+".jpg"), it); err != nil {
			return err
		}
		label := map[bool]string{false: "0", true: "1"}[it.Fake]
		rows = append(rows, []string{it.File + ".jpg", label, it.Method, it.Video, fmt.Sprint(it.Frame), it.Identity, it.Source, "", "", "", ""})
	}
	return table("data/crops/drawn/manifest.csv", rows)
}

// clips draws videos as folders of frames: two real ones and a fake.
func clips() error {
	_, test := datasets.Synthetic(5)
	rows := [][]string{{"file", "label", "method", "video", "target"}}
	for _, it := range test.Items {
		if it.Frame > 1 || it.Method != "swap" && it.Method != "original" || it.Video != "test_000" && (it.Fake || it.Video != "test_001") {
			continue
		}
		f, err := datasets.Load(it)
		if err != nil {
			return err
		}
		picture := image.NewRGBA(image.Rect(0, 0, 288, 272))
		draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{110, 120, 130, 255}), image.Point{}, draw.Src)
		draw.Draw(picture, f.Image.Rect.Add(image.Pt(12+8*it.Frame, 8)), f.Image, image.Point{}, draw.Src)
		dir := it.Method + "/" + it.Video
		if err := write(filepath.Join("data/clips", dir, fmt.Sprintf("%d.jpg", it.Frame)), picture); err != nil {
			return err
		}
		if it.Frame == 0 {
			label := map[bool]string{false: "0", true: "1"}[it.Fake]
			rows = append(rows, []string{dir, label, it.Method, it.Video, it.Identity})
		}
	}
	return table("data/clips/videos.csv", rows)
}

// drawn writes a drawn face at half its size.
func drawn(path string, it datasets.Item) (face.Face, error) {
	f, err := datasets.Load(it)
	if err != nil {
		return f, err
	}
	small := image.NewRGBA(image.Rect(0, 0, f.Image.Rect.Dx()/2, f.Image.Rect.Dy()/2))
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			for c := range 4 {
				at := f.Image.PixOffset(2*x, 2*y) + c
				sum := int(f.Image.Pix[at]) + int(f.Image.Pix[at+4]) + int(f.Image.Pix[at+f.Image.Stride]) + int(f.Image.Pix[at+f.Image.Stride+4])
				small.Pix[small.PixOffset(x, y)+c] = uint8((sum + 2) / 4)
			}
		}
	}
	points := make([]face.Point, len(f.Landmarks))
	for i, p := range f.Landmarks {
		points[i] = face.Point{X: (p.X+0.5)/2 - 0.5, Y: (p.Y+0.5)/2 - 0.5}
	}
	return face.Face{Image: small, Landmarks: points}, write(path, small)
}

func write(path string, picture image.Image) error {
	var b bytes.Buffer
	old := time.Now().Add(-time.Hour) // the digest of a file that was just written is not kept
	return errors.Join(
		jpeg.Encode(&b, picture, &jpeg.Options{Quality: 85}), os.MkdirAll(filepath.Dir(path), 0o755),
		os.WriteFile(path, b.Bytes(), 0o644), os.Chtimes(path, old, old),
	)
}

func table(path string, rows [][]string) error {
	var b bytes.Buffer
	return errors.Join(csv.NewWriter(&b).WriteAll(rows), os.WriteFile(path, b.Bytes(), 0o644))
}
