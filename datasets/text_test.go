package datasets

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 is a text in UTF-16.
func inUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// A table is read whatever program has written it, with the numbers of its lines as editors count them.
func TestReadRowsAsProgramsWriteThem(t *testing.T) {
	const plain = "file,label\na b.png,0\n\"é;1.png\",1\n"
	semicolons := "file;label\na b.png;0\n\"é;1.png\";1\n"
	for name, text := range map[string]string{
		"plain":              plain,
		"byte-order mark":    "\ufeff" + plain,
		"carriage returns":   strings.ReplaceAll(plain, "\n", "\r\n"),
		"old Mac":            strings.ReplaceAll(plain, "\n", "\r"),
		"UTF-16LE":           inUTF16("\ufeff"+plain, binary.LittleEndian),
		"UTF-16BE":           inUTF16("\ufeff"+plain, binary.BigEndian),
		"UTF-16 and no mark": inUTF16(plain, binary.LittleEndian),
		"big and no mark":    inUTF16(plain, binary.BigEndian),
		"semicolons":         semicolons,
		"semicolons, UTF-16": inUTF16("\ufeff"+strings.ReplaceAll(semicolons, "\n", "\r\n"), binary.LittleEndian),
		"tabs":               strings.ReplaceAll(plain, ",", "\t"),
		"bars":               strings.ReplaceAll(plain, ",", "|"),
		"names in capitals":  strings.Replace(plain, "file,label", " File , LABEL", 1),
		"empty rows":         plain + ",\n , \n\n",
	} {
		var header, rows []string
		problems, err := ReadRows(strings.NewReader(text), "t.csv", Strict, func(names []string) error {
			header = slices.Clone(names)
			return nil
		}, func(line int, fields []string) error {
			if line != 2+len(rows) {
				t.Errorf("%s: row %d is in line %d", name, len(rows), line)
			}
			rows = append(rows, strings.Join(fields, "/"))
			return nil
		})
		if err != nil || len(problems) != 0 || !slices.Equal(header, []string{"file", "label"}) || !slices.Equal(rows, []string{"a b.png/0", "é;1.png/1"}) {
			t.Errorf("%s: header %q, rows %q, problems %v, error %v", name, header, rows, problems, err)
		}
	}
	// The first line of some says what divides it.
	line := 0
	_, err := ReadRows(strings.NewReader("sep=;\r\nfile;label\r\na,b.png;0\r\n"), "t.csv", Strict, func(names []string) error { return nil }, func(n int, fields []string) error {
		line = n
		if fields[0] != "a,b.png" {
			t.Errorf("fields %q", fields)
		}
		return nil
	})
	if err != nil || line != 3 {
		t.Errorf("line %d, error %v", line, err)
	}
	problems, err := ReadRows(strings.NewReader("file,label\nJos\xe9.png,0\na.png\nb.png,1\n"), "t.csv", Skip, func([]string) error { return nil }, func(int, []string) error { return nil })
	if err != nil || len(problems) != 2 || problems[0].Line != 2 || !strings.Contains(problems[0].Error(), "save the file as CSV in UTF-8") ||
		problems[1].Line != 3 || !strings.Contains(problems[1].Error(), "1 fields; want the 2 of the header") {
		t.Errorf("problems %v, error %v", problems, err)
	}
}

func TestParseLabel(t *testing.T) {
	for word, want := range map[string]bool{"0": false, "1": true, "REAL": false, "Fake": true, " genuine ": false, "deepfake": true, "Manipulated": true, "1.0": true} {
		if fake, err := ParseLabel(word); err != nil || fake != want {
			t.Errorf("%q is fake: %v, %v", word, fake, err)
		}
	}
	for _, word := range []string{"", "2", "true", "false", "yes", "-1", "realfake"} {
		if _, err := ParseLabel(word); err == nil || !strings.Contains(err.Error(), "want 0 (real) or 1 (fake)") {
			t.Errorf("%q: %v", word, err)
		}
	}
}

// Names as systems give them are good, but none that breaks a line.
func TestCheckName(t *testing.T) {
	for _, name := range []string{"Screenshot 2026-04-15 at 1.01.11\u202fAM.png", "v\u00a013.05.png", "👨\u200d👩\u200d👧.png", "می\u200cخواهم.png", "שלום\u200f.png", "e\u0301.png", "\uf022.png"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"a\nb", "a\tb", "a\x1b[31m", "a\u2028b", "Jos\xe9.png", "a\x00"} {
		if err := CheckName(name); !IsOddName(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A list names files as another system has written them.
func TestFindFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sub/a.png", "Jose\u0301.png", "k\u00e9.png", " b.png"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for listed, want := range map[string]string{
		"sub/a.png": "sub/a.png", `sub\a.png`: "sub/a.png", `.\sub\a.png`: "sub/a.png", "./sub/a.png": "sub/a.png", " sub/a.png ": "sub/a.png",
		"Jos\u00e9.png": "Jose\u0301.png", "ke\u0301.png": "k\u00e9.png", " b.png": " b.png",
		"gone.png": "gone.png", "../a.png": "../a.png", `..\a.png`: `..\a.png`,
	} {
		if got := FindFile(dir, listed); got != want {
			t.Errorf("%q is %q, want %q", listed, got, want)
		}
	}
}
