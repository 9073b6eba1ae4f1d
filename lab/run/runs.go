package run

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/pack"
	"github.com/seeable-lab/seeable/lab/store"
)

// Load returns a finished run of the folder results by its id, or by a part of the id that only one run has; or the run, or the
// packed detector, whose folder lies at the path id, which has a separator in it.
func Load(results, id string) (*Run, error) {
	dir := id
	if filepath.Base(id) == id {
		ids, err := store.List(results)
		if err != nil {
			return nil, err
		}
		if id, err = match(results, id, ids, "finished run"); err != nil {
			return nil, err
		}
		dir = filepath.Join(results, id)
	} else if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("run: %w; want the ID of a finished run, or the path of the folder of one or of a packed detector", err)
	}
	r, err := Open(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("run: %s: %w", dir, err)
	}
	r.Dir = dir
	return r, nil
}

// Open is Load for a file system, such as one that is embedded in a program.
func Open(files fs.FS) (*Run, error) {
	s, record, err := pack.Read(files)
	if err != nil {
		return nil, err
	}
	return &Run{Spec: s, Record: record, files: files}, nil
}

// Find returns what is known of a run of any state by its id, or by a part of the id that only one run has.
func Find(results, id string) (store.Entry, error) {
	entries, err := store.Scan(results)
	if err != nil {
		return store.Entry{}, err
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	if id, err = match(results, id, ids, "run"); err != nil {
		return store.Entry{}, err
	}
	return entries[slices.Index(ids, id)], nil
}

// match finds the one of ids that is wanted or that alone has wanted in it. what says what they are.
func match(results, wanted string, ids []string, what string) (string, error) {
	if slices.Contains(ids, wanted) {
		return wanted, nil
	}
	var found []string
	for _, id := range ids {
		if wanted != "" && strings.Contains(id, wanted) {
			found = append(found, id)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("run: run %q is one of several: %s", wanted, some(found))
	case len(ids) == 0:
		return "", fmt.Errorf("run: no run %q: %s holds no %s yet; make one with seelab run", wanted, results, what)
	}
	return "", fmt.Errorf("run: no run %q in %s; there are %s", wanted, results, some(ids))
}

// some lists the first of many names.
func some(names []string) string {
	const shown = 20
	if n := len(names); n > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), n-shown)
	}
	return strings.Join(names, ", ")
}
