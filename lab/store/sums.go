package store

import (
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

// SumsFile lists the SHA-256 of the other files of a finished run or of a checkpoint, as sha256sum writes it: sha256sum -c
// reads it too.
const SumsFile = "SHA256SUMS"

// ErrDamaged tells that files are not as they were written.
var ErrDamaged = errors.New("store: damaged")

// writeSums writes SHA256SUMS of the files in dir, and forces dir to the disk.
func writeSums(dir string) error {
	sums, err := sum(dir)
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

// sum returns the SHA-256 in hex of every file in dir but SHA256SUMS.
func sum(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
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
		in, err := os.Open(filepath.Join(dir, entry.Name()))
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
func Verify(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, SumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %s has no %s, so that nothing tells whether its files are as they were written: %w", dir, SumsFile, err)
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
	have, err := sum(dir)
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
		return fmt.Errorf("%w: %s: %s", ErrDamaged, dir, strings.Join(wrong, ", "))
	}
	return nil
}
