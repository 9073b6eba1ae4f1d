package synthetic

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
)

// pictureSide is the side of a drawn picture in pixels.
const pictureSide = 256

// portrait draws a person in a scene, without the camera's noise, and returns the picture with its landmarks.
func portrait(p person, s scene, q pose) (*image.RGBA, []face.Point) {
	a := newArtist(p, s, q)
	a.background()
	a.hairBehind()
	a.body()
	a.head()
	a.features()
	a.hairInFront()
	if p.glasses {
		a.spectacles()
	}
	return a.RGBA, a.l[:]
}

// bareFace is a portrait of the face only, on the colour of its skin.
func bareFace(p person, s scene, q pose) (*image.RGBA, []face.Point) {
	a := newArtist(p, s, q)
	ground := a.lit(p.skin.scale(0.7), [3]float64{0, 0, 1})
	draw.Draw(a, a.Rect, image.NewUniform(color.RGBA{R: level(ground[0]), G: level(ground[1]), B: level(ground[2]), A: 255}), image.Point{}, draw.Src)
	a.head()
	a.features()
	return a.RGBA, a.l[:]
}

// artist is a picture in the making.
type artist struct {
	*canvas
	p    person
	s    scene
	q    pose
	l    [face.Landmarks]face.Point
	unit float64 // pixels per unit of person
	skin *weave
}

func newArtist(p person, s scene, q pose) *artist {
	a := &artist{canvas: newCanvas(pictureSide), p: p, s: s, q: q, skin: newWeave(p.texture), unit: q.scale * pictureSide}
	copy(a.l[:], p.seen(q))
	return a
}

// seen are a person's landmarks in the picture.
func (p person) seen(q pose) []face.Point {
	points := make([]face.Point, face.Landmarks)
	for i, v := range p.landmarks(q) {
		points[i] = q.project(v, pictureSide)
	}
	return points
}

func (a *artist) features() {
	a.nose()
	a.eye(36, -1)
	a.eye(42, 1)
	a.mouth()
	a.brow(a.l[17:22])
	a.brow(a.l[22:27])
}

func (a *artist) at(v vector3) face.Point { return a.q.project(v, pictureSide) }

func (a *artist) line(vs ...vector3) []face.Point {
	points := make([]face.Point, len(vs))
	for i, v := range vs {
		points[i] = a.at(v)
	}
	return points
}

// lit returns a colour under the scene's lamp, for a surface with the normal n.
func (a *artist) lit(colour rgb, n [3]float64) rgb {
	d := max(0, n[0]*a.s.light[0]+n[1]*a.s.light[1]+n[2]*a.s.light[2])
	bright := a.s.ambient + (1.08-a.s.ambient)*d
	for i := range colour {
		colour[i] *= bright * a.s.tint[i]
	}
	return colour
}

// background paints a wall with blurred things before it, at a quarter of the size.
func (a *artist) background() {
	const side = pictureSide / 4
	small := image.NewRGBA(image.Rect(0, 0, side, side))
	r := rand.New(rand.NewPCG(a.s.clutter, 0))
	type thing struct {
		x, y, w, h float64
		colour     rgb
	}
	things := make([]thing, 2+r.IntN(5))
	for i := range things {
		things[i] = thing{between(r, 0, side), between(r, 0, side), between(r, 3, 16), between(r, 3, 24),
			a.s.wall[r.IntN(2)].mix(rgb{between(r, 0, 255), between(r, 0, 255), between(r, 0, 255)}, 0.35)}
	}
	grain := newWeave(a.s.clutter)
	soft := between(r, 1.5, 5) // steepness of the edges, in 1/pixel of the small picture, times 10
	for y := range side {
		for x := range side {
			fx, fy := float64(x), float64(y)
			c := a.s.wall[0].mix(a.s.wall[1], fy/side)
			for _, t := range things {
				d := max(math.Abs(fx-t.x)-t.w, math.Abs(fy-t.y)-t.h) * soft / 5
				c = c.mix(t.colour, min(max(0.5-d/2, 0), 1))
			}
			c = c.scale(1 + 0.06*grain.at(fx/9, fy/9))
			i := small.PixOffset(x, y)
			for k := range 3 {
				small.Pix[i+k] = level(c[k])
			}
			small.Pix[i+3] = 255
		}
	}
	a.enlarge(small)
}

// enlarge fills the canvas with a picture of a quarter of its side, interpolated.
func (a *artist) enlarge(small *image.RGBA) {
	last := small.Rect.Dx() - 1
	for y := range pictureSide {
		j, wy := max(2*y-3, 0)/8, max(2*y-3, 0)%8 // the centre of pixel y is at (y+½)/4−½ = (2y−3)/8
		top := small.Pix[j*small.Stride:]
		low := small.Pix[min(j+1, last)*small.Stride:]
		for x := range pictureSide {
			i, wx := max(2*x-3, 0)/8, max(2*x-3, 0)%8
			l, r := 4*i, 4*min(i+1, last)
			out := a.Pix[a.PixOffset(x, y):][:4]
			for k := range 3 {
				t := int(top[l+k])*(8-wx) + int(top[r+k])*wx
				b := int(low[l+k])*(8-wx) + int(low[r+k])*wx
				out[k] = uint8((t*(8-wy) + b*wy + 32) >> 6)
			}
			out[3] = 255
		}
	}
}

// body paints neck and shoulders. They follow the head half way.
func (a *artist) body() {
	w := a.p.width
	neck := a.line(vector3{-0.62 * w, 0.7, -0.5}, vector3{-0.6 * w, 1.6, -0.5}, vector3{-0.9 * w, 2.1, -0.4}, vector3{0, 2.5, -0.3},
		vector3{0.9 * w, 2.1, -0.4}, vector3{0.6 * w, 1.6, -0.5}, vector3{0.62 * w, 0.7, -0.5})
	chin := a.l[8]
	a.shade(neck, true, func(x, y float64) rgb {
		t := (x - chin.X) / a.unit
		c := a.lit(a.p.skin, [3]float64{0.8 * t, 0.35, 0.75})
		shadow := 1 / (1 + 3*max(0, (y-chin.Y)/a.unit+0.15)) // of the chin
		return c.scale((1 - 0.45*shadow) * (1 + 0.04*a.skin.at(x/5, y/5)))
	})
	shirt := a.line(vector3{-0.72, 1.78, -0.4}, vector3{-1.2, 1.92, -0.4}, vector3{-1.9, 2.2, -0.5}, vector3{-2.6, 3.6, -0.5},
		vector3{2.6, 3.6, -0.5}, vector3{1.9, 2.2, -0.5}, vector3{1.2, 1.92, -0.4}, vector3{0.72, 1.78, -0.4},
		vector3{0.4, 2.08, -0.15}, vector3{0, 2.2, 0}, vector3{-0.4, 2.08, -0.15})
	a.shade(shirt, true, func(x, y float64) rgb {
		t := (x - chin.X) / (2.5 * a.unit)
		fold := 0.07 * a.skin.at(x/11+y/37, y/40)
		return a.lit(a.s.shirt.scale(1+fold), [3]float64{t, -0.2, 0.9})
	})
}

// skull returns n points of the upper outline of the head, swollen by a factor, from its left side to its right.
func (a *artist) skull(n int, swell, height float64) []face.Point {
	points := make([]face.Point, n)
	for i := range points {
		sin, cos := math.Sincos(math.Pi * float64(i) / float64(n-1))
		points[i] = a.at(vector3{-a.p.width * swell * cos, 0.02 - height*sin, -0.5 + 0.35*sin})
	}
	return points
}

// head paints ears and face: an ellipsoid under the lamp, with the skin's texture.
func (a *artist) head() {
	for _, side := range []float64{-1, 1} {
		w := side * a.p.width
		ear := a.line(vector3{w * 0.94, -0.16, -0.5}, vector3{w * 1.1, -0.22, -0.7}, vector3{w * 1.16, 0, -0.75},
			vector3{w * 1.08, 0.34, -0.7}, vector3{w * 0.96, 0.42, -0.5})
		a.shade(ear, true, func(x, y float64) rgb {
			c := a.lit(a.p.skin.mix(rgb{190, 90, 80}, 0.15), [3]float64{side * 0.5, 0, 0.75})
			return c.scale(1 + 0.05*a.skin.at(x/3, y/3))
		})
		inner := a.line(vector3{w * 1.03, -0.1, -0.65}, vector3{w * 1.1, 0, -0.7}, vector3{w * 1.04, 0.24, -0.65})
		a.stroke(inner, 0.5, 0.05*a.unit, a.p.skin.scale(0.55), 0.6)
	}
	outline := append([]face.Point(nil), a.l[:17]...)
	top := a.skull(11, 1, a.p.crown)
	for i := len(top) - 2; i > 0; i-- {
		outline = append(outline, top[i])
	}
	centre := a.at(vector3{0, (a.p.chin - a.p.crown) / 2, 0})
	origin := a.at(vector3{0, 0, 0.3})
	sin, cos := math.Sincos(a.q.roll)
	fine, coarse := 34/a.unit, 7/a.unit // lattice cells per pixel
	a.shade(outline, true, func(x, y float64) rgb {
		dx, dy := x-centre.X, y-centre.Y
		nx := (dx*cos + dy*sin) / (1.12 * a.p.width * a.unit)
		ny := (dy*cos - dx*sin) / (0.62 * (a.p.chin + a.p.crown) * a.unit)
		nz := math.Sqrt(max(0.06, 1-nx*nx-ny*ny))
		u, v := x-origin.X, y-origin.Y
		u, v = (u*cos+v*sin)/a.unit, (v*cos-u*sin)/a.unit // place on the face
		c := a.p.skin
		c = c.mix(rgb{200, 84, 78}, a.p.blush*(blob(u-0.52, v-0.58, 0.3)+blob(u+0.52, v-0.58, 0.3)+0.6*blob(u, v-0.55, 0.2)))
		if a.p.stubble > 0 {
			grow := min(max((v-0.72+0.5*u*u)*4, 0), 1) * min(max(1.6-math.Abs(u), 0), 1)
			if v < a.p.mouthY && math.Abs(u) > 0.5 { // cheeks are bare
				grow *= min(max(2*(v-0.3*math.Abs(u)-0.3), 0), 1)
			}
			c = c.mix(a.p.hair, a.p.stubble*grow*(0.62+0.38*a.skin.at(x*fine*1.7, y*fine*1.7)))
		}
		pores := a.skin.at((x-origin.X)*fine, (y-origin.Y)*fine)
		blotch := a.skin.at((x-origin.X)*coarse+31, (y-origin.Y)*coarse+17)
		if a.p.freckles > 0 && pores > 0.62 && v > 0 && v < 0.75 {
			c = c.mix(a.p.skin.scale(0.6), a.p.freckles*0.8)
		}
		return a.lit(c.scale(1+0.045*pores+0.05*blotch), [3]float64{nx, ny, nz})
	})
	// Sockets, cheekbones and the shade below the lip give relief.
	dark, bright := a.lit(a.p.skin.scale(0.55), [3]float64{0, 0, 1}), a.lit(a.p.skin.mix(rgb{255, 250, 240}, 0.5), [3]float64{0, 0, 1})
	for _, side := range []float64{-1, 1} {
		a.glow(a.at(vector3{side * a.p.eyeX * 0.92, -0.08, 0.2}), 0.3*a.unit, 0.17*a.unit, dark, 0.4)
		a.glow(a.at(vector3{side * a.p.eyeX, 0.17, 0.22}), 0.2*a.unit, 0.08*a.unit, dark, a.p.pouches)
		a.glow(a.at(vector3{side * 0.62, 0.4, 0.2}), 0.2*a.unit, 0.13*a.unit, bright, 0.18)
		fold := a.line(vector3{side * (a.p.noseW + 0.06), a.p.noseLen, 0.35}, vector3{side * 0.4, a.p.noseLen + 0.2, 0.3},
			vector3{side * (a.p.mouthW + 0.1), a.p.mouthY, 0.2})
		a.stroke(fold, 0.4, 0.03*a.unit, dark, 0.22+2*max(a.q.smile, 0))
	}
	a.glow(a.at(vector3{0, a.p.mouthY + a.p.lipLow + a.q.open + 0.08, 0.35}), 0.2*a.unit, 0.05*a.unit, dark, 0.35)
	a.glow(a.at(vector3{0, -0.55, 0.3}), 0.42*a.unit, 0.22*a.unit, bright, 0.15)
	a.glow(a.at(vector3{0, a.p.chin - 0.16, 0.35}), 0.16*a.unit, 0.1*a.unit, bright, 0.14)
}

func (a *artist) nose() {
	dark, bright := a.lit(a.p.skin.scale(0.5), [3]float64{0, 0, 1}), a.lit(a.p.skin.mix(rgb{255, 250, 240}, 0.6), [3]float64{0, 0, 1})
	away := 1.0 // the side that the lamp does not reach
	if a.s.light[0] > 0 {
		away = -1
	}
	for i := range 4 {
		t := float64(i) / 3
		a.glow(a.at(vector3{away * (0.1 + 0.09*t), a.p.noseLen * t, 0.3 + 0.15*t}), 0.08*a.unit, 0.14*a.unit, dark, 0.24)
		a.glow(a.at(vector3{-away * 0.03, a.p.noseLen * t, 0.32 + 0.28*t}), 0.055*a.unit, 0.13*a.unit, bright, 0.2)
	}
	a.glow(a.at(vector3{0, a.p.noseLen + 0.17, 0.36}), 0.2*a.unit, 0.05*a.unit, dark, 0.45)
	a.glow(a.l[30], 0.08*a.unit, 0.06*a.unit, bright, 0.3)
	for _, side := range []float64{-1, 1} {
		wing := a.line(vector3{side * (a.p.noseW - 0.05), a.p.noseLen - 0.1, 0.36}, vector3{side * (a.p.noseW + 0.01), a.p.noseLen + 0.01, 0.32},
			vector3{side * (a.p.noseW - 0.03), a.p.noseLen + 0.1, 0.34})
		a.stroke(wing, 0.4, 0.035*a.unit, dark, 0.55)
		a.glow(a.at(vector3{side * a.p.noseW * 0.48, a.p.noseLen + 0.085, 0.42}), 0.055*a.unit, 0.03*a.unit, a.p.skin.scale(0.18), 0.85)
	}
}

// eye paints the eye whose six landmarks start at first; side is −1 for the one on the left of the picture.
func (a *artist) eye(first int, side float64) {
	outline := a.l[first : first+6]
	look := a.at(vector3{side*a.p.eyeX + a.q.gaze*0.1, -0.01, 0.24})
	radius := 0.105 * a.unit
	a.shade(outline, true, func(x, y float64) rgb {
		d := math.Hypot(x-look.X, y-look.Y) / radius
		c := rgb{232, 226, 220}
		rim := min(max((1.08-d)*radius, 0), 1)
		c = c.mix(a.p.iris.scale(0.55+0.75*d*min(d, 1)), rim)
		if d > 0.86 && d < 1.1 {
			c = c.scale(0.75)
		}
		c = c.mix(rgb{10, 8, 8}, min(max((0.42-d)*radius, 0), 1))
		shadow := min(max((y-look.Y+0.09*a.unit)/(0.06*a.unit), 0.55), 1) // of the upper lid
		return a.lit(c.scale(shadow), [3]float64{0, 0, 1})
	})
	if a.q.lid > 0.5 {
		glint := face.Point{X: look.X + 0.03*a.unit*math.Copysign(1, a.s.light[0]), Y: look.Y - 0.03*a.unit}
		a.glow(glint, 0.018*a.unit, 0.018*a.unit, rgb{255, 255, 255}, 0.95)
	}
	upper, lower := a.l[first:first+4], []face.Point{a.l[first+3], a.l[first+4], a.l[first+5], a.l[first]}
	a.stroke(upper, 0.5, 0.035*a.unit, a.p.skin.scale(0.18), 0.9)
	a.stroke(lower, 0.4, 0.014*a.unit, a.p.skin.scale(0.4), 0.6)
	crease := make([]face.Point, len(upper))
	for i, p := range upper {
		crease[i] = face.Point{X: p.X, Y: p.Y - (0.055+0.02*math.Sin(float64(i)))*a.unit}
	}
	a.stroke(crease, 0.3, 0.018*a.unit, a.p.skin.scale(0.45), 0.55)
}

func (a *artist) mouth() {
	l := a.l[:]
	inside := l[60:68]
	if a.q.open > 0.01 {
		a.fill(inside, true, rgb{42, 14, 16}, 1)
		if a.q.open > 0.03 {
			teeth := []face.Point{l[60], l[61], l[62], l[63], l[64]}
			low := 0.45 * a.q.open * a.unit
			for i := 63; i >= 61; i-- {
				teeth = append(teeth, face.Point{X: l[i].X, Y: l[i].Y + low})
			}
			a.fill(teeth, true, a.lit(rgb{226, 220, 208}, [3]float64{0, 0.3, 0.9}), 0.95)
		}
	}
	upper := append(append([]face.Point(nil), l[48:55]...), l[64], l[63], l[62], l[61], l[60])
	lower := append([]face.Point{l[54]}, append(append([]face.Point(nil), l[55:60]...), l[48], l[60], l[67], l[66], l[65], l[64])...)
	lines := func(x, y float64) float64 { return 1 + 0.07*a.skin.at(x/1.7, y/9) }
	a.shade(upper, false, func(x, y float64) rgb { return a.lit(a.p.lip.scale(0.84*lines(x, y)), [3]float64{0, 0.35, 0.85}) })
	a.shade(lower, false, func(x, y float64) rgb { return a.lit(a.p.lip.scale(lines(x, y)), [3]float64{0, -0.1, 0.95}) })
	a.glow(a.at(vector3{-0.04, a.p.mouthY + a.q.open + a.p.lipLow*0.5, 0.38}), 0.14*a.unit, 0.03*a.unit, rgb{255, 235, 230}, 0.22)
	if a.q.open <= 0.01 {
		a.stroke(l[60:65], 0.6, 0.028*a.unit, a.p.lip.scale(0.35), 0.85)
	}
	for _, i := range []int{48, 54} {
		a.glow(l[i], 0.05*a.unit, 0.04*a.unit, a.p.skin.scale(0.45), 0.4)
	}
}

func (a *artist) brow(points []face.Point) {
	colour := a.p.hair.mix(a.p.skin, 0.22).scale(0.85)
	a.stroke(points, 0.35*a.p.browThick*a.unit, a.p.browThick*a.unit*1.25, colour, 0.72)
	for i := range 22 { // hairs
		t := float64(i) / 21 * float64(len(points)-1)
		k := min(int(t), len(points)-2)
		f := t - float64(k)
		x, y := points[k].X+f*(points[k+1].X-points[k].X), points[k].Y+f*(points[k+1].Y-points[k].Y)
		size := a.p.browThick * a.unit * 0.55
		lean := size * math.Copysign(0.8, points[2].X-a.l[27].X)
		a.stroke([]face.Point{{X: x - lean/2, Y: y + size}, {X: x, Y: y}, {X: x + lean, Y: y - size}}, 0.3, 0.9, colour.scale(0.6), 0.5)
	}
}

// hairBehind paints the hair that the head covers.
func (a *artist) hairBehind() {
	var outline []face.Point
	switch a.p.style {
	case longHair, fringe:
		outline = a.skull(13, 1.12*a.p.volume, a.p.crown*1.06*a.p.volume)
		w := a.p.width * a.p.volume
		outline = append(outline, a.line(vector3{w * 1.25, 1, -0.6}, vector3{w * 1.3, 2.2, -0.6}, vector3{w * 0.5, 2.5, -0.6},
			vector3{-w * 0.5, 2.5, -0.6}, vector3{-w * 1.3, 2.2, -0.6}, vector3{-w * 1.25, 1, -0.6})...)
	case curls:
		r := rand.New(rand.NewPCG(a.p.texture, 1))
		for _, p := range a.skull(26, 1.28*a.p.volume, a.p.crown*1.2*a.p.volume) {
			a.glow(p, between(r, 0.12, 0.2)*a.unit, between(r, 0.12, 0.2)*a.unit, a.p.hair, 0.95)
		}
		outline = a.skull(13, 1.25*a.p.volume, a.p.crown*1.18*a.p.volume)
		outline = append(outline, a.line(vector3{a.p.width * 1.1, 0.7, -0.6}, vector3{-a.p.width * 1.1, 0.7, -0.6})...)
	default:
		return
	}
	a.shade(outline, true, a.strands)
}

// strands is the colour of the hair at a place: streaks along its fall, curls in curly hair.
func (a *artist) strands(x, y float64) rgb {
	u, v := (x-a.l[27].X)/a.unit, (y-a.l[27].Y)/a.unit
	var streak float64
	if a.p.style == curls {
		streak = 0.5*a.skin.at(u*14, v*14) + 0.3*a.skin.at(u*30+9, v*30)
	} else {
		bend := u / (1 + 0.35*max(0, v+1)) // strands spread as they fall
		streak = 0.45*a.skin.at(bend*26, v*2.2) + 0.35*a.skin.at(bend*55+7, v*3+3)
	}
	return a.lit(a.p.hair.mix(rgb{255, 240, 220}, 0.06).scale(1+0.5*streak), [3]float64{0.6 * u, -0.35 - 0.2*v, 0.75})
}

// hairInFront paints the cap of hair down to the hairline.
func (a *artist) hairInFront() {
	w := a.p.width
	swell, crown := 1.03*math.Sqrt(a.p.volume), a.p.crown*math.Sqrt(a.p.volume)*1.04
	line := a.p.hairline
	switch a.p.style {
	case shaved:
		outline := append(a.skull(13, 1.005, a.p.crown*1.005), a.line(vector3{w * 0.93, -0.35, -0.3}, vector3{w * 0.7, -line, 0},
			vector3{0, -line - 0.08, 0.1}, vector3{-w * 0.7, -line, 0}, vector3{-w * 0.93, -0.35, -0.3})...)
		a.fill(outline, true, a.p.hair, 0.3+0.3*a.p.stubble)
		return
	case fringe:
		line = 0.42
	case curls:
		swell, crown = 1.16*a.p.volume, a.p.crown*1.15*a.p.volume
	}
	outline := a.skull(13, swell, crown)
	// The hairline from the temple on the right to the one on the left, higher at the parting.
	outline = append(outline, a.at(vector3{w * 1.02, 0.2, -0.55}), a.at(vector3{w * 0.93, -0.2, -0.35}))
	for i := range 9 {
		x := 0.84 - 0.21*float64(i)
		y := -line*(1-0.35*x*x) - 0.16*blob(x-a.p.part, 0, 0.3)
		if a.p.style == fringe {
			y = -line - 0.05*math.Sin(9*x)
		}
		outline = append(outline, a.at(vector3{x * w, y, 0.3 - 0.6*x*x}))
	}
	outline = append(outline, a.at(vector3{-w * 0.93, -0.2, -0.35}), a.at(vector3{-w * 1.02, 0.2, -0.55}))
	a.shade(outline, true, a.strands)
	if a.p.style == longHair || a.p.style == fringe {
		for _, side := range []float64{-1, 1} { // locks before the ears
			lock := a.line(vector3{side * w * 0.96, -0.5, -0.3}, vector3{side * w * 1.18 * swell, -0.3, -0.4}, vector3{side * w * 1.24 * swell, 1.3, -0.4},
				vector3{side * w * 1.05, 1.7, -0.3}, vector3{side * w * 1.0, 0.5, -0.3})
			a.shade(lock, true, a.strands)
		}
	}
}

func (a *artist) spectacles() {
	frame := a.p.hair.mix(rgb{20, 20, 24}, 0.7)
	for _, side := range []float64{-1, 1} {
		const n = 24
		rim := make([]face.Point, n+1)
		for i := range rim {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / n)
			rim[i] = a.at(vector3{side*a.p.eyeX + 0.31*cos, 0.03 + 0.24*sin, 0.34})
		}
		a.fill(rim, true, rgb{220, 230, 240}, 0.07)
		a.stroke(rim, 0.035*a.unit, 0.035*a.unit, frame, 0.95)
		a.stroke(a.line(vector3{side * (a.p.eyeX + 0.31), -0.02, 0.34}, vector3{side * a.p.width, -0.06, -0.3}), 1, 1.6, frame, 0.9)
	}
	a.stroke(a.line(vector3{-a.p.eyeX + 0.31, 0, 0.36}, vector3{0, -0.05, 0.42}, vector3{a.p.eyeX - 0.31, 0, 0.36}), 1, 1.8, frame, 0.95)
}

// expose does what a camera does to a picture: uneven light, a lens that blurs a little, and noise.
func expose(m *image.RGBA, s scene, r *rand.Rand) {
	const side = pictureSide
	blurred := m.Pix
	if s.blur > 0 {
		blurred = soften(m.Pix, s.blur)
	}
	// In 1/4096 levels: noise is the sum of two uniform draws of 10 bits, triangular with a deviation of 1023/√6.
	noise := int(s.noise * math.Sqrt(6) / 1023 * 4096)
	for y := range side {
		fy := 1 + s.slope[1]*(2*float64(y)/side-1)
		for x := range side {
			gain := int(4096 * (fy + s.slope[0]*(2*float64(x)/side-1)))
			bits := r.Uint64()
			i := m.PixOffset(x, y)
			for k := range 3 {
				n := int(bits&1023) + int(bits>>10&1023) - 1023
				bits >>= 20
				v := (int(blurred[i+k])*gain + n*noise + 2048) >> 12
				m.Pix[i+k] = uint8(min(max(v, 0), 255))
			}
		}
	}
}

// soften convolves RGBA pixels with the kernel (w, 1−2w, w) in both directions.
func soften(pix []uint8, w float64) []uint8 {
	const side, stride = pictureSide, 4 * pictureSide
	pass := func(src []uint8, step int, inside func(i int) bool) []uint8 {
		dst := make([]uint8, len(src))
		a := int(w*256 + 0.5)
		for i := range src {
			if !inside(i) {
				dst[i] = src[i]
				continue
			}
			dst[i] = uint8((a*(int(src[i-step])+int(src[i+step])) + (256-2*a)*int(src[i]) + 128) >> 8)
		}
		return dst
	}
	across := pass(pix, 4, func(i int) bool { x := i % stride; return x >= 4 && x < stride-4 })
	return pass(across, stride, func(i int) bool { return i >= stride && i < stride*(side-1) })
}
