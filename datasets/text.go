package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// Text is the text of a label file in UTF-8, as spreadsheets and editors write them: a byte order mark is left out, and
// UTF-16 is decoded, with a mark or without, and lines that end with a carriage return alone end with a line feed. Bytes of any other encoding stay as they are.
func Text(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	head, _ := in.Peek(4)
	var decoder transform.Transformer = unicode.BOMOverride(encoding.Nop.NewDecoder())
	if len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0 {
		decoder = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	} else if len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0 {
		decoder = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	}
	text := bufio.NewReaderSize(transform.NewReader(in, decoder), longestHead)
	if head, _ := text.Peek(longestHead); bytes.ContainsRune(head, '\r') && !bytes.ContainsRune(head, '\n') {
		return transform.NewReader(text, runes.Map(func(r rune) rune {
			if r == '\r' {
				return '\n'
			}
			return r
		}))
	}
	return text
}

// table is a CSV file as spreadsheets write it.
type table struct {
	*csv.Reader
	before int // lines before the header
}

// longestHead bounds what is looked at to tell the sign between fields; the longest header has 68 landmarks.
const longestHead = 1 << 14

// openTable reads CSV in any encoding of [Text] whose fields are divided by commas, semicolons, tabs or bars: what the
// header has, or what its first line sep=; says.
func openTable(r io.Reader) table {
	in := bufio.NewReaderSize(Text(r), longestHead)
	head, _ := in.Peek(longestHead)
	t := table{}
	comma := ','
	first, _, _ := bytes.Cut(head, []byte("\n"))
	if sign, ok := bytes.CutPrefix(bytes.Trim(first, "\r\""), []byte("sep=")); ok && len(sign) == 1 && bytes.Contains([]byte(",;\t|"), sign) {
		comma = rune(sign[0])
		_, _ = in.Discard(min(len(first)+1, len(head))) // it is in the buffer
		t.before = 1
	} else if !bytes.ContainsRune(first, comma) {
		for _, other := range ";\t|" {
			if bytes.ContainsRune(first, other) {
				comma = other
				break
			}
		}
	}
	t.Reader = csv.NewReader(in)
	t.ReuseRecord, t.Comma = true, comma
	return t
}

// header reads the first row, its names as they are meant: in small letters, without spaces around them.
func (t table) header() ([]string, error) {
	names, err := t.Read()
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	return names, nil
}

// line is that of the row read last.
func (t table) line() int {
	line, _ := t.FieldPos(0)
	return line + t.before
}

// errNotUTF8 tells what to do about a text that no program can guess the encoding of.
var errNotUTF8 = errors.New("a sign that is not UTF-8 stands in it; save the file as CSV in UTF-8")

// checkFields refuses fields that are no text; blank tells that nothing stands in the row.
func checkFields(fields []string) (blank bool, err error) {
	blank = true
	for _, f := range fields {
		if !utf8.ValidString(f) {
			return false, fmt.Errorf("%q: %w", f, errNotUTF8)
		}
		blank = blank && strings.TrimSpace(f) == ""
	}
	return blank, nil
}

// realWords and fakeWords are what people call the two classes, in small letters.
var (
	realWords = []string{"0", "real", "genuine", "original", "authentic", "pristine", "bonafide", "bona-fide", "bona fide", "0.0"}
	fakeWords = []string{"1", "fake", "deepfake", "forged", "forgery", "manipulated", "altered", "tampered", "synthetic", "generated", "1.0"}
)

// ParseLabel reads a label: 1 or a word like fake, 0 or a word like real, in small letters or capitals. What may mean either,
// such as true, is an error.
func ParseLabel(label string) (fake bool, err error) {
	switch word := strings.ToLower(strings.TrimSpace(label)); {
	case slices.Contains(realWords, word):
		return false, nil
	case slices.Contains(fakeWords, word):
		return true, nil
	}
	return false, fmt.Errorf("label is %q; want 0 (real) or 1 (fake), or a word such as real or fake", label)
}
