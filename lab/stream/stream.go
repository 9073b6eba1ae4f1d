// Package stream derives independent random streams from a seed and a key.
//
// Every random choice in the lab is a pure function of (seed, key): a step number, an item's
// identity, a purpose. Nothing carries generator state from one choice to the next, so a run can
// be resumed, repeated and sharded without saving any.
package stream

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// New returns the stream that belongs to seed and keys. Keys are strings, ints, or uint64s; their
// order and their types matter, so ("a", "bc") and ("ab", "c") give different streams.
// New panics on a key of another type, which is a programming error.
func New(seed uint64, keys ...any) *rand.Rand {
	return rand.New(rand.NewPCG(seed, Hash(keys...)))
}

// Hash returns the 64-bit FNV-1a hash of keys, as New uses it.
func Hash(keys ...any) uint64 {
	h := fnv.New64a()
	var word [9]byte
	number := func(tag byte, v uint64) {
		word[0] = tag
		binary.LittleEndian.PutUint64(word[1:], v)
		h.Write(word[:])
	}
	for _, key := range keys {
		switch k := key.(type) {
		case string:
			number('s', uint64(len(k)))
			h.Write([]byte(k))
		case int:
			number('i', uint64(k))
		case uint64:
			number('u', k)
		default:
			panic(fmt.Sprintf("stream: key %v has type %T, want string, int or uint64", key, key))
		}
	}
	return mix(h.Sum64())
}

// mix is the finalizer of SplitMix64. FNV's last byte reaches only the low bits, and PCG's first
// outputs for neighbouring seeds would otherwise be related.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
