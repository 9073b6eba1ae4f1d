package synthetic

import (
	"bytes"
	"image"
	"image/jpeg"
	"sync"

	"github.com/seeable-lab/seeable/lab/face"
)

// shot names a frame: the seed of its set and its file.
type shot struct {
	seed uint64
	file string
}

// album keeps the frames that were drawn, as JPEG, for the next run in the process: drawing one takes ten times as long as decoding
// it. One takes about 12 kB; those of the first sets that fill it stay.
var album struct {
	sync.Mutex
	frames map[shot][]byte
	bytes  int
}

const albumBytes = 64 << 20

// taken is a frame as it was compressed, once; draw draws it and says by which quality, unless the album has it.
func taken(s shot, draw func() (picture *image.RGBA, quality int)) *image.RGBA {
	album.Lock()
	text, ok := album.frames[s]
	album.Unlock()
	if !ok {
		text = encode(draw())
		album.Lock()
		if album.bytes+len(text) <= albumBytes {
			if album.frames == nil {
				album.frames = map[shot][]byte{}
			}
			album.frames[s] = text
			album.bytes += len(text)
		}
		album.Unlock()
	}
	return decode(text)
}

// compress passes a picture through JPEG.
func compress(m *image.RGBA, quality int) *image.RGBA { return decode(encode(m, quality)) }

func encode(m *image.RGBA, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a buffer takes all, and the size is legal
	}
	return bytes.Clone(b.Bytes())
}

func decode(text []byte) *image.RGBA {
	m, err := face.Decode(bytes.NewReader(text), "synthetic face")
	if err != nil {
		panic(err) // what was just encoded decodes
	}
	return m
}
