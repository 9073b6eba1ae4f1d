package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	errNotText = errors.New("is not UTF-8")
	errBreaks  = errors.New("has a sign that breaks lines")
)

// IsOddName tells that an error is one of [CheckName].
func IsOddName(err error) bool { return errors.Is(err, errNotText) || errors.Is(err, errBreaks) }

// CheckName refuses names that would break a line or a manifest: what is not UTF-8, and signs that control a line or a
// terminal. Spaces of all widths, joiners and marks of direction are in names that systems give to screenshots, and are good;
// [Printable] quotes them.
func CheckName(name string) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("the name %q %w: rename the file", name, errNotText)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }) {
		return fmt.Errorf("the name %q %w: rename the file", name, errBreaks)
	}
	return nil
}

// FindFile returns the slash path below dir of the file that a list means by name: name itself, or, where that is not there,
// name as it was written on another system, with backslashes, ./ before it, spaces around it, or accents taken apart or put
// together. Where there is none of these, name is returned.
func FindFile(dir, name string) string {
	there := func(name string) bool {
		if !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
			return false
		}
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name)))
		return err == nil
	}
	if there(name) {
		return name
	}
	plain := strings.TrimSpace(name)
	if !there(plain) {
		plain = strings.ReplaceAll(plain, `\`, "/")
	}
	plain = strings.TrimPrefix(plain, "./")
	for _, form := range []string{plain, norm.NFC.String(plain), norm.NFD.String(plain)} {
		if there(form) {
			return form
		}
	}
	return name
}
