package layout

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seeable-lab/seeable/datasets"
)

// maxLabels bounds the size of a label file, in bytes: 40 times that of the largest official one, the dataset.json of the
// DFDC preview.
const maxLabels = 64 << 20

// OpenLabels opens a list or label file. One that is no file, or larger than 64 MiB, is a [datasets.Problem].
func OpenLabels(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, datasets.Problem{File: path, Fault: datasets.Unreadable, Err: datasets.Pathless(err)}
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a file")
	case info.Size() > maxLabels:
		err = fmt.Errorf("%d bytes are more than any label file has; want at most %d", info.Size(), maxLabels)
	}
	if err != nil {
		f.Close()
		return nil, datasets.Problem{File: path, Fault: datasets.Unreadable, Err: err}
	}
	return f, nil
}

// faulty is an error of a file that is no common [datasets.Unreadable].
type faulty struct {
	fault datasets.Fault
	error
}

// faultOf tells the fault of a file by what is wrong with it.
func faultOf(err error) datasets.Fault {
	if f, ok := errors.AsType[faulty](err); ok {
		return f.fault
	}
	return datasets.Unreadable
}

// checkName refuses names that would break a line, a manifest or a terminal.
func checkName(name string) error {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return faulty{datasets.OddName, fmt.Errorf("the name %q has a sign that cannot be printed: rename the file", name)}
	}
	return nil
}

// CheckLocal refuses names in a label file that are not those of a file below the label file's folder.
func CheckLocal(name string) error {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("file %q leaves the folder or is not a plain slash path; want one like videos/a.mp4", name)
	}
	if strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return fmt.Errorf("file %q is hidden; hidden files are no videos", name)
	}
	return checkName(name)
}

// EachJSON reads a JSON object of label entries and calls row for each, with the number of its line and the raw entry. It
// reads one entry at a time, so that a name that is listed twice is seen. An error of row is kept as a bad row of the
// file; one of the syntax ends the reading.
func (c *Collector) EachJSON(r io.Reader, path string, row func(line int, name string, entry json.RawMessage) error) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return datasets.Problem{File: path, Fault: datasets.Unreadable, Err: datasets.Pathless(err)}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark
	dec := json.NewDecoder(bytes.NewReader(text))
	line, counted := 1, int64(0)
	here := func() int { // the line that the decoder has come to
		line += bytes.Count(text[counted:dec.InputOffset()], []byte("\n"))
		counted = dec.InputOffset()
		return line
	}
	fail := func(err error) error {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return datasets.Problem{File: path, Line: here(), Fault: datasets.BadRow, Err: fmt.Errorf("%w; want a JSON object with an entry for each video", err)}
	}
	if start, err := dec.Token(); err != nil {
		return fail(err)
	} else if start != json.Delim('{') {
		return fail(fmt.Errorf("it begins with %v", start))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fail(err)
		}
		name := key.(string) // the decoder has refused every other key
		line := here()
		var entry json.RawMessage
		if err := dec.Decode(&entry); err != nil {
			return fail(err)
		}
		if err := c.row(path, line, row(line, name, entry)); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fail(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fail(errors.New("something follows the object"))
	}
	return nil
}

// EachRow reads a CSV file with a header, as [datasets.ReadRows] does.
func (c *Collector) EachRow(r io.Reader, path string, header func([]string) error, row func(line int, fields []string) error) error {
	problems, err := datasets.ReadRows(r, path, c.mode, header, row)
	c.Problems = append(c.Problems, problems...)
	return err
}

// row keeps account of what is wrong with a line, if anything is. An error that is a Problem keeps its fault.
func (c *Collector) row(path string, line int, err error) error {
	if err == nil {
		return nil
	}
	var p datasets.Problem
	if errors.As(err, &p) {
		if c.mode == datasets.Strict {
			return p
		}
		c.Problems = append(c.Problems, p)
		return nil
	}
	return c.Problem(datasets.BadRow, path, line, err)
}

// EachLine calls row for each line that is not blank.
func (c *Collector) EachLine(r io.Reader, path string, row func(line int, text string) error) error {
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff") // a byte order mark
		}
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := c.row(path, n, row(n, text)); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return datasets.Problem{File: path, Line: n + 1, Fault: datasets.BadRow, Err: fmt.Errorf("%w; want a text file with a short line for each video", err)}
	}
	return nil
}
