// Package release050 unpacks for tests what release 0.5.0 has made; see testdata/v0.5.0/make.go of package lab.
package release050

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Unpack copies the folder from, where large files are compressed, into a new one. All files are an hour old.
func Unpack(t testing.TB, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		var text []byte
		if strings.HasSuffix(path, ".gz") {
			var z *gzip.Reader
			if z, err = gzip.NewReader(in); err == nil {
				text, err = io.ReadAll(z)
			}
		} else {
			text, err = io.ReadAll(in)
		}
		to := filepath.Join(dir, strings.TrimSuffix(strings.TrimPrefix(path, filepath.FromSlash(from)), ".gz"))
		return errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600), os.Chtimes(to, old, old))
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
