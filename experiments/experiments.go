// Package experiments holds the lab's experiments and sweeps, one TOML file each. The header of a file says what it is
// for, how long it takes and what it found.
package experiments

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
)

//go:embed *.toml
var files embed.FS

// Names lists the experiments, sorted.
func Names() []string { return named(false) }

// Sweeps lists the sweeps, sorted.
func Sweeps() []string { return named(true) }

func named(sweeps bool) []string {
	found, err := fs.Glob(files, "*.toml")
	if err != nil {
		// The pattern is a constant.
		panic(err)
	}
	var names []string
	for _, file := range found {
		if text, err := files.ReadFile(file); err == nil && spec.IsSweep(text) == sweeps {
			names = append(names, strings.TrimSuffix(file, ".toml"))
		}
	}
	return names
}

// Load returns an experiment by name, or reads a TOML file when name is the path of one. A file may build on another: its
// key base gives a name, or the path of a file from the folder of its own.
func Load(name string) (spec.Spec, error) { return load(name, nil) }

// load is Load for a file that those in from lead to.
func load(name string, from []string) (spec.Spec, error) {
	text, next, err := open(name, from)
	if err != nil {
		return spec.Spec{}, err
	}
	s, err := spec.ParseOn(source(name), text, next)
	if err == nil && s.Name == "" {
		s.Name = stem(name)
	}
	return s, err
}

// LoadSweep returns a sweep by name, or reads a TOML file when name is the path of one.
func LoadSweep(name string) (spec.Sweep, error) {
	text, next, err := open(name, nil)
	if err != nil {
		return spec.Sweep{}, err
	}
	return spec.ParseSweep(stem(name), source(name), text, next)
}

// open reads a file and says how to load what its base names.
func open(name string, from []string) ([]byte, spec.Loader, error) {
	if slices.Contains(from, name) {
		return nil, nil, fmt.Errorf("experiments: %s builds on itself: %s", name, strings.Join(append(from, name), ", "))
	}
	from = append(slices.Clone(from), name)
	if strings.HasSuffix(name, ".toml") {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, fmt.Errorf("experiments: %w; give the name of an experiment or the path of a .toml file", err)
		}
		return text, func(base string) (spec.Spec, error) {
			if strings.HasSuffix(base, ".toml") && !filepath.IsAbs(base) {
				base = filepath.Join(filepath.Dir(name), base)
			}
			return load(base, from)
		}, nil
	}
	text, err := files.ReadFile(path.Clean(name) + ".toml")
	if err != nil {
		return nil, nil, fmt.Errorf("experiments: no experiment %q; there are %s, or give the path of a .toml file",
			name, strings.Join(append(Names(), Sweeps()...), ", "))
	}
	return text, func(base string) (spec.Spec, error) { return load(base, from) }, nil
}

func source(name string) string { return strings.TrimSuffix(name, ".toml") + ".toml" }

func stem(name string) string { return strings.TrimSuffix(filepath.Base(name), ".toml") }

// About is the comment that heads an experiment's file.
func About(name string) string {
	text, err := files.ReadFile(path.Clean(name) + ".toml")
	if err != nil {
		return ""
	}
	var about []string
	for line := range strings.Lines(string(text)) {
		comment, isComment := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !isComment {
			break
		}
		comment = strings.TrimSpace(comment)
		// The marks of what lab/cmd/render writes are for it alone.
		if strings.HasPrefix(comment, "figures: ") || comment == "end of figures" {
			continue
		}
		about = append(about, comment)
	}
	return strings.Join(about, "\n")
}
