package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is every way in which this package changes files. Only tests replace it, to see what a crash, a torn write or a
// full disk leaves behind.
var disk filesystem = osDisk{}

type filesystem interface {
	Mkdir(path string) error
	Open(path string, flag int) (file, error)
	Rename(from, to string) error
	Remove(path string) error
	RemoveAll(path string) error
	SyncFolder(path string) error // forces the folder's own entries to the disk
}

type file interface {
	io.Writer
	io.WriterAt
	Sync() error
	Close() error
}

type osDisk struct{}

func (osDisk) Mkdir(path string) error      { return os.Mkdir(path, 0o755) }
func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) Remove(path string) error     { return os.Remove(path) }
func (osDisk) RemoveAll(path string) error  { return os.RemoveAll(path) }

func (osDisk) Open(path string, flag int) (file, error) { return os.OpenFile(path, flag, 0o644) }

func (osDisk) SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// mkdirs makes a folder and those above it that are missing.
func mkdirs(path string) error {
	err := disk.Mkdir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path:
		if err := mkdirs(filepath.Dir(path)); err != nil {
			return err
		}
		if err := disk.Mkdir(path); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return err
		}
	}
	return err
}
