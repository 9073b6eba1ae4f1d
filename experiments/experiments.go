// Package experiments holds the lab's experiments, one TOML file each. The header of a file says what the experiment is
// for, how long it takes and what it found.
package experiments

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/seeable-lab/seeable/lab/spec"
)

//go:embed *.toml
var files embed.FS

// Names lists the experiments, sorted.
func Names() []string {
	found, err := fs.Glob(files, "*.toml")
	if err != nil {
		// The pattern is a constant.
		panic(err)
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, ".toml")
	}
	return found
}

// Load returns an experiment by name, or reads a TOML file when name is the path of one.
func Load(name string) (spec.Spec, error) {
	if strings.HasSuffix(name, ".toml") {
		return spec.ParseFile(name)
	}
	text, err := files.ReadFile(path.Clean(name) + ".toml")
	if err != nil {
		return spec.Spec{}, fmt.Errorf("experiments: no experiment %q; there are %s, or give the path of a .toml file",
			name, strings.Join(Names(), ", "))
	}
	s, err := spec.Parse(name+".toml", text)
	if err == nil && s.Name == "" {
		s.Name = name
	}
	return s, err
}

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
		about = append(about, strings.TrimSpace(comment))
	}
	return strings.Join(about, "\n")
}
