package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// chunk is the number of values that are converted at a time.
const chunk = 1 << 14

// Read returns the content of the file path. It fails on a file that is cut short or too long, on a header that is not
// strictly valid (16 MB at most), on elements other than float32 and float16, and, naming the tensor, on values that are not
// finite. It needs no more memory than a small multiple of the file's size, whatever the header claims.
func Read(path string) (File, error) {
	return readFile(path, nil)
}

// ReadFloats is [Read] for files that hold tensors of other types too, such as the counts of batches that timm's have. It
// passes those over and returns their names in the order in which they lie in the file.
func ReadFloats(path string) (f File, others []string, err error) {
	others = []string{}
	f, err = readFile(path, &others)
	return f, others, err
}

func readFile(path string, others *[]string) (File, error) {
	in, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %w", err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %w", err)
	}
	if !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("safetensors: %s is not a regular file", path)
	}
	f, err := decode(in, info.Size(), others)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return f, nil
}

// Decode reads a file of that many bytes from r, as strictly as [Read].
func Decode(r io.Reader, size int64) (File, error) {
	f, err := decode(r, size, nil)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

// decode reads a file of length bytes. It appends the names of tensors of other types than float32 and float16 to others, or
// fails if that is nil.
func decode(in io.Reader, length int64, others *[]string) (File, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(in, prefix[:]); err != nil {
		return File{}, cutShort(err)
	}
	headerBytes := binary.LittleEndian.Uint64(prefix[:])
	left := length - int64(len(prefix))
	switch {
	case headerBytes > maxHeader:
		return File{}, fmt.Errorf("the header would have %d bytes, at most %d are allowed; is this a safetensors file?", headerBytes, maxHeader)
	case int64(headerBytes) > left:
		return File{}, fmt.Errorf("the header would have %d bytes, but the file has only %d more; it is cut short", headerBytes, left)
	}
	text := make([]byte, headerBytes)
	if _, err := io.ReadFull(in, text); err != nil {
		return File{}, cutShort(err)
	}
	metadata, entries, err := parseHeader(text)
	if err != nil {
		return File{}, err
	}
	if err := checkPlaces(entries, left-int64(headerBytes)); err != nil {
		return File{}, err
	}
	f := File{Metadata: metadata, Tensors: make(map[string]Tensor, len(entries))}
	for _, e := range entries {
		t := Tensor{Shape: e.shape, Half: e.dtype == "F16"}
		if e.dtype != t.dtype() {
			if others == nil {
				return File{}, fmt.Errorf("tensor %.100q has elements of type %s, want F32 or F16; convert it first", e.name, e.dtype)
			}
			*others = append(*others, e.name)
			if _, err := io.CopyN(io.Discard, in, int64(e.end-e.begin)); err != nil {
				return File{}, cutShort(err)
			}
			continue
		}
		t.Data = make([]float32, (e.end-e.begin)/dtypeBytes[e.dtype])
		if err := readValues(in, t); err != nil {
			return File{}, fmt.Errorf("tensor %.100q: %w", e.name, err)
		}
		f.Tensors[e.name] = t
	}
	return f, nil
}

// checkPlaces sorts the entries as they lie in the file and checks that they fill its length bytes of values, without
// gap or overlap.
func checkPlaces(entries []entry, length int64) error {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	filled := 0
	for _, e := range entries {
		if e.begin != filled {
			return fmt.Errorf("tensor %.100q begins at byte %d of the values, want %d: tensors must follow each other", e.name, e.begin, filled)
		}
		filled = e.end
	}
	if int64(filled) != length {
		return fmt.Errorf("the tensors have %d bytes, the file has %d for them; it is cut short or spoiled", filled, length)
	}
	return nil
}

// readValues fills the values of t from in.
func readValues(in io.Reader, t Tensor) error {
	width := dtypeBytes[t.dtype()]
	buffer := make([]byte, min(chunk, len(t.Data))*width)
	for from := 0; from < len(t.Data); from += chunk {
		part := t.Data[from:min(from+chunk, len(t.Data))]
		bytes := buffer[:len(part)*width]
		if _, err := io.ReadFull(in, bytes); err != nil {
			return cutShort(err)
		}
		for i := range part {
			if t.Half {
				part[i] = fromHalf(binary.LittleEndian.Uint16(bytes[2*i:]))
			} else {
				part[i] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*i:]))
			}
		}
		if err := checkFinite(part, from); err != nil {
			return err
		}
	}
	return nil
}

// cutShort says so when a file ended before its time.
func cutShort(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}
