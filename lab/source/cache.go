package source

import (
	"runtime/metrics"
	"sync"
	"unsafe"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// Cache bounds the memory of all sets that are opened with it: the decoded clips that they keep, and what they know of each
// clip. Training reads clips in random orders, in which none is used again sooner than another; so whatever came first stays
// until its set is closed, and what has no room is decoded at each use. It may be used by several goroutines; a nil Cache
// keeps nothing.
type Cache struct {
	mu   sync.Mutex
	room int64 // for live bytes
	used int64
}

// working is what of the memory is left to opening sets and to what is being read, in bytes.
const working = 200e6

// NewCache makes a cache within memory bytes. It fills what remains after 200 MB, or half of a small memory, for the work at
// hand, and after the room that the garbage collector takes: it lets the heap grow by GOGC percent of what is live before it
// collects. So at Go's default half of the remainder is filled.
func NewCache(memory int64) *Cache {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	percent := uint64(100)
	// With the collector off it is the largest number.
	if v := sample[0].Value; v.Kind() == metrics.KindUint64 && v.Uint64() <= 1000 {
		percent = v.Uint64()
	}
	memory -= min(memory/2, working)
	return &Cache{room: int64(float64(memory) * 100 / float64(100+percent))}
}

// Used is how many bytes are live: those of decoded clips and of what the open sets know of them.
func (c *Cache) Used() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// Room is how many bytes may be live.
func (c *Cache) Room() int64 {
	if c == nil {
		return 0
	}
	return c.room
}

// take reserves n bytes, if there is room.
func (c *Cache) take(n int64) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used+n > c.room {
		return false
	}
	c.used += n
	return true
}

// full tells that there is no room for even a byte.
func (c *Cache) full() bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used >= c.room
}

// add counts n bytes that are there anyway, or are no longer there if n is negative.
func (c *Cache) add(n int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used += n
}

const pointSize = int64(unsafe.Sizeof(face.Point{}))

// sizeOf is what a decoded clip takes, in bytes: pixels, landmarks and what holds them.
func sizeOf(c face.Clip) int64 {
	n := int64(unsafe.Sizeof(c))
	for _, frames := range [][]face.Face{c.Frames, c.Pair} {
		for _, f := range frames {
			n += int64(unsafe.Sizeof(f)) + int64(unsafe.Sizeof(*f.Image)) + int64(cap(f.Image.Pix)) + pointSize*int64(cap(f.Landmarks))
		}
	}
	return n
}

// sizeOfItems is what a set knows of its faces, in bytes. The name of a file is the end of its path, and other names are
// shared between faces.
func sizeOfItems(items []datasets.Item) (n int64) {
	for _, it := range items {
		n += int64(unsafe.Sizeof(it)) + int64(len(it.Path)) + it.LandmarkSize()
	}
	return n
}
