package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SumsFile lists the SHA-256 of the other files of a finished run, of a checkpoint or of a packed detector, as sha256sum writes it: sha256sum -c
// reads it too.
const SumsFile = "SHA256SUMS"

// ErrDamaged tells that files are not as they were written.
var ErrDamaged = errors.New("store: damaged")

// WriteSums writes SHA256SUMS of the files in dir, and forces dir to the disk.
func WriteSums(dir string) error {
	sums, err := sum(os.DirFS(dir))
	if err != nil {
		return fmt.Errorf("store: digests of %s: %w", dir, err)
	}
	return WriteFile(filepath.Join(dir, SumsFile), []byte(formatSums(sums)))
}

func formatSums(sums map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	return b.String()
}

// sum returns the SHA-256 in hex of every file in a folder but SHA256SUMS.
func sum(files fs.FS) (map[string]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, entry := range entries {
		if entry.Name() == SumsFile {
			continue
		}
		if entry.IsDir() { // none of ours
			sums[entry.Name()] = "folder"
			continue
		}
		in, err := files.Open(entry.Name())
		if err != nil {
			return nil, err
		}
		digest := sha256.New()
		_, err = io.Copy(digest, in)
		if err := errors.Join(err, in.Close()); err != nil {
			return nil, err
		}
		sums[entry.Name()] = hex.EncodeToString(digest.Sum(nil))
	}
	return sums, nil
}

// Verify compares the files in dir, a finished run or a checkpoint, with its SHA256SUMS. It returns ErrDamaged naming
// every file that was changed, added or removed since; fs.ErrNotExist if dir has no SHA256SUMS, as runs of older versions.
func Verify(dir string) error { return verify(os.DirFS(dir), dir) }

// VerifyFS is Verify for a file system, such as one that is embedded in a program. Its errors name files without a folder.
func VerifyFS(files fs.FS) error { return verify(files, "") }

// verify names the folder dir in its errors, unless that is "".
func verify(files fs.FS, dir string) error {
	text, err := fs.ReadFile(files, SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %s has no %s, so that nothing tells whether its files are as they were written: %w", cmp.Or(dir, "the folder"), SumsFile, err)
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		digest, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		want[name] = digest
	}
	if formatSums(want) != string(text) {
		return fmt.Errorf("%w: %s is not as it was written", ErrDamaged, filepath.Join(dir, SumsFile))
	}
	have, err := sum(files)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if digest, ok := have[name]; !ok {
			wrong = append(wrong, name+" is missing")
		} else if digest != want[name] {
			wrong = append(wrong, name+" has changed")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; !ok {
			wrong = append(wrong, name+" was added")
		}
	}
	if wrong != nil {
		if dir != "" {
			dir += ": "
		}
		return fmt.Errorf("%w: %s%s", ErrDamaged, dir, strings.Join(wrong, ", "))
	}
	return nil
}
