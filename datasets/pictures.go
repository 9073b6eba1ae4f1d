package datasets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seeable-lab/seeable/lab/face"
)

// Picture is what a face in a file looks like, whatever the file is called and however the picture is stored in it.
type Picture struct {
	Pixels face.Digest // of the size and the decoded pixels; zero where there is no picture
	Hash   uint64      // dHash of the picture at 9 × 8 pixels, by which package overlap finds near-duplicates
	Look   face.Look   // what trivial rivals of detectors see of it
}

// Known tells that there is a picture.
func (p Picture) Known() bool { return p.Pixels != face.Digest{} }

// Looking says how [Pictures] looks at faces.
type Looking struct {
	// Digests is the folder of [CachedDigest], and Cache that in which is kept what pictures look like, by the content of
	// their files, so that no file is decoded twice; "" to look anew each time.
	Digests, Cache string
	// Progress is told how many of the files that must be decoded are, one call at a time; nil for none.
	Progress func(done, total int)
}

// Pictures looks at the faces of a set: one entry for each item, the zero value for one that is drawn, that has no face, or
// whose file cannot be decoded. It fails where a file is not there, and when ctx ends.
func Pictures(ctx context.Context, set Set, o Looking) ([]Picture, error) {
	contents, err := digestFiles(set, set.Items, o.Digests)
	if err != nil {
		return nil, err
	}
	found := make([]Picture, len(set.Items))
	shelves := map[string]*shelf{} // by the folder of a set
	at := make([]*shelf, len(set.Items))
	var open []int // to be decoded
	folder, last := "", (*shelf)(nil)
	for i, it := range set.Items {
		if !it.inFile() {
			continue
		}
		if dir := strings.TrimSuffix(it.Path, filepath.FromSlash(it.File)); last == nil || dir != folder {
			if folder, last = dir, shelves[dir]; last == nil {
				last = openShelf(o.Cache, dir)
				shelves[dir] = last
			}
		}
		at[i] = last
		if p, ok := last.known[contents[i].sum]; ok {
			found[i] = p
		} else {
			open = append(open, i)
		}
	}
	err = look(ctx, set.Items, open, found, o.Progress)
	for _, i := range open {
		if found[i].Known() {
			at[i].known[contents[i].sum], at[i].fresh = found[i], true
		}
	}
	for _, s := range shelves {
		// A cache that cannot be written costs time only, and another process may write it too.
		_ = s.save()
	}
	if err != nil {
		return nil, fmt.Errorf("datasets: pictures of %s: %w", set.Name, err)
	}
	return found, nil
}

// look decodes the files of some items on all cores.
func look(ctx context.Context, items []Item, open []int, found []Picture, progress func(done, total int)) error {
	var next atomic.Int64
	var mu sync.Mutex
	done := 0
	var wait sync.WaitGroup
	for range min(len(open), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(open) {
					return
				}
				// Who reads the faces tells of a file that cannot be decoded.
				if m, err := face.Open(items[open[n]].Path); err == nil {
					found[open[n]] = NewPicture(m)
				}
				if progress != nil {
					mu.Lock()
					done++
					progress(done, len(open))
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// NewPicture looks at a decoded picture, as [face.Decode] returns it.
func NewPicture(m *image.RGBA) Picture {
	return Picture{Pixels: face.PixelDigest(m), Hash: differenceHash(m), Look: face.NewLook(m)}
}

// The places of a difference hash.
const hashWidth, hashHeight = 9, 8

// differenceHash is dHash (Krawetz, "Kind of Like That", 2013): the picture is reduced to 9 × 8 mean brightnesses, and each
// of the 64 bits, row by row from the highest on, tells whether a place is darker than the next to its right.
func differenceHash(m *image.RGBA) (hash uint64) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for row := range hashHeight {
		var mean [hashWidth]float64
		top, bottom := part(row, hashHeight, h)
		for column := range hashWidth {
			left, right := part(column, hashWidth, w)
			total := 0
			for y := top; y < bottom; y++ {
				at := m.PixOffset(m.Rect.Min.X+left, m.Rect.Min.Y+y)
				for pixels := m.Pix[at : at+4*(right-left)]; len(pixels) > 0; pixels = pixels[4:] {
					total += 299*int(pixels[0]) + 587*int(pixels[1]) + 114*int(pixels[2])
				}
			}
			mean[column] = float64(total) / float64((right-left)*(bottom-top))
		}
		for column := range hashWidth - 1 {
			hash <<= 1
			if mean[column] < mean[column+1] {
				hash |= 1
			}
		}
	}
	return hash
}

// part is the i-th of n parts of length pixels, a pixel at least.
func part(i, n, length int) (from, to int) {
	from = min(i*length/n, length-1)
	return from, max(from+1, (i+1)*length/n)
}

// shelf keeps what the pictures of a folder look like, by the SHA-256 of their files.
type shelf struct {
	path  string // "" to keep nothing
	known map[[sha256.Size]byte]Picture
	fresh bool
}

// shelfMark begins a file of a shelf: its form, and what decodes the pictures.
var shelfMark = []byte("seeable pictures 2 " + runtime.Version() + "\n")

// openShelf reads what save wrote for a folder, as far as it can.
func openShelf(cache, dir string) *shelf {
	s := &shelf{known: map[[sha256.Size]byte]Picture{}}
	where, err := filepath.Abs(dir)
	if cache == "" || err != nil {
		return s
	}
	name := sha256.Sum256([]byte(where))
	s.path = filepath.Join(cache, hex.EncodeToString(name[:8])+".pictures")
	text, err := os.ReadFile(s.path)
	text, ok := bytes.CutPrefix(text, shelfMark)
	if err != nil || !ok {
		return s
	}
	const pixelBytes = len(face.Digest{})
	const size = sha256.Size + pixelBytes + 3*8
	for ; len(text) >= size; text = text[size:] {
		number := func(i int) uint64 { return binary.LittleEndian.Uint64(text[sha256.Size+pixelBytes+8*i:]) }
		s.known[[sha256.Size]byte(text)] = Picture{
			Pixels: face.Digest(text[sha256.Size:]), Hash: number(0),
			Look: face.Look{Sharpness: math.Float64frombits(number(1)), Brightness: math.Float64frombits(number(2))},
		}
	}
	return s
}

// save writes what has been found since openShelf, beside what was known.
func (s *shelf) save() error {
	if s.path == "" || !s.fresh {
		return nil
	}
	text := bytes.Clone(shelfMark)
	for content, p := range s.known {
		text = append(text, content[:]...)
		text = append(text, p.Pixels[:]...)
		for _, number := range []uint64{p.Hash, math.Float64bits(p.Look.Sharpness), math.Float64bits(p.Look.Brightness)} {
			text = binary.LittleEndian.AppendUint64(text, number)
		}
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(s.path), ".part-*")
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	defer os.Remove(out.Name())
	_, err = out.Write(text)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), s.path)
}
