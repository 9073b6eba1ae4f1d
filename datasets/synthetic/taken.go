package synthetic

import (
	"bytes"
	"image"
	"image/jpeg"
	"slices"
	"sync"

	"github.com/seeable-lab/seeable/lab/face"
)

// shot names a frame: the seed of its set and its file.
type shot struct {
	seed uint64
	file string
}

// photo is a frame that was drawn.
type photo struct {
	jpeg      []byte
	landmarks []face.Point
}

// album keeps the frames that were drawn, as drawing one takes ten times as long as decoding it, and a run looks at each several
// times. One of a set takes about 12 kB; those of the first sets that fill it stay.
var album struct {
	sync.Mutex
	photos map[shot]photo
	bytes  int
}

const albumBytes = 64 << 20

// taken is a frame as it was compressed, once; draw draws it, unless the album has it.
func taken(s shot, draw func() (picture *image.RGBA, landmarks []face.Point, quality int)) face.Face {
	album.Lock()
	p, ok := album.photos[s]
	album.Unlock()
	if !ok {
		picture, landmarks, quality := draw()
		p = photo{encode(picture, quality), landmarks}
		album.Lock()
		if album.bytes+len(p.jpeg) <= albumBytes {
			if album.photos == nil {
				album.photos = map[shot]photo{}
			}
			album.photos[s] = p
			album.bytes += len(p.jpeg)
		}
		album.Unlock()
	}
	return face.Face{Image: decode(p.jpeg), Landmarks: slices.Clone(p.landmarks)}
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
