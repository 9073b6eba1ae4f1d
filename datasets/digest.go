package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Digest returns the SHA-256 in hex of a set's item ids, labels, landmarks and image bytes, whatever the order of the
// items: two runs that report the same digest saw the same faces. Of a drawn set it hashes the ids and every 64th
// drawing, which changes when the drawing code does.
func Digest(set Set) (string, error) { return CachedDigest(set, "") }

// CachedDigest is Digest, but reads an image only when its size or its time of change is not that of an earlier call with
// the folder cache, which is made if need be. A cache that cannot be read or written costs time only.
func CachedDigest(set Set, cache string) (string, error) {
	items := set.Items
	if !sorted(items) {
		items = slices.Clone(items)
		sortItems(items)
	}
	contents, err := digestFiles(set, items, cache)
	if err != nil {
		return "", err
	}
	total := sha256.New()
	for i, it := range items {
		content := contents[i].hex()
		if it.Draw != nil {
			drawn := sha256.New()
			if i%64 == 0 {
				drawn.Write(it.Draw().Image.Pix)
			}
			content = hex.EncodeToString(drawn.Sum(nil))
		}
		fmt.Fprintf(total, "%q %q %t %s", it.ID(), it.Identity, it.Fake, content)
		if it.Track != 0 {
			fmt.Fprintf(total, " track %d", it.Track)
		}
		fmt.Fprintln(total)
		if it.Draw != nil {
			continue // its landmarks are drawn with it
		}
		if err := binary.Write(total, binary.LittleEndian, it.Landmarks()); err != nil {
			return "", fmt.Errorf("datasets: digest of %s: %w", it.ID(), err)
		}
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// inFile tells that the item is an image in a file.
func (it Item) inFile() bool { return it.Draw == nil && !it.NoFace() }

// digestFiles returns the SHA-256 of the images of items, the zero value for those without a file.
func digestFiles(set Set, items []Item, cache string) ([]fileDigest, error) {
	old := map[string]fileDigest{}
	path := ""
	if at := slices.IndexFunc(items, Item.inFile); cache != "" && at >= 0 {
		if where, err := filepath.Abs(items[at].Path); err == nil {
			name := sha256.Sum256([]byte(set.Name + "\n" + where))
			path = filepath.Join(cache, hex.EncodeToString(name[:8])+".csv")
			old = readDigests(path)
		}
	}
	sums, errs := make([]fileDigest, len(items)), make([]error, len(items))
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(items); i += workers {
				if items[i].inFile() {
					sums[i], errs[i] = digestFile(items[i].Path, old[items[i].Path])
				}
			}
		})
	}
	wait.Wait()
	read := false
	for i, it := range items {
		if errs[i] != nil {
			return nil, fmt.Errorf("datasets: digest of %s: %w", it.ID(), errs[i])
		}
		read = read || it.inFile() && sums[i] != old[it.Path]
	}
	if path != "" && read {
		clear(old)
		for i, it := range items {
			if it.inFile() {
				old[it.Path] = sums[i]
			}
		}
		// Another process may write it too: either is right.
		_ = writeDigests(path, old)
	}
	return sums, nil
}

// fileDigest is the digest of a file as it was at a size and a time.
type fileDigest struct {
	size, time int64
	sum        [sha256.Size]byte // zero if it is not known
}

// hex is the digest as text, "" if it is not known.
func (d fileDigest) hex() string {
	if d.sum == ([sha256.Size]byte{}) {
		return ""
	}
	return hex.EncodeToString(d.sum[:])
}

func digestAt(info os.FileInfo) fileDigest {
	return fileDigest{size: info.Size(), time: info.ModTime().UnixNano()}
}

// of tells that the digest is that of a file which is as it was.
func (d fileDigest) of(info os.FileInfo) bool {
	now := digestAt(info)
	return d.sum != [sha256.Size]byte{} && d.size == now.size && d.time == now.time
}

// settled is how long ago a file must have been changed for its time to tell one content from the next: file systems count
// time in steps of up to two seconds.
const settled = 3 * time.Second

// digestFile returns the digest of a file; known is what it was before, if that is known.
func digestFile(path string, known fileDigest) (fileDigest, error) {
	in, err := os.Open(path)
	if err != nil {
		return fileDigest{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return fileDigest{}, err
	}
	d := digestAt(info)
	if known.of(info) {
		return known, nil
	}
	if time.Since(info.ModTime()).Abs() < settled {
		d.time = 0 // no file's: it is read again next time
	}
	content := sha256.New()
	if _, err := io.Copy(content, in); err != nil {
		return fileDigest{}, err
	}
	content.Sum(d.sum[:0])
	return d, nil
}

// FileDigests knows the SHA-256 of files as long as neither their sizes nor their times of change are others, so that
// videos are read once. It may be used by several goroutines.
type FileDigests struct {
	path    string
	mu      sync.Mutex
	digests map[string]fileDigest
	fresh   map[string]fileDigest // since the last Save
}

// OpenDigests reads what [FileDigests.Save] has written to path, as far as it can.
func OpenDigests(path string) *FileDigests {
	return &FileDigests{path: path, digests: readDigests(path), fresh: map[string]fileDigest{}}
}

// realPath is the one path of a file whatever links lead to it.
func realPath(path string) (string, error) {
	name, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(name)
}

// Of returns the SHA-256 in hex of a file and reads the file if it must.
func (d *FileDigests) Of(path string) (string, error) {
	name, err := realPath(path)
	if err != nil {
		return "", fmt.Errorf("datasets: digest of %s: %w", Printable(path), Pathless(err))
	}
	d.mu.Lock()
	known := d.digests[name]
	d.mu.Unlock()
	now, err := digestFile(name, known)
	if err != nil {
		return "", fmt.Errorf("datasets: digest of %s: %w", Printable(path), Pathless(err))
	}
	if now != known {
		d.mu.Lock()
		d.digests[name], d.fresh[name] = now, now
		d.mu.Unlock()
	}
	return now.hex(), nil
}

// Known is Of without reading: it is false where the file would have to be read.
func (d *FileDigests) Known(path string) (sum string, ok bool) {
	name, err := realPath(path)
	if err != nil {
		return "", false
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.digests[name]
	return known.hex(), known.of(info)
}

// Unsettled tells that a file was read so soon after it was changed that its time says nothing of its content: it has the
// size that it had, and reading it again tells whether it is the same.
func (d *FileDigests) Unsettled(path string) bool {
	name, err := realPath(path)
	if err != nil {
		return false
	}
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.digests[name]
	return known.hex() != "" && known.time == 0 && known.size == info.Size()
}

// Save writes what is known, beside what other processes have written since.
func (d *FileDigests) Save() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.fresh) == 0 {
		return nil
	}
	all := readDigests(d.path)
	maps.Copy(all, d.fresh)
	if err := writeDigests(d.path, all); err != nil {
		return fmt.Errorf("datasets: digests: %w", err)
	}
	clear(d.fresh)
	return nil
}

// readDigests reads what writeDigests wrote, as far as it can.
func readDigests(path string) map[string]fileDigest {
	digests := map[string]fileDigest{}
	text, err := os.ReadFile(path)
	if err != nil {
		return digests
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord, rows.ReuseRecord = 4, true
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return digests
		}
		if err != nil {
			return map[string]fileDigest{}
		}
		size, err1 := strconv.ParseInt(row[1], 10, 64)
		at, err2 := strconv.ParseInt(row[2], 10, 64)
		sum, err3 := hex.DecodeString(row[3])
		if err1 == nil && err2 == nil && err3 == nil && len(sum) == sha256.Size {
			digests[strings.Clone(row[0])] = fileDigest{size, at, [sha256.Size]byte(sum)}
		}
	}
}

func writeDigests(path string, digests map[string]fileDigest) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	w := csv.NewWriter(out)
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		d := digests[name]
		// A csv.Writer keeps its first error.
		_ = w.Write([]string{name, strconv.FormatInt(d.size, 10), strconv.FormatInt(d.time, 10), d.hex()})
	}
	w.Flush()
	if err := errors.Join(w.Error(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}
