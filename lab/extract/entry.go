package extract

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// entry is what faces.json tells of a video.
type entry struct {
	Video   string  `json:"video"`             // its id
	Digest  string  `json:"digest"`            // of its file
	Problem string  `json:"problem,omitempty"` // what is wrong with the file, if anything
	Frames  []shown `json:"frames"`            // none if the file cannot be read at all
}

// shown is a [Frame] as faces.json tells of it.
type shown struct {
	Index  int      `json:"index"`
	Second float64  `json:"second"`
	Faces  []stored `json:"faces"`
	// Faces that were left out, see [Frame].
	Small   int `json:"small,omitempty"`
	Unclear int `json:"unclear,omitempty"`
}

// stored is a [Face] as faces.json tells of it.
type stored struct {
	File      string    `json:"file"` // beside faces.json
	X         int       `json:"x"`    // the square of the frame
	Y         int       `json:"y"`
	Width     int       `json:"side"`
	Side      int       `json:"stored"`           // of the image
	Turned    int       `json:"turned,omitempty"` // quarter turns clockwise from how it lies in the frame
	Landmarks []float64 `json:"landmarks"`        // x0, y0 … x67, y67, in the pixels of the image
}

// persons tells whom the tracks show, as [Persons] does.
func (e entry) persons() map[int]int {
	frames := make([][]Sighting, len(e.Frames))
	for i, frame := range e.Frames {
		for _, f := range frame.Faces {
			frames[i] = append(frames[i], Sighting{f.track(), image.Rect(f.X, f.Y, f.X+f.Width, f.Y+f.Width)})
		}
	}
	return Persons(frames)
}

// several tells that the video shows several persons.
func (e entry) several() bool {
	for _, person := range e.persons() {
		if person > 1 {
			return true
		}
	}
	return false
}

// track is the track of a face by the name of its file, see fill.
func (f stored) track() int {
	name, _ := strings.CutSuffix(f.File, ".jpg")
	_, track, _ := strings.Cut(name, "-")
	n, _ := strconv.Atoi(track) // names were checked when the entry was read
	return n
}

// unread tells that nothing could be had of the file; extracting it again may go better.
func (e entry) unread() bool { return len(e.Frames) == 0 }

const entryFile = "faces.json"

// readEntry reads the faces of a video. It is not ok if they are not there, or not as they were written.
func readEntry(dir string) (e entry, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, entryFile))
	if err != nil || json.Unmarshal(text, &e) != nil || e.Video == "" {
		return entry{}, false
	}
	for _, frame := range e.Frames {
		for _, f := range frame.Faces {
			if len(f.Landmarks) != 2*face.Landmarks || f.File == "" || f.File != filepath.Base(f.File) {
				return entry{}, false
			}
		}
	}
	return e, true
}

// partPrefix begins the names of folders that are still being written.
const partPrefix = ".part-"

// disk is every way in which videos' folders change. Only tests replace it, to stop between any two changes.
var disk = struct {
	mkdir     func(path string) error
	write     func(path string, content []byte) error // and forces it to the disk
	syncDir   func(path string) error
	rename    func(from, to string) error
	removeAll func(path string) error
}{
	mkdir: func(path string) error { return os.MkdirAll(path, 0o755) },
	write: func(path string, content []byte) error {
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = out.Write(content)
		if err == nil {
			err = out.Sync()
		}
		return errors.Join(err, out.Close())
	},
	syncDir: func(path string) error {
		dir, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(dir.Sync(), dir.Close())
	},
	rename:    os.Rename,
	removeAll: os.RemoveAll,
}

// writeEntry extracts the faces of a video into dir, which is there in full afterwards, or not at all. Locked tells that
// nobody else is at it. What is wrong with the video is in the entry; what is wrong with the machine is an error.
func writeEntry(ctx context.Context, x *Extractor, v layout.Video, digest string, p Params, dir string, locked bool) (entry, error) {
	above, name := filepath.Split(dir)
	parts := filepath.Join(above, partPrefix+name) // a folder for each process
	old := []string{dir}                           // an entry that cannot be used
	if locked {
		old = append(old, parts) // what processes have left that have died
	}
	for _, path := range old {
		if err := disk.removeAll(path); err != nil {
			return entry{}, fmt.Errorf("extract: %w", err)
		}
	}
	part := filepath.Join(parts, strings.ToLower(rand.Text()[:8]))
	if err := disk.mkdir(part); err != nil {
		return entry{}, fmt.Errorf("extract: %w", err)
	}
	e, err := fill(ctx, x, v, digest, p, part)
	if err == nil {
		err = disk.syncDir(part)
	}
	if err == nil {
		err = disk.rename(part, dir)
	}
	if err != nil {
		if _, there := readEntry(dir); there && !locked {
			err = nil // another was faster
		}
		err = errors.Join(err, disk.removeAll(part))
	}
	_ = os.Remove(parts) // not while others are in it
	if err != nil {
		return entry{}, err
	}
	if err := disk.syncDir(above); err != nil {
		return entry{}, fmt.Errorf("extract: %w", err)
	}
	return e, nil
}

// fill writes the faces of a video and what is known of them into dir.
func fill(ctx context.Context, x *Extractor, v layout.Video, digest string, p Params, dir string) (entry, error) {
	e := entry{Video: v.ID(), Digest: digest, Frames: []shown{}}
	for frame, err := range x.Frames(ctx, v, p) {
		if err != nil {
			if ctx.Err() != nil || !ofTheFile(err) {
				return entry{}, err
			}
			e.Problem = err.Error()
			break
		}
		s := shown{Index: frame.Index, Second: frame.Second, Faces: []stored{}, Small: frame.Small, Unclear: frame.Unclear}
		for _, f := range frame.Faces {
			name := fmt.Sprintf("%06d-%d.jpg", frame.Index, f.Track)
			if err := disk.write(filepath.Join(dir, name), f.JPEG); err != nil {
				return entry{}, fmt.Errorf("extract: %w", err)
			}
			var flat []float64
			for _, p := range f.Landmarks {
				flat = append(flat, p.X, p.Y)
			}
			s.Faces = append(s.Faces, stored{
				File: name, X: f.Square.Min.X, Y: f.Square.Min.Y, Width: f.Square.Dx(), Side: f.Side, Turned: f.Turned, Landmarks: flat,
			})
		}
		e.Frames = append(e.Frames, s)
	}
	if e.unread() && e.Problem == "" {
		e.Problem = fmt.Sprintf("extract: %q gave no frame", v.Path)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return entry{}, fmt.Errorf("extract: %w", err)
	}
	if err := disk.write(filepath.Join(dir, entryFile), append(text, '\n')); err != nil {
		return entry{}, fmt.Errorf("extract: %w", err)
	}
	return e, nil
}

// ofTheFile tells that an error is the video's own fault.
func ofTheFile(err error) bool {
	for _, kind := range []error{video.ErrDamaged, video.ErrNotVideo, video.ErrNoFrames, video.ErrTooLarge, video.ErrStalled, video.ErrUnshown, errUnchanged} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
