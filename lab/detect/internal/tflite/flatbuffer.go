package tflite

import (
	"encoding/binary"
	"fmt"
)

// buffer reads a FlatBuffer: tables that point to each other by offsets. The first thing that is wrong stays in err, and
// from then on all reads give zero.
type buffer struct {
	data []byte
	err  error
}

func (b *buffer) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// bytes returns n bytes at an offset.
func (b *buffer) bytes(at, n int) []byte {
	if b.err != nil {
		return make([]byte, 8)[:min(n, 8)]
	}
	if at < 0 || n < 0 || at > len(b.data) || n > len(b.data)-at {
		b.fail("an offset leads to byte %d of %d: truncated or damaged", at, len(b.data))
		return make([]byte, 8)[:min(max(n, 0), 8)]
	}
	return b.data[at : at+n]
}

func (b *buffer) uint16(at int) int { return int(binary.LittleEndian.Uint16(b.bytes(at, 2))) }
func (b *buffer) uint32(at int) int { return int(binary.LittleEndian.Uint32(b.bytes(at, 4))) }
func (b *buffer) int32(at int) int  { return int(int32(binary.LittleEndian.Uint32(b.bytes(at, 4)))) }

// follow returns where the offset at a place leads.
func (b *buffer) follow(at int) int { return at + b.uint32(at) }

// table is one record; which fields it has is told by a list of offsets, its vtable.
type table struct {
	b           *buffer
	at          int
	vtable, end int
}

func (b *buffer) table(at int) table {
	vtable := at - b.int32(at)
	return table{b, at, vtable, vtable + b.uint16(vtable)}
}

// field returns where field i lies, or 0 if the table lacks it.
func (t table) field(i int) int {
	at := t.vtable + 4 + 2*i
	if t.b.err != nil || at+2 > t.end {
		return 0
	}
	offset := t.b.uint16(at)
	if offset == 0 {
		return 0
	}
	return t.at + offset
}

// int reads a 32-bit field.
func (t table) int(i, otherwise int) int {
	if at := t.field(i); at != 0 {
		return t.b.int32(at)
	}
	return otherwise
}

// byte reads an 8-bit field.
func (t table) byte(i int) int {
	if at := t.field(i); at != 0 {
		return int(t.b.bytes(at, 1)[0])
	}
	return 0
}

// vector returns where the elements of a list begin, and how many there are, which the file holds in full.
func (t table) vector(i, size int) (at, n int) {
	at = t.field(i)
	if at == 0 {
		return 0, 0
	}
	at = t.b.follow(at)
	n = t.b.uint32(at)
	if t.b.err == nil && n > (len(t.b.data)-at-4)/size {
		t.b.fail("a list claims %d elements of %d bytes at byte %d of %d", n, size, at, len(t.b.data))
	}
	if t.b.err != nil {
		return 0, 0
	}
	return at + 4, n
}

// ints reads a list of 32-bit numbers.
func (t table) ints(i int) []int {
	at, n := t.vector(i, 4)
	list := make([]int, n)
	for k := range list {
		list[k] = t.b.int32(at + 4*k)
	}
	return list
}

// tables reads a list of tables.
func (t table) tables(i int) []table {
	at, n := t.vector(i, 4)
	list := make([]table, n)
	for k := range list {
		list[k] = t.b.table(t.b.follow(at + 4*k))
	}
	return list
}
