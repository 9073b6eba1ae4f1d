package safetensors

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// Write puts f into the file path, whose folder must exist. The file is either there in full, forced to the disk, or,
// after an error or a crash, as it was before. Equal content gives equal bytes: tensors are sorted by name. It refuses
// a tensor whose values do not fit its shape or type or, naming it, are not finite.
func Write(path string, f File) error {
	if err := f.Check(); err != nil {
		return err
	}
	if err := write(path, f, slices.Sorted(maps.Keys(f.Tensors))); err != nil {
		return fmt.Errorf("safetensors: cannot write %s: %w", path, err)
	}
	return nil
}

// Encode writes f as [Write] writes it into a file.
func Encode(w io.Writer, f File) error {
	if err := f.Check(); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(f.Tensors))
	header, err := formatHeader(f, names)
	if err == nil {
		err = encode(w, header, f, names)
	}
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

func write(path string, f File, names []string) error {
	header, err := formatHeader(f, names)
	if err != nil {
		return err
	}
	part := path + "." + rand.Text() + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = encode(out, header, f, names)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncFolder(filepath.Dir(path))
}

// encode writes the header and the values of the tensors in the order of names.
func encode(w io.Writer, header []byte, f File, names []string) error {
	out := bufio.NewWriter(w)
	buffer := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	out.Write(append(buffer, header...)) // a bufio.Writer keeps its first error for Flush
	for _, name := range names {
		t := f.Tensors[name]
		for values := range slices.Chunk(t.Data, chunk) {
			buffer = buffer[:0]
			for _, v := range values {
				if t.Half {
					buffer = binary.LittleEndian.AppendUint16(buffer, toHalf(v))
				} else {
					buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
				}
			}
			out.Write(buffer)
		}
	}
	return out.Flush()
}

// syncFolder forces a folder's own entries to the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
