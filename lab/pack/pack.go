// Package pack makes detectors that travel: a folder of what scoring needs of a finished run, small enough to be committed and
// to be embedded in a program.
//
//	record.json          what figures need of the run (package record)
//	spec.toml            its spec
//	weights.safetensors  the network and what was fitted after its training; kernels and matrices as float16
//	operating.json       what scores mean (package operating)
//	card.md              for people: what it is, what trained it, how it did, what it misses, what may be done with it
//	SHA256SUMS           digests of the others
//
// It links no network: package detector opens such folders as those of runs.
package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/record"
	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// The files of a packed detector that a run folder does not have; the names of the others are those of packages store and
// operating.
const (
	RecordFile = "record.json"
	CardFile   = "card.md"
)

// OrderFile names the folders of packed detectors beside it, one a line, the best one first. Lines that begin with # are comments.
const OrderFile = "ORDER"

// Limit is the most bytes that the weights of a detector may take that a program carries along (our choice).
const Limit = 8 << 20

// ErrNone tells that a folder holds no detector.
var ErrNone = errors.New("no detector here")

// Detector is a packed detector.
type Detector struct {
	Name   string // of its folder
	Record record.Record
	Spec   spec.Spec
	Points *operating.Points
	Bytes  int64 // of the weights
	Files  fs.FS
}

// Write packs a finished run into the folder dir, which must not be there yet; its name becomes that of the detector. weights are
// the tensors that scoring needs; those of two or more dimensions are rounded to float16, and the others stay, as they are
// small and a BatchNorm's variances may be out of float16's range.
func Write(dir string, r record.Record, s spec.Spec, weights safetensors.File, points *operating.Points) (Detector, error) {
	if _, err := os.Lstat(dir); err == nil {
		return Detector{}, fmt.Errorf("pack: %s is there already; name a new folder, or remove that one", dir)
	}
	recordText, err := r.Marshal()
	if err != nil {
		return Detector{}, err
	}
	pointsText, err := points.Text()
	if err != nil {
		return Detector{}, err
	}
	weights.Tensors = maps.Clone(weights.Tensors)
	for name, t := range weights.Tensors {
		t.Half = len(t.Shape) >= 2
		weights.Tensors[name] = t
	}
	var encoded bytes.Buffer
	if err := safetensors.Encode(&encoded, weights); err != nil {
		return Detector{}, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Detector{}, fmt.Errorf("pack: %w", err)
	}
	write := func(name string, text []byte) {
		if err == nil {
			err = store.WriteFile(filepath.Join(dir, name), text)
		}
	}
	write(RecordFile, recordText)
	write(store.SpecFile, []byte(s.Stored()))
	write(store.WeightsFile, encoded.Bytes())
	write(operating.File, pointsText)
	if err != nil {
		return Detector{}, err
	}
	d, err := read(filepath.Base(dir), os.DirFS(dir))
	if err != nil {
		return Detector{}, err
	}
	write(CardFile, []byte(d.Card()))
	if err != nil {
		return Detector{}, err
	}
	return d, store.WriteSums(dir) // last: a folder without it is not opened
}

// Read reads what the folder of a finished run, or of a packed detector, says of its detector. The files of a packed one must be
// as they were written. A folder that holds none, or lacks one of the files besides, is an error that wraps [ErrNone].
func Read(files fs.FS, besides ...string) (spec.Spec, store.Record, error) {
	if there(files, RecordFile) {
		d, err := Open("", files)
		return d.Spec, d.Record.Record, err
	}
	var lacking []string
	for _, name := range append([]string{store.SpecFile, store.RecordFile}, besides...) {
		if !there(files, name) {
			lacking = append(lacking, name)
		}
	}
	if lacking != nil {
		return spec.Spec{}, store.Record{}, fmt.Errorf("%w: %s is not there; want the folder of a finished run, or what seelab export --detector writes", ErrNone, strings.Join(lacking, ", "))
	}
	s, err := readSpec(files)
	if err != nil {
		return spec.Spec{}, store.Record{}, err
	}
	text, err := fs.ReadFile(files, store.RecordFile)
	if err != nil {
		return spec.Spec{}, store.Record{}, fmt.Errorf("pack: %w", err)
	}
	r, err := store.ParseRecord(store.RecordFile, text)
	return s, r, err
}

// Open reads a packed detector, whose files must be as they were written. name is what it is called.
func Open(name string, files fs.FS) (Detector, error) {
	if !there(files, RecordFile) {
		return Detector{}, fmt.Errorf("pack: %w: %s is not there; want what seelab export --detector writes", ErrNone, RecordFile)
	}
	if err := store.VerifyFS(files); err != nil {
		return Detector{}, fmt.Errorf("%w; get the detector anew", err)
	}
	return read(name, files)
}

// read is Open without a look at the digests.
func read(name string, files fs.FS) (Detector, error) {
	d := Detector{Name: name, Files: files}
	text, err := fs.ReadFile(files, RecordFile)
	if err != nil {
		return Detector{}, fmt.Errorf("pack: %w", err)
	}
	if d.Record, err = record.Parse(RecordFile, text); err != nil {
		return Detector{}, err
	}
	if d.Spec, err = readSpec(files); err != nil {
		return Detector{}, err
	}
	if d.Points, err = operating.Read(files); err != nil {
		return Detector{}, err
	}
	info, err := fs.Stat(files, store.WeightsFile)
	if err != nil {
		return Detector{}, fmt.Errorf("pack: %w", err)
	}
	d.Bytes = info.Size()
	return d, nil
}

// List opens the packed detectors that the [OrderFile] of each folder names, in its order; none where there is no such file.
func List(folders ...fs.FS) ([]Detector, error) {
	var all []Detector
	for _, files := range folders {
		text, err := fs.ReadFile(files, OrderFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("pack: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			name := strings.TrimSpace(line)
			if name == "" || strings.HasPrefix(name, "#") {
				continue
			}
			folder, err := fs.Sub(files, name)
			if err != nil {
				return nil, fmt.Errorf("pack: %s: %w", OrderFile, err)
			}
			d, err := Open(name, folder)
			if err != nil {
				return nil, fmt.Errorf("%s, which %s names: %w", name, OrderFile, err)
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// Named is the one of these detectors that is called so.
func Named(detectors []Detector, name string) (Detector, bool) {
	i := slices.IndexFunc(detectors, func(d Detector) bool { return d.Name == name })
	if i < 0 {
		return Detector{}, false
	}
	return detectors[i], true
}

func there(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return !errors.Is(err, fs.ErrNotExist)
}

func readSpec(files fs.FS) (spec.Spec, error) {
	text, err := fs.ReadFile(files, store.SpecFile)
	if err != nil {
		return spec.Spec{}, fmt.Errorf("pack: %w", err)
	}
	return spec.ParseStored(store.SpecFile, text)
}
