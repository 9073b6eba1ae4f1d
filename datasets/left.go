package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/lab/face"
)

// Left is something that a set holds and that is none of its Items.
type Left struct {
	Name  string // slash path below the folder of the set; of a row that names no file, manifest.csv:LINE
	Fault Fault
}

// Name is what people find the item by: its file, or its ID where there is none, or its video where that is all there is.
func (it Item) Name() string {
	switch {
	case it.Unread != nil:
		return it.Unread.Name
	case it.NoFace() && it.Frame < 0:
		return it.VideoID()
	case it.NoFace() || it.Draw != nil:
		return it.ID()
	}
	return it.File
}

// Fault tells why an item cannot be read: it looks at its file and, if need be, decodes it. "" if it can be read.
func (it Item) Fault() Fault {
	switch {
	case it.Unread != nil:
		return it.Unread.Fault
	case it.NoFace():
		return Faceless
	}
	if it.Draw != nil {
		return ""
	}
	info, err := os.Stat(it.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent
	case err == nil && info.Size() == 0:
		return Empty
	}
	switch _, err := Load(it); {
	case err == nil:
		return ""
	case errors.Is(err, face.ErrFormat) || !face.PictureName(it.Path):
		return Format
	}
	return Unreadable
}

// left lists what the folder holds besides items: rows that cannot be used, each once and with its file if there is one,
// and files that no row names. Texts and tables are about the faces and none of them ([IsDocument]); folders that begin with
// a dot, and those with a manifest of their own, are not searched.
func (m *manifest) left(items []Item) ([]Left, error) {
	counted := make(map[string]bool, len(items))
	for _, it := range items {
		if !it.NoFace() {
			counted[it.File] = true
		}
	}
	var left []Left
	for _, p := range m.problems {
		name := m.bad[p.Line]
		if name == "" {
			left = append(left, Left{fmt.Sprintf("%s:%d", filepath.Base(m.path), p.Line), p.Fault})
			continue
		}
		if clean := path.Clean(name); fs.ValidPath(clean) {
			name = clean
		}
		if !counted[name] {
			counted[name] = true
			left = append(left, Left{name, p.Fault})
		}
	}
	err := fs.WalkDir(os.DirFS(m.dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			left = append(left, Left{name, Unreadable}) // a folder that may not be opened
		case d.IsDir():
			if name != "." && (strings.HasPrefix(d.Name(), ".") || FacesIn(filepath.Join(m.dir, filepath.FromSlash(name))) != "") {
				return fs.SkipDir
			}
		case !counted[name] && !IsDocument(d.Name()):
			if fault, held := unlisted(filepath.Join(m.dir, filepath.FromSlash(name))); held {
				left = append(left, Left{name, fault})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("datasets: search %s: %w", m.dir, err)
	}
	slices.SortFunc(left, func(a, b Left) int { return strings.Compare(a.Name, b.Name) })
	return left, nil
}

// unlisted tells what is the matter with a file that no row names. A link to a folder, a pipe and the like are held by
// no set.
func unlisted(file string) (fault Fault, held bool) {
	base := filepath.Base(file)
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return Unreadable, true
	case !info.Mode().IsRegular():
		return "", false
	case strings.HasPrefix(base, ".") || CheckName(base) != nil:
		return OddName, true
	case !face.PictureName(base):
		return Format, true
	case info.Size() == 0:
		return Empty, true
	}
	return Unlisted, true
}

// IsDocument tells by its name that a file is no picture: a text, a table, an array, a lock, or something like LICENSE.
func IsDocument(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".npy", ".npz", ".pts", ".srt", ".csv", ".tsv", ".json", ".jsonl", ".txt", ".md", ".rst", ".html", ".pdf", ".toml", ".yaml", ".yml", ".xml", ".lock", ".py", ".sh", ".log":
		return true
	case "":
		return name == strings.ToUpper(name) && strings.ContainsAny(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	return name == ".DS_Store" || name == "Thumbs.db"
}
