package face

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"golang.org/x/image/draw"
)

// slowScale is the definition of scale: one weighted sum of all pixels of rect for each channel of each target pixel.
func slowScale(dst, src *image.RGBA, rect image.Rectangle) {
	triangles := func(source, target int) [][]float64 {
		step := float64(source) / float64(target)
		all := make([][]float64, target)
		for x := range all {
			all[x] = make([]float64, source)
			sum := 0.0
			for i := range source {
				distance := math.Abs((float64(x)+0.5)*step - (float64(i) + 0.5))
				all[x][i] = math.Max(0, 1-distance/math.Max(1, step))
				sum += all[x][i]
			}
			for i := range source {
				all[x][i] /= sum
			}
		}
		return all
	}
	across, down := triangles(rect.Dx(), dst.Rect.Dx()), triangles(rect.Dy(), dst.Rect.Dy())
	for y, v := range down {
		for x, w := range across {
			var sum [4]float64
			for j := range v {
				if v[j] == 0 {
					continue
				}
				for i := range w {
					if w[i] == 0 {
						continue
					}
					at := src.PixOffset(rect.Min.X+i, rect.Min.Y+j)
					for c := range sum {
						sum[c] += v[j] * w[i] * float64(src.Pix[at+c])
					}
				}
			}
			for c, s := range sum {
				dst.Pix[dst.PixOffset(dst.Rect.Min.X+x, dst.Rect.Min.Y+y)+c] = uint8(math.Floor(s + 0.5))
			}
		}
	}
}

// difference is the largest and the mean difference of the levels of two images of the same size.
func difference(a, b *image.RGBA) (most int, mean float64) {
	for i, v := range a.Pix {
		d := int(v) - int(b.Pix[i])
		d = max(d, -d)
		most, mean = max(most, d), mean+float64(d)/float64(len(a.Pix))
	}
	return most, mean
}

// noise is an opaque image of black, white and random levels, which is what rounding finds hardest, on a rectangle that
// does not start at (0, 0) and whose rows do not lie next to each other.
func noise(rng *rand.Rand, width, height int) *image.RGBA {
	whole := image.NewRGBA(image.Rect(-3, 2, width+4, height+7))
	for i := range whole.Pix {
		switch v := rng.IntN(1024); {
		case i%4 == 3:
			whole.Pix[i] = 255
		case v < 384:
			whole.Pix[i] = 0
		case v < 768:
			whole.Pix[i] = 255
		default:
			whole.Pix[i] = uint8(v)
		}
	}
	return whole.SubImage(image.Rect(1, 4, width+1, height+4)).(*image.RGBA)
}

// compact is a copy without what lies around the image.
func compact(img *image.RGBA) *image.RGBA {
	c := image.NewRGBA(image.Rectangle{Max: img.Rect.Size()})
	draw.Draw(c, c.Rect, img, img.Rect.Min, draw.Src)
	return c
}

// sizes are sources (width, height) and targets: larger, smaller, of one pixel, odd, even, narrow, flat.
var sizes = [][4]int{
	{1, 1, 1, 1}, {1, 1, 5, 4}, {5, 7, 1, 1}, {1, 9, 6, 3}, {9, 1, 3, 6}, {2, 2, 3, 3}, {2, 2, 64, 65}, {3, 3, 2, 2},
	{40, 40, 40, 40}, {41, 39, 41, 39}, {33, 33, 34, 34}, {34, 34, 33, 33}, {90, 61, 64, 64}, {182, 182, 128, 128},
	{129, 200, 127, 63}, {61, 90, 224, 223}, {200, 180, 7, 9}, {240, 240, 10, 10}, {500, 300, 3, 2}, {17, 300, 40, 5},
}

func TestScaleMatchesTheSlowOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, s := range sizes {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			src := noise(rng, s[0], s[1])
			// Something else is around the target, and must stay.
			whole := image.NewRGBA(image.Rect(0, 0, s[2]+3, s[3]+2))
			for i := range whole.Pix {
				whole.Pix[i] = 77
			}
			got := whole.SubImage(image.Rect(1, 1, s[2]+1, s[3]+1)).(*image.RGBA)
			want, peer := image.NewRGBA(got.Rect), image.NewRGBA(got.Rect)
			scale(got, src, src.Rect)
			slowScale(want, src, src.Rect)
			draw.BiLinear.Scale(peer, peer.Rect, src, src.Rect, draw.Src, nil)

			plain := compact(got)
			if most, mean := difference(plain, want); most > 1 || mean > 0.02 {
				t.Errorf("%d levels off the exact scaling at most, %.4f in the mean", most, mean)
			}
			if most, _ := difference(plain, peer); most > 1 {
				t.Errorf("%d levels off x/image", most)
			}
			for y := range whole.Rect.Dy() {
				for x := range whole.Rect.Dx() {
					if !(image.Point{x, y}).In(got.Rect) && whole.RGBAAt(x, y).R != 77 {
						t.Fatalf("pixel (%d, %d) outside the target was written", x, y)
					}
				}
			}
		})
	}
}

// What is mirrored, or upside down, before is so afterwards, to the last level.
func TestScaleMirrors(t *testing.T) {
	turn := func(img *image.RGBA, across, down bool) *image.RGBA {
		out := image.NewRGBA(img.Rect)
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				u, v := x, y
				if across {
					u = img.Rect.Dx() - 1 - x
				}
				if down {
					v = img.Rect.Dy() - 1 - y
				}
				out.SetRGBA(u, v, img.RGBAAt(x, y))
			}
		}
		return out
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for _, s := range sizes {
		src, target := compact(noise(rng, s[0], s[1])), image.Rect(0, 0, s[2], s[3])
		straight := image.NewRGBA(target)
		scale(straight, src, src.Rect)
		for _, by := range [][2]bool{{true, false}, {false, true}, {true, true}} {
			turned := image.NewRGBA(target)
			scale(turned, turn(src, by[0], by[1]), src.Rect)
			if !bytes.Equal(turned.Pix, turn(straight, by[0], by[1]).Pix) {
				t.Errorf("%v: turned %v first and last differ", s, by)
			}
		}
	}
}

// Only what lies in the rectangle counts, and a colour stays what it is.
func TestScaleKeepsColours(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, s := range sizes {
		for _, c := range []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {200, 1, 77, 255}} {
			src := compact(noise(rng, s[0]+2, s[1]+5))
			rect := image.Rect(1, 3, s[0]+1, s[1]+3)
			draw.Draw(src, rect, image.NewUniform(c), image.Point{}, draw.Src)
			dst := image.NewRGBA(image.Rect(0, 0, s[2], s[3]))
			scale(dst, src, rect)
			for i := 0; i < len(dst.Pix); i += 4 {
				if got := (color.RGBA{dst.Pix[i], dst.Pix[i+1], dst.Pix[i+2], dst.Pix[i+3]}); got != c {
					t.Fatalf("%v: pixel %d is %v, want %v", s, i/4, got, c)
				}
			}
		}
	}
}

// Scalers are used again, by any goroutine and for any size: what was scaled before does not show.
func TestScaleFromManyGoroutines(t *testing.T) {
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			rng := rand.New(rand.NewPCG(9, uint64(worker)))
			for range 5 {
				for _, i := range rng.Perm(len(sizes) - 3) {
					s := sizes[i]
					src, target := noise(rng, s[0], s[1]), image.Rect(0, 0, s[2], s[3])
					got, want := image.NewRGBA(target), image.NewRGBA(target)
					scale(got, src, src.Rect)
					new(scaler).scale(want, src, src.Rect)
					if !bytes.Equal(got.Pix, want.Pix) {
						t.Errorf("%v: a used scaler gives another picture than a new one", s)
					}
				}
			}
		})
	}
	wait.Wait()
}

func FuzzScale(f *testing.F) {
	f.Add(uint64(1), uint8(30), uint8(20), uint8(7), uint8(40))
	f.Add(uint64(2), uint8(0), uint8(0), uint8(0), uint8(0))
	f.Add(uint64(3), uint8(89), uint8(3), uint8(10), uint8(89))
	f.Fuzz(func(t *testing.T, seed uint64, width, height, toWidth, toHeight uint8) {
		side := func(n uint8) int { return 1 + int(n)%90 }
		src := noise(rand.New(rand.NewPCG(seed, 0)), side(width), side(height))
		target := image.Rect(0, 0, side(toWidth), side(toHeight))
		got, want := image.NewRGBA(target), image.NewRGBA(target)
		scale(got, src, src.Rect)
		slowScale(want, src, src.Rect)
		if most, _ := difference(got, want); most > 1 {
			t.Errorf("%v to %v: %d levels off", src.Rect, target, most)
		}
	})
}

// Weights lie in the source, add up to one and are those of the mirrored pixel. With a small one, sums that lie just
// between two whole numbers are common.
func TestFilter(t *testing.T) {
	var f filter
	for source := 1; source < 40; source++ {
		for target := 1; target < 40; target++ {
			for _, one := range []int{4, 1 << 13, 1 << 16} {
				f.set(source, target, float64(one))
				weights := make([][]int, target)
				for x := range weights {
					weights[x] = make([]int, source)
					sum := 0
					for _, kernels := range f {
						for i, w := range kernels[x].weights {
							if w > 0 {
								weights[x][kernels[x].first+i] += int(w)
							}
							sum += int(w)
						}
					}
					if sum != one {
						t.Fatalf("%d to %d: weights of pixel %d add up to %d, want %d", source, target, x, sum, one)
					}
				}
				for x, w := range weights {
					mirrored := slices.Clone(weights[target-1-x])
					slices.Reverse(mirrored)
					if !slices.Equal(w, mirrored) {
						t.Fatalf("%d to %d of %d: pixel %d has weights %v, mirrored %v", source, target, one, x, w, mirrored)
					}
				}
			}
		}
	}
}
