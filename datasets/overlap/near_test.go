package overlap

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
)

// What is found through bands of the hash is what comparing each with each finds.
func TestNearDuplicates(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func(n int, base uint64) (p Pictured) {
		for i := range n {
			look := byte(rng.IntN(60))
			hash, of := base, rand.New(rand.NewPCG(base, uint64(look))) // the same pixels have the same hash
			for range of.IntN(8) {
				hash ^= 1 << of.IntN(64)
			}
			p.Items = append(p.Items, datasets.Item{File: fmt.Sprint(i)})
			p.Pictures = append(p.Pictures, datasets.Picture{Pixels: face.Digest{1, look}, Hash: hash})
		}
		p.Pictures[0] = datasets.Picture{} // cannot be read
		return p
	}
	near, same := 0, 0
	for range 50 {
		base := rng.Uint64()
		faces, among := draw(30, base), draw(20, base)
		var want []Near
		for i, p := range faces.Pictures {
			best, like := NearBits+1, -1
			for j, q := range among.Pictures {
				if !p.Known() || !q.Known() {
					continue
				}
				distance := bits.OnesCount64(p.Hash ^ q.Hash)
				if p.Pixels == q.Pixels {
					distance = -1
				}
				if distance < best {
					best, like = distance, j
				}
			}
			if like < 0 {
				continue
			}
			if near++; best < 0 {
				same++
			}
			want = append(want, Near{faces.Items[i], among.Items[like], max(0, best), best < 0})
		}
		got := NearDuplicates(faces, among)
		if !slices.EqualFunc(got, want, func(a, b Near) bool {
			return a.Face.File == b.Face.File && a.Like.File == b.Like.File && a.Bits == b.Bits && a.Same == b.Same
		}) {
			t.Fatalf("%d are near, want %d, or others", len(got), len(want))
		}
	}
	if near == 1500 || near < 300 || same == 0 || same == near {
		t.Errorf("%d of 1500 are near, %d the same: the draws test little", near, same)
	}
}
