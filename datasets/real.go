package datasets

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
)

// OpenReal reads a folder of real faces to train on. It holds one of
//
//   - landmarks.csv with the columns file, person, width, height and x0,y0 … x67,y67: 68 landmarks in the pixels of
//     the image, whose size is width × height (shared/data/real/ytfaces);
//   - manifest.csv with the column file: faces without landmarks, each a person of its own
//     (shared/data/real/utkface).
//
// Other columns are ignored, but one called label is refused: a test manifest is not a training set.
//
// A row is bad if its file is absent, repeated or outside dir, or if its landmarks do not pass [face.Check]: not finite,
// outside the image, or all on one line.
func OpenReal(dir string, mode Mode) (Set, []Problem, error) {
	name, err := FolderName(dir)
	if err != nil {
		return Set{}, nil, err
	}
	path := filepath.Join(dir, "landmarks.csv")
	f, err := os.Open(path)
	read := readLandmarks
	if errors.Is(err, os.ErrNotExist) {
		path = filepath.Join(dir, "manifest.csv")
		f, err = os.Open(path)
		read = readFaces
	}
	if err != nil {
		return Set{}, nil, fmt.Errorf("datasets: real faces: %w; want a folder with the faces and a list of them: landmarks.csv with the header file,person,width,height,x0,y0 … x67,y67, or manifest.csv with the header file", err)
	}
	defer f.Close()
	m := manifest{dir: dir, path: path, mode: mode}
	items, err := read(&m, f, name)
	if err != nil {
		return Set{}, m.problems, err
	}
	set, err := m.finish(name, items)
	return set, m.problems, err
}

// columns returns the indices of the named columns in a header of real faces.
func columns(header []string, names ...string) ([]int, error) {
	if slices.Contains(header, "label") {
		return nil, errors.New("there is a column label: this is a set to test on; want real faces only, or data.fakes = true if the method trains on fakes")
	}
	index := make([]int, len(names))
	for i, name := range names {
		index[i] = slices.Index(header, name)
		if index[i] < 0 {
			return nil, fmt.Errorf("column %s is missing in the header %.200q", name, strings.Join(header, ","))
		}
	}
	return index, nil
}

func readFaces(m *manifest, r io.Reader, dataset string) (items []Item, err error) {
	var column []int
	err = m.read(r, func(header []string) (err error) {
		column, err = columns(header, "file")
		return err
	}, func(line int, fields []string) error {
		file := fields[column[0]]
		file, path, err := m.file(file, line)
		if err != nil {
			return err
		}
		person := dataset + "/" + file
		items = append(items, Item{Dataset: dataset, Method: "real", Video: file, Identity: person, Frame: -1, File: file, Path: path, inner: innerTight})
		return nil
	})
	return items, err
}

func readLandmarks(m *manifest, r io.Reader, dataset string) (items []Item, err error) {
	names := append([]string{"file", "person", "width", "height"}, landmarkColumns...)
	places, points := make([]string, len(landmarkColumns)), make([]face.Point, face.Landmarks)
	var column []int
	err = m.read(r, func(header []string) (err error) {
		column, err = columns(header, names...)
		return err
	}, func(line int, fields []string) error {
		file, person := fields[column[0]], fields[column[1]]
		file, path, err := m.file(file, line)
		if err != nil {
			return err
		}
		if person == "" {
			return errors.New("person is empty; a set is split by person")
		}
		w, errW := strconv.Atoi(fields[column[2]])
		h, errH := strconv.Atoi(fields[column[3]])
		if errW != nil || errH != nil || w < 1 || h < 1 {
			return fmt.Errorf("width and height are %q and %q; want the size of the image in pixels", fields[column[2]], fields[column[3]])
		}
		for i := range places {
			places[i] = fields[column[4+i]]
		}
		if err := parseLandmarks(points, places); err != nil {
			return err
		}
		if err := checkLandmarks(points, w, h); err != nil {
			return err
		}
		person = m.name(person)
		items = append(items, Item{Dataset: dataset, Method: "real", Video: person, Identity: person, Frame: -1, File: file, Path: path, marks: m.landmarks(points)})
		return nil
	})
	return items, err
}
