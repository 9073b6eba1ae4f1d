package overlap

import (
	"math/bits"

	"github.com/seeable-lab/seeable/datasets"
)

// NearBits is by how many of its 64 bits the hash of a near-duplicate differs at most. The bound is ours: of 798 crops that
// were scaled to half their size and compressed once more, it holds 97 % at quality 75 and 94 % at quality 30; of 2,178 crops
// of FF++, DFDC and Celeb-DF, 20 are as near to one of 8,453 real faces of people whom their sets call otherwise.
const NearBits = 4

// Near is a face of one set that looks nearly like a face of another.
type Near struct {
	Face, Like datasets.Item
	Bits       int  // by which their hashes differ
	Same       bool // their pixels are the same
}

// NearDuplicates finds for each face of a set one that looks most like it among those of another, if their hashes differ by
// at most [NearBits] bits. Pictures that were scaled or compressed once more are found so, and so are frames of one video;
// two people in the same pose and light can be, too: who is named is to be looked at. The same picture comes
// before one that is only like it.
func NearDuplicates(faces, among Pictured) (found []Near) {
	// Of the NearBits + 1 bands of two hashes that differ by NearBits bits, one at least is the same.
	const bands = NearBits + 1
	var places [bands]map[uint64][]int
	for b := range places {
		places[b] = map[uint64][]int{}
	}
	for i := range among.Items {
		if p := among.picture(i); p.Known() {
			for b := range places {
				places[b][band(p.Hash, b, bands)] = append(places[b][band(p.Hash, b, bands)], i)
			}
		}
	}
	for i := range faces.Items {
		p := faces.picture(i)
		if !p.Known() {
			continue
		}
		best, like := NearBits+1, -1
		for b := range places {
			for _, j := range places[b][band(p.Hash, b, bands)] {
				other := among.picture(j)
				distance := bits.OnesCount64(p.Hash ^ other.Hash)
				if other.Pixels == p.Pixels {
					distance = -1
				}
				if distance < best || distance == best && j < like {
					best, like = distance, j
				}
			}
		}
		if like >= 0 {
			found = append(found, Near{faces.Items[i], among.Items[like], max(0, best), best < 0})
		}
	}
	return found
}

// band is the b-th of n parts of a hash.
func band(hash uint64, b, n int) uint64 {
	from, to := b*64/n, (b+1)*64/n
	return hash >> from & (1<<(to-from) - 1)
}
