package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// settlement is what reading all clips of a set has shown.
type settlement struct {
	Clips     int       // of the set, with those that are left out
	Left      []leftOut // in the order of the clips
	Fallbacks int
	Points    []int32 // detected landmarks of the items of the clips that are not left out, in hundredths of a pixel
}

// leftOut is a clip that cannot be read.
type leftOut struct {
	Clip int
	Why  string // with pathSign for the path of a frame's file, which may be another next time
}

// pathSign stands for the path of frame k of a clip.
func pathSign(k int) string { return fmt.Sprintf("\x00%d\x00", k) }

// settlements counts the changes of what settlements mean.
const settlements = 2

// settle leaves out the clips that cannot be read.
func (s *Set) settle(ctx context.Context, set datasets.Set) (skipped []string, err error) {
	path := s.settledPath(set)
	found, known := readSettlement(path, s.Len())
	all := s.clips
	if known {
		s.leaveOut(found.Left)
		if known = s.find == nil || s.place(found.Points); !known {
			s.clips, s.held = all, make([]atomic.Pointer[face.Clip], all.len())
		}
	}
	if !known {
		if found, err = s.readAll(ctx); err != nil {
			return nil, err
		}
		s.leaveOut(found.Left)
		if s.find != nil {
			found.Points = s.collect()
		}
	}
	if s.find != nil {
		s.find.points, s.find.errs = nil, nil
		// The landmarks of the set itself, if it has some, are counted already.
		s.reserve(sizeOfItems(s.items))
	}
	s.fallbacks = found.Fallbacks
	for _, l := range found.Left {
		why := l.Why
		for k, i := range all.at(l.Clip) {
			why = strings.ReplaceAll(why, pathSign(k), s.items[i].Path)
		}
		if s.options.Strict {
			return nil, fmt.Errorf("source: %s cannot be read: %s", s.name, why)
		}
		skipped = append(skipped, why)
	}
	if path != "" && !known {
		// A cache that cannot be written costs time only.
		_ = found.write(path)
	}
	return skipped, nil
}

// UserDir is a folder in the user's cache, "" if there is no such cache: "settled" is that for [Options.Settled].
func UserDir(name string) string {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(cache.Dir()), name)
}

// settledPath is the file of the settlement, "" if there is none to keep.
func (s *Set) settledPath(set datasets.Set) string {
	o := s.options
	if o.Settled == "" || o.Keep != nil && o.KeepID == "" {
		return ""
	}
	digest, err := o.Digest, error(nil)
	if digest == "" {
		if digest, err = datasets.CachedDigest(set, o.Settled); err != nil {
			return "" // a file is not there: reading tells
		}
	}
	detector := ""
	if s.find != nil {
		detector = s.find.ID()
	}
	key := sha256.New()
	fmt.Fprintf(key, "%d %q %q %d %d %q\n", settlements, digest, o.KeepID, max(1, o.Frames), max(1, o.Step), detector)
	if !slices.IsSortedFunc(set.Items, func(a, b datasets.Item) int { return strings.Compare(a.ID(), b.ID()) }) {
		// The digest does not tell the order.
		for _, it := range set.Items {
			fmt.Fprintf(key, "%q\n", it.ID())
		}
	}
	return filepath.Join(o.Settled, hex.EncodeToString(key.Sum(nil)[:12])+".settled")
}

// readAll reads every clip once.
func (s *Set) readAll(ctx context.Context) (found settlement, err error) {
	why := make([]error, s.Len())
	var fallbacks atomic.Int64
	if s.find != nil {
		if err := s.find.open(ctx); err != nil {
			return settlement{}, err
		}
	}
	err = each(ctx, s.Len(), s.options.Progress, func(i int) error {
		c, fallback, err := s.read(s.clips.at(i))
		if err != nil {
			if s.options.Strict || ctx.Err() != nil || isOurs(err) {
				return err
			}
			why[i] = err
			return nil
		}
		if fallback {
			fallbacks.Add(1)
		}
		s.hold(&s.held[i], c)
		return nil
	})
	found = settlement{Clips: s.Len(), Fallbacks: int(fallbacks.Load())}
	for i, err := range why {
		if err == nil {
			continue
		}
		text := err.Error()
		for k, at := range s.clips.at(i) {
			if path := s.items[at].Path; path != "" {
				text = strings.ReplaceAll(text, path, pathSign(k))
			}
		}
		found.Left = append(found.Left, leftOut{i, text})
	}
	return found, err
}

// leaveOut removes clips.
func (s *Set) leaveOut(left []leftOut) {
	if len(left) == 0 {
		return
	}
	kept := table{s.clips.length, make([]int32, 0, len(s.clips.items)-len(left)*s.clips.length)}
	held := make([]atomic.Pointer[face.Clip], s.Len()-len(left))
	for i := range s.Len() {
		if len(left) > 0 && left[0].Clip == i {
			left = left[1:]
			continue
		}
		held[kept.len()].Store(s.held[i].Load())
		kept.items = append(kept.items, s.clips.at(i)...)
	}
	s.clips, s.held = kept, held
}

// readSettlement reads the settlement of a set of n clips, if there is one that is whole.
func readSettlement(path string, n int) (found settlement, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil || gob.NewDecoder(bytes.NewReader(text)).Decode(&found) != nil || found.Clips != n {
		return settlement{}, false
	}
	last := -1
	for _, l := range found.Left {
		if l.Clip <= last || l.Clip >= n {
			return settlement{}, false
		}
		last = l.Clip
	}
	return found, true
}

func (found settlement) write(path string) error {
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(found); err != nil {
		return err
	}
	return writeFile(path, text.Bytes())
}

// writeFile writes a file of a cache: whole or not at all, unless the machine dies.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	_, err = out.Write(text)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}
