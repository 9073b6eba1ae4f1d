package layout

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
)

// folderLayout is a plain folder: real videos and images in its folder real, fakes in its folder fake, sorted as one
// likes. Images directly in these two are still images; a folder of images below them holds the frames of one video. A
// folder between is the method, as in fake/Deepfakes/a.mp4. Each video is a person of its own, as nothing says who is
// seen. The data set is called by the folder.
//
// A folder that has neither of the two, but images or videos, is taken as real faces: what this lab trains on. It is
// recognised only where nothing else is ([Open]), never by [Find].
const folderLayout = "folder"

func init() {
	Register(Layout{Name: folderLayout, Rank: 9, Recognise: recogniseFolder, Open: openFolder})
}

func recogniseFolder(dir string) (bool, string) {
	real, fake := holdsMedia(filepath.Join(dir, "real")), holdsMedia(filepath.Join(dir, "fake"))
	switch {
	case real && fake:
		return true, ""
	case fake:
		return false, "there is a folder fake and no folder real with videos or images"
	}
	return false, ""
}

// holdsMedia tells whether videos or images lie in the folder or in one of its folders.
func holdsMedia(dir string) bool {
	c := NewCollector("", folderLayout, dir, datasets.Skip)
	found := errors.New("found")
	return errors.Is(c.walk([]string{"."}, func(at string, files []string) error {
		for _, name := range files {
			if _, ok := Medium(name); ok {
				return found
			}
		}
		return nil
	}), found)
}

func openFolder(dir string, mode datasets.Mode) ([]Dataset, error) {
	name, err := datasets.FolderName(dir)
	if err != nil {
		return nil, err
	}
	c := NewCollector(name, folderLayout, dir, mode)
	roots := []string{"real", "fake"}
	if !isDir(filepath.Join(dir, "real")) && !isDir(filepath.Join(dir, "fake")) {
		roots = []string{"."}
		c.Notes = append(c.Notes, "no folder real and no folder fake: all is taken as real")
	}
	for _, root := range roots {
		if err := c.walk([]string{root}, func(at string, files []string) error { return c.plain(root, at, files) }); err != nil {
			return nil, err
		}
	}
	if len(c.Videos) == 0 {
		return nil, fmt.Errorf("layout: %s holds no video and no image that can be read; want some in its folders real and fake", datasets.Printable(dir))
	}
	c.countAll()
	return []Dataset{c.Finish()}, nil
}

// plain takes the files of a folder at or below root.
func (c *Collector) plain(root, at string, files []string) error {
	v := Video{Method: "real", Fake: root == "fake"}
	if v.Fake {
		v.Method = "fake"
	}
	below := strings.TrimPrefix(strings.TrimPrefix(at, root), "/")
	var images []Footage
	take := func(v Video, name string, p Footage) error {
		v.Name = name
		v.Identity = c.Name + "/" + v.Method + "/" + name
		return c.Add(v, p)
	}
	for _, name := range files {
		m, ok := Medium(name)
		if !ok {
			full := filepath.Join(c.Dir, filepath.FromSlash(at), name)
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && !datasets.IsDocument(name) {
				// It stops nobody, not even in mode Strict.
				c.Problems = append(c.Problems, datasets.Problem{File: full, Fault: datasets.Format, Err: errors.New("neither a video nor an image that is read")})
			}
			continue
		}
		p, ok, err := c.file(path.Join(at, name))
		if err != nil {
			return err
		}
		switch {
		case !ok:
		case m == StillImage:
			images = append(images, p)
		default:
			of := v
			if below != "" {
				of.Method = below
			}
			if err := take(of, stem(name), p); err != nil {
				return err
			}
		}
	}
	if below != "" && len(images) > 0 {
		if method, _, ok := cutLast(below); ok {
			v.Method = method
		}
		return take(v, path.Base(below), Footage{at, FrameFolder, true})
	}
	for _, p := range images {
		if err := take(v, stem(path.Base(p.File)), p); err != nil {
			return err
		}
	}
	return nil
}

// cutLast cuts a slash path before its last name.
func cutLast(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
