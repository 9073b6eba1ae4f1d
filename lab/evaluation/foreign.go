package evaluation

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/metric"
	"github.com/seeable-lab/seeable/lab/store"
)

// Foreign is what another tool's scores say, measured as those of a run.
type Foreign struct {
	Sets   []Set        // pooled, by name
	Record store.Record // Run is the name of the file, Name that without its ending; Foreign its digest; Tests all test sets
}

// ReadForeign reads the scores that another tool gave to faces, frames or videos, a row each, and measures them as a run's
// at its end: the same scores give the same figures, in whatever order the rows are. The file is CSV in UTF-8, with or
// without a byte order mark, divided by commas or semicolons, with a header and these columns in any order:
//
//	dataset   the test set as runs call it, "FF++ c40"; several may be in one file
//	method    what made the fake, "Deepfakes"; of a real video its kind, "original"
//	video     name of the video within data set and method
//	fake      1 or true for a fake, 0 or false for a real video
//	score     a finite number, larger for what is rather fake; empty or NaN where the tool gave none
//	frame     optional: number of the frame in the video, from 0; empty or -1 where it is unknown
//	file      optional: name of the face; wanted only where a frame has several of one person
//	identity  optional: the person who is seen; of a video that shows several, each face's own
//	source    optional: the person whose face or expression was put in; one for a video
//
// A frame has the largest score of its rows, a video the mean over its frames with a score, and a video without any counts in
// coverage. A tool that scores whole videos needs one row for each, without a frame. A set has figures at the levels of [Tests].
// To be compared with a run, dataset, method and video must be written as in the run's scores.csv.
//
// An error names the file, and line and column where it is in one: a column that is missing or unknown, text that is no
// number or class, an infinite score, two rows of one face, a video with two classes or two sources, a test set with real
// or fake videos alone among those with a score.
func ReadForeign(path string) (*Foreign, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("evaluation: %w", err)
	}
	defer file.Close()
	digest := sha256.New()
	faces, err := readForeign(io.TeeReader(file, digest))
	if err != nil {
		return nil, fmt.Errorf("evaluation: %s: %w", path, err)
	}
	f := &Foreign{Record: store.Record{
		Run: filepath.Base(path), Score: "score", Versions: map[string]string{"metric": metric.Version},
		Foreign: hex.EncodeToString(digest.Sum(nil)),
	}}
	f.Record.Name = strings.TrimSuffix(f.Record.Run, filepath.Ext(f.Record.Run))
	if f.Sets, err = Pool(withoutErrors(slices.Values(faces)), 0); err != nil {
		return nil, fmt.Errorf("evaluation: %s: %w", path, err)
	}
	for _, s := range f.Sets {
		// The faces of a set come in a row, the sets in the order of Sets.
		end := slices.IndexFunc(faces, func(it store.Item) bool { return it.Dataset != s.Name })
		if end < 0 {
			end = len(faces)
		}
		tests, err := Tests(slices.Values(faces[:end]), 0)
		if err != nil {
			return nil, fmt.Errorf("evaluation: %s: %w", path, err)
		}
		for i := range tests {
			tests[i].Synthetic = datasets.IsDrawn(tests[i].Dataset)
			f.Record.Synthetic = f.Record.Synthetic || tests[i].Synthetic
		}
		f.Record.Tests = append(f.Record.Tests, tests...)
		faces = faces[end:]
	}
	f.Record.AUC = store.Headline(f.Record.Tests)
	return f, nil
}

// foreignRow is a row of a table of foreign scores.
type foreignRow struct {
	store.Item
	id   string // of the face; two rows must differ in it, in the frame or in the identity
	line int
}

// readForeign returns the faces of a table, with one score each, ordered by [datasets.Item.ID] as those of a run.
func readForeign(r io.Reader) ([]store.Item, error) {
	table, err := openForeign(r)
	if err != nil {
		return nil, err
	}
	var rows []foreignRow
	for {
		row, err := table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("line 2: no row follows the header, want one for each face, frame or video")
	}
	slices.SortStableFunc(rows, func(a, b foreignRow) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.Frame, b.Frame), cmp.Compare(a.Identity, b.Identity))
	})
	if err := checkForeign(rows); err != nil {
		return nil, err
	}
	faces := make([]store.Item, len(rows))
	for i, row := range rows {
		faces[i] = row.Item
	}
	return faces, nil
}

// foreignColumns are the columns of a table of foreign scores; the first must be there.
var foreignColumns = []string{"dataset", "method", "video", "fake", "score", "frame", "file", "identity", "source"}

const foreignRequired = 5

// foreignTable reads a table row by row.
type foreignTable struct {
	rows  *csv.Reader
	at    map[string]int    // place of each column that is there
	names map[string]string // a field is a part of the text of its whole row, which would be kept with it
	row   []string
}

func openForeign(r io.Reader) (*foreignTable, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	switch mark, _ := in.Peek(3); {
	case string(mark) == "\ufeff":
		_, _ = in.Discard(3) // it is in the buffer
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return nil, errors.New("line 1: the text is UTF-16, want UTF-8: save it so")
	}
	t := &foreignTable{rows: csv.NewReader(in), at: map[string]int{}, names: map[string]string{}}
	t.rows.ReuseRecord, t.rows.TrimLeadingSpace = true, true
	start, _ := in.Peek(in.Size())
	if line, _, _ := bytes.Cut(start, []byte("\n")); bytes.Contains(line, []byte(";")) && !bytes.Contains(line, []byte(",")) {
		t.rows.Comma = ';'
	}
	header, err := t.rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file is empty, want a header with the columns %s", strings.Join(foreignColumns[:foreignRequired], ", "))
	}
	if err != nil {
		return nil, parseError(err, len(header), 0)
	}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if !slices.Contains(foreignColumns, name) {
			return nil, fmt.Errorf("line 1, column %d: unknown column %.60q, want some of %s", i+1, name, strings.Join(foreignColumns, ", "))
		}
		if _, twice := t.at[name]; twice {
			return nil, fmt.Errorf("line 1, column %d: a second column %s, want one", i+1, name)
		}
		t.at[name] = i
	}
	for _, name := range foreignColumns[:foreignRequired] {
		if _, there := t.at[name]; !there {
			return nil, fmt.Errorf("line 1: no column %s, want all of %s", name, strings.Join(foreignColumns[:foreignRequired], ", "))
		}
	}
	return t, nil
}

// parseError says where a text is no CSV.
func parseError(err error, fields, columns int) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	if errors.Is(parse.Err, csv.ErrFieldCount) {
		return fmt.Errorf("line %d: %d columns, want the %d of the header", parse.Line, fields, columns)
	}
	return fmt.Errorf("line %d, letter %d: %w", parse.Line, parse.Column, parse.Err)
}

// next reads a row; io.EOF says that there is no more.
func (t *foreignTable) next() (foreignRow, error) {
	row, err := t.rows.Read()
	if errors.Is(err, io.EOF) {
		return foreignRow{}, io.EOF
	}
	if err != nil {
		return foreignRow{}, parseError(err, len(row), t.rows.FieldsPerRecord)
	}
	t.row = row
	r := foreignRow{
		Item: store.Item{
			Dataset: t.name("dataset"), Method: t.name("method"), Video: t.name("video"), Identity: t.name("identity"), File: t.name("file"),
			Frame: -1, Source: t.name("source"), Scores: []float64{math.NaN()},
		},
	}
	r.line, _ = t.rows.FieldPos(0)
	for _, name := range []string{"dataset", "method", "video"} {
		if t.field(name) == "" {
			return foreignRow{}, t.bad(name, "want a name")
		}
	}
	if r.Method == All {
		return foreignRow{}, t.bad("method", "want another name: that stands for all manipulations together")
	}
	switch strings.ToLower(t.field("fake")) {
	case "1", "true":
		r.Fake = true
	case "0", "false":
	default:
		return foreignRow{}, t.bad("fake", "want 1 or true for a fake, 0 or false for a real video")
	}
	if text := t.field("frame"); text != "" {
		if r.Frame, err = strconv.Atoi(text); err != nil || r.Frame < -1 {
			return foreignRow{}, t.bad("frame", "want a whole number from 0, or nothing where it is unknown")
		}
	}
	if text := t.field("score"); text != "" && !strings.EqualFold(text, "nan") {
		score, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
			return foreignRow{}, t.bad("score", "want a finite number with a decimal point, or nothing where there is no score")
		}
		r.Scores[0] = score
	}
	r.id = datasets.Item{Dataset: r.Dataset, Method: r.Method, Video: r.Video, File: r.File, Frame: r.Frame}.ID()
	return r, nil
}

// field is the text of a column in the latest row, "" where there is no such column.
func (t *foreignTable) field(column string) string {
	i, there := t.at[column]
	if !there {
		return ""
	}
	return strings.TrimSpace(t.row[i])
}

// name is a field as a string of its own, one for all that are alike.
func (t *foreignTable) name(column string) string {
	field := t.field(column)
	if s, known := t.names[field]; known {
		return s
	}
	field = strings.Clone(field)
	t.names[field] = field
	return field
}

func (t *foreignTable) bad(column, want string) error {
	line, _ := t.rows.FieldPos(t.at[column])
	return fmt.Errorf("line %d, column %s: found %.60q, %s", line, column, t.field(column), want)
}

// checkForeign compares rows, which are ordered by id and frame: no face twice, one class and source for a video, both classes in
// every test set. Of several errors it returns that of the first line.
func checkForeign(rows []foreignRow) error {
	var first error
	line := math.MaxInt
	found := func(at int, err error) {
		if at < line {
			line, first = at, err
		}
	}
	video, set := rows[0], 0 // the first row of the video, and the place of that of the test set
	var real, fake bool      // that the test set has with a score
	endSet := func(end int) {
		if real && fake {
			return
		}
		has := "no scores"
		switch {
		case real:
			has = "scores of real videos alone"
		case fake:
			has = "scores of fake videos alone"
		}
		at := rows[set].line
		for _, r := range rows[set:end] {
			at = min(at, r.line)
		}
		found(at, fmt.Errorf("line %d: test set %s, which begins here, has %s, want those of real and fake videos", at, rows[set].Dataset, has))
	}
	for i, r := range rows {
		if r.Dataset != rows[set].Dataset {
			endSet(i)
			set, real, fake = i, false, false
		}
		if !math.IsNaN(r.Scores[0]) {
			real, fake = real || !r.Fake, fake || r.Fake
		}
		if !sameVideo(r.Item, video.Item) {
			video = r
			continue
		}
		late, early := max(r.line, video.line), min(r.line, video.line)
		name := videoID(r.Item)
		if r.Fake != video.Fake {
			found(late, fmt.Errorf("line %d, column fake: video %s is of the other class than in line %d, want one class for a video", late, name, early))
		}
		if r.Source != video.Source {
			found(late, fmt.Errorf("line %d, column source: video %s has another than in line %d, want one for a video", late, name, early))
		}
		if i > 0 && r.id == rows[i-1].id && r.Frame == rows[i-1].Frame && r.Identity == rows[i-1].Identity {
			found(r.line, fmt.Errorf("line %d: the face of line %d once more: want rows that differ in dataset, method, video, frame, file or identity", r.line, rows[i-1].line))
		}
	}
	endSet(len(rows))
	return first
}
