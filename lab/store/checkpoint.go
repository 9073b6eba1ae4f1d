package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	checkpointFolder = "checkpoints"
	checkpointPrefix = "step-"
	damagedPrefix    = "damaged-"
	badPrefix        = "bad-"
	stageFolder      = "stages"
	// LastFile names the newest checkpoint, for people and other programs. [Cell.Checkpoint] looks at the checkpoints
	// themselves.
	LastFile = "LAST"
)

// keptCheckpoints is how many checkpoints a cell keeps: the newest, and one to fall back on.
const keptCheckpoints = 2

// Checkpoint is a state of an unfinished run to go on from.
type Checkpoint struct {
	Step  int               // steps done
	Files map[string][]byte // by name
}

// SaveCheckpoint keeps a state of the run: its files are written into a folder of their own, forced to the disk together
// with their digests, and the folder is renamed into place. The newest two are kept.
func (c *Cell) SaveCheckpoint(p Checkpoint) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := c.lost(c.saveCheckpoint(p)); err != nil {
		return fmt.Errorf("store: checkpoint of %s after step %d: %w", c.id, p.Step, err)
	}
	return nil
}

func (c *Cell) saveCheckpoint(p Checkpoint) error {
	dir := c.Path(checkpointFolder)
	if err := disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	name := checkpointName(p.Step)
	if err := c.writeFolder(dir, name, p.files()); err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, LastFile), []byte(name+"\n")); err != nil {
		return err
	}
	steps, err := checkpoints(c.dir)
	if err != nil {
		return err
	}
	for _, step := range steps[min(keptCheckpoints, len(steps)):] {
		if err := disk.RemoveAll(filepath.Join(dir, checkpointName(step))); err != nil {
			return err
		}
	}
	return nil
}

func checkpointName(step int) string { return fmt.Sprintf("%s%09d", checkpointPrefix, step) }

// writeFolder writes a folder of files with their digests below dir, all of it or nothing.
func (c *Cell) writeFolder(dir, name string, files map[string]func(io.Writer) error) error {
	part := filepath.Join(dir, partPrefix+name)
	// What a write that was cut off left there.
	if err := disk.RemoveAll(part); err != nil {
		return err
	}
	if err := disk.Mkdir(part); err != nil {
		return err
	}
	sums := map[string]string{}
	for file, write := range files {
		digest := sha256.New()
		err := writeNew(filepath.Join(part, file), func(w io.Writer) error { return write(io.MultiWriter(w, digest)) })
		if err != nil {
			return err
		}
		sums[file] = hex.EncodeToString(digest.Sum(nil))
	}
	if err := writeNew(filepath.Join(part, SumsFile), Bytes([]byte(formatSums(sums)))); err != nil {
		return err
	}
	if err := disk.SyncFolder(part); err != nil {
		return err
	}
	final := filepath.Join(dir, name)
	// A folder that is not empty cannot be replaced by a rename. It is there when a run goes on from an older state than
	// the newest.
	if err := disk.RemoveAll(final); err != nil {
		return err
	}
	if err := disk.Rename(part, final); err != nil {
		return err
	}
	return disk.SyncFolder(dir)
}

// checkpoints lists the steps of an attempt's checkpoints, the newest first.
func checkpoints(attempt string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(attempt, checkpointFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var steps []int
	for _, entry := range entries {
		if number, ok := strings.CutPrefix(entry.Name(), checkpointPrefix); ok {
			if step, err := strconv.Atoi(number); err == nil {
				steps = append(steps, step)
			}
		}
	}
	slices.SortFunc(steps, func(a, b int) int { return cmp.Compare(b, a) })
	return steps, nil
}

// Checkpoint returns the newest state that is as it was written, nil if there is none. damaged tells about newer ones that
// are not; they are put aside.
func (c *Cell) Checkpoint() (p *Checkpoint, damaged []error, err error) {
	steps, err := checkpoints(c.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("store: checkpoints of %s: %w", c.id, err)
	}
	for _, step := range steps {
		name := checkpointName(step)
		dir := c.Path(filepath.Join(checkpointFolder, name))
		wrong := Verify(dir)
		if wrong == nil {
			p, err := readCheckpoint(dir, step)
			return p, damaged, err
		}
		if !errors.Is(wrong, ErrDamaged) && !errors.Is(wrong, fs.ErrNotExist) {
			return nil, damaged, wrong
		}
		damaged = append(damaged, wrong)
		aside := c.Path(filepath.Join(checkpointFolder, damagedPrefix+name+"-"+c.lease.owner.Name[:8]))
		if err := disk.Rename(dir, aside); err != nil {
			return nil, damaged, c.lost(fmt.Errorf("store: %w", err))
		}
	}
	return nil, damaged, nil
}

func readCheckpoint(dir string, step int) (*Checkpoint, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	p := &Checkpoint{Step: step, Files: map[string][]byte{}}
	for _, entry := range entries {
		if entry.Name() == SumsFile {
			continue
		}
		if p.Files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	return p, nil
}

func (p Checkpoint) files() map[string]func(io.Writer) error {
	files := map[string]func(io.Writer) error{}
	for name, data := range p.Files {
		files[name] = Bytes(data)
	}
	return files
}

// Quarantine keeps a state whose numbers are not to be gone on from, for a look, as bad-STEP beside the checkpoints, and
// marks the run as diverged.
func (c *Cell) Quarantine(p Checkpoint, why string) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := c.lost(c.writeFolder(c.dir, badPrefix+strconv.Itoa(p.Step), p.files())); err != nil {
		return fmt.Errorf("store: quarantine of %s at step %d: %w", c.id, p.Step, err)
	}
	return c.Fail(Failure{Kind: KindDiverged, Step: p.Step, Error: why})
}

// Keep keeps what a stage of the run after its training has found, as [Cell.SaveCheckpoint] keeps a state: files by name, as
// functions that write them. name is that of a file.
func (c *Cell) Keep(name string, files map[string]func(io.Writer) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	dir := c.Path(stageFolder)
	err := disk.Mkdir(dir)
	if err == nil || errors.Is(err, fs.ErrExist) {
		err = c.writeFolder(dir, name, files)
	}
	if err := c.lost(err); err != nil {
		return fmt.Errorf("store: %s of %s: %w", name, c.id, err)
	}
	return nil
}

// Kept returns the folder of the files that Keep has kept, nil if there are none that are as they were written.
func (c *Cell) Kept(name string) fs.FS {
	dir := c.Path(filepath.Join(stageFolder, name))
	if Verify(dir) != nil {
		return nil
	}
	return os.DirFS(dir)
}
