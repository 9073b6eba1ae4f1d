package layout

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// Folder is the layout of a plain folder: real videos and images in its folder real, fakes in its folder fake, sorted as one
// likes; Real and FAKE will do, and 0_real and fake_images. Images directly in these two are still images; a folder of images below them holds the frames of one video. A
// folder between is the method, as in fake/Deepfakes/a.mp4; one that real has too is told by the class, as fake/Deepfakes.
// Each video is a person of its own, as nothing says who is seen, and is called by its file without extension, or with it
// where another has the name already. The data set is called by the folder. Images are JPEG and PNG; those of other formats, and
// other files, are problems that stop nobody, and coverage counts them.
//
// A folder that has neither of the two, but images or videos, is taken as real faces: what this lab trains on. It is
// recognised only where nothing else is ([Open]), never by [Find].
const Folder = "folder"

func init() {
	Register(Layout{Name: Folder, Rank: 9, Recognise: recogniseFolder, Open: openFolder})
}

// classFolders returns the folders of real videos and those of fakes in dir.
func classFolders(dir string) (real, fake []string) {
	c := NewCollector("", Folder, dir, datasets.Skip)
	names, _ := c.Folders(".")
	for _, name := range names {
		switch classOf(name) {
		case "real":
			real = append(real, name)
		case "fake":
			fake = append(fake, name)
		}
	}
	return real, fake
}

// classOf is real or fake, if a folder's name says so and nothing else: in capitals, too, and with words that say what lies in
// it, as in 0_real, training_fake and Real Videos.
func classOf(name string) (class string) {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' || r == ' ' }) {
		switch word {
		case "real", "reals", "fake", "fakes":
			if class != "" {
				return ""
			}
			class = strings.TrimSuffix(word, "s")
		case "0", "1", "training", "faces", "images", "pictures", "photos", "videos", "frames":
		default:
			return ""
		}
	}
	return class
}

func recogniseFolder(dir string) (bool, string) {
	inReal, inFake := classFolders(dir)
	media := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return HoldsMedia(filepath.Join(dir, name)) })
	}
	real, fake := media(inReal), media(inFake)
	switch {
	case real && fake:
		return true, ""
	case fake:
		return false, "there is a folder fake and no folder real with videos or images"
	case real && len(inFake) > 0:
		return false, "there is a folder real and no video or image in its folder fake that can be read"
	}
	return false, ""
}

// HoldsMedia tells whether videos or images lie in the folder or in one of its folders.
func HoldsMedia(dir string) bool {
	c := NewCollector("", Folder, dir, datasets.Skip)
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
	c := NewCollector(name, Folder, dir, mode)
	real, fake := classFolders(dir)
	if len(real)+len(fake) == 0 {
		real = []string{"."}
		c.Notes = append(c.Notes, "no folder real and no folder fake: all is taken as real")
	}
	methods := map[string]bool{} // of real videos
	for _, of := range []struct {
		roots []string
		kind  Video
	}{{real, Video{Method: "real"}}, {fake, Video{Method: "fake", Fake: true}}} {
		for _, root := range of.roots {
			if err := c.walk([]string{root}, func(at string, files []string) error {
				below, ok := c.plainPath(root, strings.TrimPrefix(strings.TrimPrefix(at, root), "/"))
				if !ok {
					return nil
				}
				return c.plain(of.kind, below, at, files, methods)
			}); err != nil {
				return nil, err
			}
		}
	}
	if len(c.Videos) == 0 {
		return nil, fmt.Errorf("layout: %s holds no video and no image that can be read; want some in its folders real and fake", datasets.Printable(dir))
	}
	c.CountAll()
	return []Dataset{c.Finish()}, nil
}

// shelves are folders between a class and its videos that name no method, as DeepfakeBench has them in UADFV/real/frames.
var shelves = []string{"videos", "frames", "images"}

// besides are folders beside those that hold no face.
var besides = []string{"masks", "landmarks"}

// plainPath is a slash path without shelves; ok is false if what lies there are no pictures of faces.
func (c *Collector) plainPath(root, below string) (plain string, ok bool) {
	var names []string
	at := root
	for name := range strings.SplitSeq(below, "/") {
		if slices.Contains(besides, name) && slices.ContainsFunc(shelves, func(s string) bool { return isDir(filepath.Join(c.Dir, filepath.FromSlash(at), s)) }) {
			return "", false
		}
		if at = path.Join(at, name); !slices.Contains(shelves, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "/"), true
}

// plain takes the files of the folder at, which lies below a folder of one kind. Methods are those of real videos.
func (c *Collector) plain(kind Video, below, at string, files []string, methods map[string]bool) error {
	method := func(name string) string {
		if !kind.Fake {
			methods[name] = true
		} else if name != kind.Method && methods[name] {
			name = kind.Method + "/" + name
		}
		return name
	}
	// called gives a video its name.
	called := func(of, name, file string) Video {
		v := Video{Dataset: c.Name, Method: of, Name: name, Fake: kind.Fake}
		if before, twice := c.seen[v.ID()]; twice && file != "" && before.File != file && before.Pixels != FrameFolder {
			v.Name = path.Base(file)
		}
		v.Identity = c.Name + "/" + v.Method + "/" + v.Name
		return v
	}
	var images []Footage
	var broken []brokenFile
	for _, name := range files {
		m, ok := Medium(name)
		file := path.Join(at, name)
		if !ok {
			full := filepath.Join(c.Dir, filepath.FromSlash(file))
			if info, err := os.Stat(full); datasets.IsDocument(name) || err == nil && !info.Mode().IsRegular() {
				continue
			}
			// It stops nobody, not even in mode Strict.
			why := errNoMedium
			if face.PictureName(name) {
				why = errOnlyListed
			}
			err := cmp.Or(datasets.CheckName(name), checkFile(full), why)
			broken = append(broken, brokenFile{file, present(err)})
			c.Problems = append(c.Problems, datasets.Problem{File: full, Fault: present(err), Err: err})
			continue
		}
		p, ok, err := c.file(file)
		if err != nil {
			return err
		}
		switch {
		case !ok:
			broken = append(broken, brokenFile{file, c.Problems[len(c.Problems)-1].Fault})
		case m == StillImage:
			images = append(images, p)
		default:
			of := kind.Method
			if below != "" {
				of = method(below)
			}
			if err := c.Add(called(of, stem(name), file), p); err != nil {
				return err
			}
		}
	}
	if below != "" && len(images) > 0 {
		of := kind.Method
		if above, _, ok := cutLast(below); ok {
			of = method(above)
		}
		return c.Add(called(of, path.Base(below), ""), Footage{at, FrameFolder, true})
	}
	for _, p := range images {
		if err := c.Add(called(kind.Method, stem(path.Base(p.File)), p.File), p); err != nil {
			return err
		}
	}
	for _, b := range broken {
		of := kind.Method
		if below != "" {
			of = method(below)
		}
		name := stem(path.Base(b.file))
		if datasets.CheckName(name) != nil {
			name = strconv.Quote(name)
		}
		c.Unread(called(of, name, b.file), b.file, b.fault)
	}
	return nil
}

// brokenFile is a file that cannot be read.
type brokenFile struct {
	file  string
	fault datasets.Fault
}

// cutLast cuts a slash path before its last name.
func cutLast(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
