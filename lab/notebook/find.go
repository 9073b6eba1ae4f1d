package notebook

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FindBooks returns the root of the checkout that holds the working directory, and the absolute paths of notebooks given by path
// or by a part of their names; none stands for all.
func FindBooks(names []string) (root string, books []string, err error) {
	if root, err = FindRoot("."); err != nil {
		return "", nil, err
	}
	all, err := filepath.Glob(filepath.Join(root, Folder, "*.ipynb"))
	if err != nil || len(all) == 0 {
		return "", nil, errors.Join(fmt.Errorf("no notebooks in %s", filepath.Join(root, Folder)), err)
	}
	if len(names) == 0 {
		return root, all, nil
	}
	var known []string
	for _, path := range all {
		known = append(known, strings.TrimSuffix(filepath.Base(path), ".ipynb"))
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			path, err := filepath.Abs(name)
			if err != nil {
				return "", nil, err
			}
			books = append(books, path)
			continue
		}
		at := slices.IndexFunc(known, func(k string) bool { return strings.Contains(k, strings.TrimSuffix(name, ".ipynb")) })
		if at < 0 {
			return "", nil, fmt.Errorf("no notebook %q: want a path or a part of %s", name, strings.Join(known, ", "))
		}
		books = append(books, all[at])
	}
	return root, books, nil
}
