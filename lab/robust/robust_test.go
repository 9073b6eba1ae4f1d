package robust

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/stream"
	"github.com/seeable-lab/seeable/lab/video"
)

// golden is testdata/golden.json, which says where it comes from.
type golden struct {
	Image struct {
		Width, Height int
		Pixels        []uint8
	}
	Saturation, Contrast, Blur []level
	Block                      struct {
		Fixed struct {
			Places [][2]int `json:"places_x_y"`
			Pixels []uint8
		}
		Counts []struct {
			Width, Height int
			Ours          []int
		}
		Draws []struct {
			Seed          uint64
			Level         int
			ID            string
			Width, Height int
			Hash          string
			Places        [][2]int `json:"first_places_x_y"`
		}
	}
	Noise struct {
		Normal []float64
		Levels []level
	}
	Pixel struct{ Levels []level }
	JPEG  struct {
		Pictures struct{ Edge, Ramp []uint8 }
		Levels   []struct {
			Level, Quality int
			Luma           []int `json:"luma_steps_rows"`
			Chroma         []int `json:"chroma_steps_rows"`
			Edge, Ramp     []uint8
		}
	}
	Resize struct {
		Levels []float64
		Cases  []struct {
			Side          int `json:"shorter_side"`
			Width, Height int
			Pixels        []uint8
		}
	}
	H264 struct{ CRF []float64 }
}

type level struct {
	Level                             int
	Factor, Variance, Kernel, Divisor float64
	SmallWidth                        int `json:"small_width"`
	SmallHeight                       int `json:"small_height"`
	Small                             []uint8
	Pixels                            []uint8
}

func (l level) parameter() float64 { return l.Factor + l.Variance + l.Kernel + l.Divisor }

func read(t *testing.T) (g golden, img *image.RGBA) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g, colour(g.Image.Pixels, g.Image.Width)
}

func colour(rgb []uint8, width int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, len(rgb)/3/width))
	for i := range len(rgb) / 3 {
		copy(img.Pix[4*i:], append(slices.Clone(rgb[3*i:3*i+3]), 255))
	}
	return img
}

// near fails where a channel is further off than tolerance; it returns the share that is off at all.
func near(t *testing.T, got *image.RGBA, want []uint8, width, tolerance int) (off float64) {
	t.Helper()
	if size := got.Rect.Size(); size.X != width || size.X*size.Y*3 != len(want) {
		t.Fatalf("a picture of %v; want %d pixels wide and %d values", size, width, len(want))
	}
	for i, w := range want {
		g := got.Pix[i/3*4+i%3]
		d := int(g) - int(w)
		if d < -tolerance || d > tolerance {
			t.Fatalf("pixel %d, %d, channel %d is %d, want %d ± %d", i/3%width, i/3/width, i%3, g, w, tolerance)
		}
		if d != 0 {
			off += 1 / float64(len(want))
		}
	}
	for i := 3; i < len(got.Pix); i += 4 {
		if got.Pix[i] != 255 {
			t.Fatalf("alpha %d is %d, want 255", i/4, got.Pix[i])
		}
	}
	return off
}

func kind(t *testing.T, name string) Kind {
	t.Helper()
	k, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPixelsAreThoseOfTheFieldsCode(t *testing.T) {
	g, img := read(t)
	for name, levels := range map[string][]level{"saturation": g.Saturation, "contrast": g.Contrast, "blur": g.Blur, "pixel": g.Pixel.Levels} {
		k := kind(t, name)
		if len(levels) != len(k.Values) {
			t.Fatalf("%s has %d levels, want %d", name, len(k.Values), len(levels))
		}
		for _, l := range levels {
			t.Run(fmt.Sprint(name, " ", l.Level), func(t *testing.T) {
				if k.Values[l.Level-1] != l.parameter() {
					t.Fatalf("%s %g, want %g", k.Parameter, k.Values[l.Level-1], l.parameter())
				}
				got, err := Damager{}.Apply(t.Context(), k, l.Level, "", img)
				if err != nil {
					t.Fatal(err)
				}
				// OpenCV's blur and bilinear interpolation are of fixed point: a good many values are off by a level, none by more.
				tolerance, share := 1, 0.25
				if name == "saturation" || name == "contrast" {
					share = 0
				}
				if name == "pixel" {
					tolerance = 2 // both steps
					small := bilinear(img, l.SmallWidth, l.SmallHeight)
					near(t, small, l.Small, l.SmallWidth, 1)
					near(t, bilinear(colour(l.Small, l.SmallWidth), img.Rect.Dx(), img.Rect.Dy()), l.Pixels, img.Rect.Dx(), 1)
				}
				if off := near(t, got, l.Pixels, img.Rect.Dx(), tolerance); off > share {
					t.Errorf("%.0f %% of the values are off", 100*off)
				}
			})
		}
	}
}

func TestNoiseOfGivenNormals(t *testing.T) {
	g, img := read(t)
	k := kind(t, "noise")
	for _, l := range g.Noise.Levels {
		if k.Values[l.Level-1] != l.Variance {
			t.Fatalf("level %d has variance %g, want %g", l.Level, k.Values[l.Level-1], l.Variance)
		}
		next := -1
		got := addNoise(img, l.Variance, func() float64 { next++; return g.Noise.Normal[next] })
		if off := near(t, got, l.Pixels, img.Rect.Dx(), 1); off > 0.02 {
			t.Errorf("level %d: %.0f %% of the values are off", l.Level, 100*off)
		}
	}
}

func TestNoiseHasTheDeviationOfItsVariance(t *testing.T) {
	grey := image.NewRGBA(image.Rect(0, 0, 200, 200))
	for i := range grey.Pix {
		grey.Pix[i] = 128
	}
	got, err := Damager{Seed: 3}.Apply(t.Context(), kind(t, "noise"), 1, "a", grey)
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range []float64{16, 12, 19} { // the specification's, of R, G and B
		var sum, squares, n float64
		for i := c; i < len(got.Pix); i += 4 {
			v := float64(got.Pix[i]) + .5 // cut off
			sum, squares, n = sum+v, squares+v*v, n+1
		}
		if deviation := math.Sqrt(squares/n - sum*sum/n/n); math.Abs(deviation-want) > .6 {
			t.Errorf("channel %d deviates by %.2f, want %g", c, deviation, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	g, img := read(t)
	got := copied(img)
	for _, p := range g.Block.Fixed.Places {
		paint(got, p[0], p[1])
	}
	near(t, got, g.Block.Fixed.Pixels, img.Rect.Dx(), 0)
	k := kind(t, "block")
	for _, c := range g.Block.Counts {
		for i, want := range c.Ours {
			if got := blocks(int(k.Values[i]), c.Width, c.Height); got != want {
				t.Errorf("%d blocks at level %d in %d × %d, want %d", got, i+1, c.Width, c.Height, want)
			}
		}
	}
	for _, d := range g.Block.Draws {
		if got := strconv.FormatUint(stream.Hash("robust", "block", d.Level, d.ID), 10); got != d.Hash {
			t.Errorf("hash of %s is %s, want %s", d.ID, got, d.Hash)
		}
		want := image.NewRGBA(image.Rect(0, 0, d.Width, d.Height))
		for i := range want.Pix {
			want.Pix[i] = 255
		}
		got, err := Damager{Seed: d.Seed}.Apply(t.Context(), k, d.Level, d.ID, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Places {
			for y := range 8 {
				for x := range 8 {
					if c := got.RGBAAt(p[0]+x, p[1]+y); c.R != 128 || c.G != 128 || c.B != 128 || c.A != 255 {
						t.Fatalf("%s, seed %d: no block at %v: %v", d.ID, d.Seed, p, c)
					}
				}
			}
		}
		for i := range d.Height {
			if got.RGBAAt(d.Width-1, i).R != 255 {
				t.Fatal("the last column is hit")
			}
		}
	}
	if _, err := (Damager{}).Apply(t.Context(), k, 1, "", image.NewRGBA(image.Rect(0, 0, 8, 20))); err == nil || !strings.Contains(err.Error(), "8 × 20") {
		t.Errorf("a picture of 8 × 20 gives %v", err)
	}
}

// zigzag is the order of the steps in a JPEG file.
var zigzag = []int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

func TestJPEG(t *testing.T) {
	g, img := read(t)
	k := kind(t, "jpeg")
	grey := func(values []uint8) *image.RGBA {
		var rgb []uint8
		for _, v := range values {
			rgb = append(rgb, v, v, v)
		}
		return colour(rgb, img.Rect.Dx())
	}
	for _, l := range g.JPEG.Levels {
		if int(k.Values[l.Level-1]) != l.Quality {
			t.Fatalf("level %d has quality %g, want %d", l.Level, k.Values[l.Level-1], l.Quality)
		}
		for name, pair := range map[string][2][]uint8{"edge": {g.JPEG.Pictures.Edge, l.Edge}, "ramp": {g.JPEG.Pictures.Ramp, l.Ramp}} {
			got, err := Damager{}.Apply(t.Context(), k, l.Level, "", grey(pair[0]))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := grey(pair[1])
			for i := range want.Pix {
				if d := int(got.Pix[i]) - int(want.Pix[i]); d < -1 || d > 1 {
					t.Fatalf("%s at quality %d: value %d is %d, want %d ± 1", name, l.Quality, i, got.Pix[i], want.Pix[i])
				}
			}
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: l.Quality}); err != nil {
			t.Fatal(err)
		}
		_, tables, ok := bytes.Cut(file.Bytes(), []byte{0xff, 0xdb, 0, 2 + 2*65})
		if !ok {
			t.Fatal("the file has no tables of steps")
		}
		for i, want := range [][]int{l.Luma, l.Chroma} {
			for j, at := range zigzag {
				if got := int(tables[65*i+1+j]); got != want[at] {
					t.Fatalf("quality %d, table %d: step %d is %d, want %d", l.Quality, i, at, got, want[at])
				}
			}
		}
	}
}

func TestResize(t *testing.T) {
	g, img := read(t)
	k := kind(t, Resize)
	if !slices.Equal(k.Values, g.Resize.Levels) {
		t.Errorf("levels %v, want %v", k.Values, g.Resize.Levels)
	}
	for _, c := range g.Resize.Cases {
		got, err := resize(img, float64(c.Side), nil)
		if err != nil {
			t.Fatal(err)
		}
		if off := near(t, got, c.Pixels, c.Width, 1); off > .05 {
			t.Errorf("to %d: %.0f %% of the values are off", c.Side, 100*off)
		}
	}
}

func TestLandmarksFollowTheSize(t *testing.T) {
	f := face.Face{Image: image.NewRGBA(image.Rect(0, 0, 448, 672)), Landmarks: []face.Point{{X: -.5, Y: -.5}, {X: 447.5, Y: 671.5}}}
	got, err := Damager{}.Face(t.Context(), kind(t, Resize), 2, "", f)
	if err != nil {
		t.Fatal(err)
	}
	if size := got.Image.Rect.Size(); size != image.Pt(112, 168) {
		t.Errorf("size %v", size)
	}
	if want := []face.Point{{X: -.5, Y: -.5}, {X: 111.5, Y: 167.5}}; !slices.Equal(got.Landmarks, want) {
		t.Errorf("corners at %v, want %v", got.Landmarks, want)
	}
	if f.Landmarks[1].X != 447.5 {
		t.Error("the landmarks of the clean face were changed")
	}
}

func TestDamageDependsOnItsKeyAlone(t *testing.T) {
	img := photo(96, 80)
	clean := slices.Clone(img.Pix)
	for _, k := range Kinds() {
		if k.Name == H264 {
			continue
		}
		seen := map[string]bool{}
		for l := range k.Values {
			for _, id := range []string{"a", "b"} {
				first, err := Damager{Seed: 1}.Apply(t.Context(), k, l+1, id, img)
				if err != nil {
					t.Fatal(err)
				}
				again, err := Damager{Seed: 1}.Apply(t.Context(), k, l+1, id, img)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(first.Pix, again.Pix) {
					t.Errorf("%s at level %d: twice is not alike", k.Name, l+1)
				}
				seen[string(first.Pix)] = true
			}
		}
		want := len(k.Values)
		if k.Name == "block" || k.Name == "noise" {
			want *= 2 // another id draws others
		}
		if len(seen) != want {
			t.Errorf("%s makes %d pictures, want %d", k.Name, len(seen), want)
		}
	}
	if !bytes.Equal(img.Pix, clean) {
		t.Error("the clean picture was written to")
	}
}

// Greys lose a level of red and blue, as the specification works out.
func TestGreysOfSaturation(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	copy(img.Pix, []uint8{128, 128, 128, 255})
	got, err := Damager{}.Apply(t.Context(), kind(t, "saturation"), 1, "", img)
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint8{127, 128, 127, 255}; !slices.Equal(got.Pix, want) {
		t.Errorf("%v, want %v", got.Pix, want)
	}
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	if _, err := Find("rain"); err == nil || !strings.Contains(err.Error(), `"rain"`) || !strings.Contains(err.Error(), "saturation") {
		t.Errorf("a kind that is none gives %v", err)
	}
	for name, small := range map[string]image.Rectangle{"pixel": image.Rect(0, 0, 3, 9), "blur": {}, "noise": image.Rect(1, 1, 9, 9)} {
		if _, err := (Damager{}).Apply(t.Context(), kind(t, name), 4, "", image.NewRGBA(small)); err == nil {
			t.Errorf("%s of a picture at %v is no error", name, small)
		}
	}
	if _, err := (Damager{}).Apply(t.Context(), kind(t, "blur"), 6, "", photo(9, 9)); err == nil || !strings.Contains(err.Error(), "level 6") {
		t.Errorf("level 6 gives %v", err)
	}
	if _, err := (Damager{}).Apply(t.Context(), kind(t, H264), 1, "", photo(9, 9)); err == nil {
		t.Error("h264 without an encoder is no error")
	}
}

func TestBlurOfWhatIsSmallerThanItsKernel(t *testing.T) {
	for _, size := range []int{1, 2, 5} {
		flat := image.NewRGBA(image.Rect(0, 0, size, size))
		for i := range flat.Pix {
			flat.Pix[i] = 77 | uint8(i%4/3)*178
		}
		got, err := Damager{}.Apply(t.Context(), kind(t, "blur"), 5, "", flat)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Pix, flat.Pix) {
			t.Errorf("a flat picture of %d × %d is not the same after blur", size, size)
		}
	}
}

// encoderForTest skips a test where there is no encoder.
func encoderForTest(t *testing.T) *Encoder {
	t.Helper()
	path, err := video.Find(t.Context())
	if err != nil {
		t.Skip(err)
	}
	e, err := openEncoder(t.Context(), path)
	if err != nil {
		t.Skip(err)
	}
	return e
}

func TestH264(t *testing.T) {
	e := encoderForTest(t)
	if e.Version == "" {
		t.Error("the encoder has no version")
	}
	g, _ := read(t)
	k := kind(t, H264)
	if !slices.Equal(k.Values, g.H264.CRF) {
		t.Errorf("levels %v, want %v", k.Values, g.H264.CRF)
	}
	img := photo(63, 41) // odd sides
	last, off := math.MaxInt, -1.
	for _, crf := range []int{30, 40} {
		got, size, err := e.still(t.Context(), img, crf)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := e.still(t.Context(), img, crf)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rect != img.Rect {
			t.Fatalf("it comes back as %v", got.Rect)
		}
		if !bytes.Equal(got.Pix, again.Pix) {
			t.Errorf("crf %d: twice is not alike", crf)
		}
		far := 0.
		for i := range got.Pix {
			far += math.Abs(float64(got.Pix[i]) - float64(img.Pix[i]))
		}
		if size >= last || far <= off {
			t.Errorf("crf %d: %d bytes, %g off; the milder one %d and %g", crf, size, far, last, off)
		}
		last, off = size, far
	}
}

// A clip is encoded as if it were alone, whatever else is encoded at once, and one that moves is not a still.
func TestClips(t *testing.T) {
	e := encoderForTest(t)
	clip := func(from, step int) (frames []*image.RGBA) {
		wide := photo(120, 120)
		for k := range 10 {
			frame := image.NewRGBA(image.Rect(0, 0, 65, 48)) // an odd side
			draw.Draw(frame, frame.Rect, wide, image.Pt(from+k*step, from), draw.Src)
			frames = append(frames, frame)
		}
		return frames
	}
	clips, crfs := [][]*image.RGBA{clip(0, 1), clip(20, 2), clip(5, 0)}, []int{32, 40}
	together, err := e.Clips(t.Context(), clips, crfs, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range clips {
		for j, crf := range crfs {
			alone, err := e.Clips(t.Context(), [][]*image.RGBA{c}, []int{crf}, 5)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(alone[0][0].Pix, together[i][j].Pix) {
				t.Errorf("clip %d at crf %d is another one alone", i, crf)
			}
			off := func(k int) (far float64) {
				for at, v := range c[k].Pix {
					far += math.Abs(float64(v) - float64(together[i][j].Pix[at]))
				}
				return far
			}
			if i < 2 && (off(5) >= off(4) || off(5) >= off(6)) {
				t.Errorf("clip %d at crf %d: what came back is not frame 5", i, crf)
			}
		}
	}
	clips[1][3] = photo(64, 48)
	if _, err := e.Clips(t.Context(), clips, crfs, 5); err == nil || !strings.Contains(err.Error(), "frame 3 of clip 1") {
		t.Errorf("a frame of another size gives %v", err)
	}
}

func TestAnFFmpegWithoutX264IsRefusedByName(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	fake := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\necho ' V....D libopenh264          OpenH264 (codec h264)'\necho ' V....D libx264rgb           x264 RGB'\n"
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := openEncoder(t.Context(), fake)
	if err == nil || !strings.Contains(err.Error(), fake+" has no encoder libx264 (it has libopenh264, libx264rgb): want a build with --enable-libx264") {
		t.Errorf("got %v", err)
	}
}

// photo is smooth with some detail.
func photo(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draws := rand.New(rand.NewPCG(1, 2))
	for y := range height {
		for x := range width {
			p := img.Pix[y*img.Stride+4*x:]
			for c := range 3 {
				p[c] = uint8(128 + 80*math.Sin(float64(x*(c+1)+2*y)/13) + 20*draws.Float64())
			}
			p[3] = 255
		}
	}
	return img
}

// The mean that a paper prints is that of its kinds, near to the digit that it prints: that of SpeechForensics is 0.0013 more.
func TestPublishedMeans(t *testing.T) {
	for _, p := range PublishedFigures() {
		mean := 0.
		for _, v := range p.Kinds {
			mean += v / float64(len(p.Kinds))
		}
		if math.Abs(mean-p.Mean) > .0014 {
			t.Errorf("%s: mean of kinds %.4f, printed %g", p.Detector, mean, p.Mean)
		}
	}
}
