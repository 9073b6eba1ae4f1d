package synthetic

import (
	"math"
	"math/rand/v2"

	"github.com/seeable-lab/seeable/lab/face"
)

// rgb is a colour, 0 to 255 per channel.
type rgb [3]float64

func (c rgb) mix(d rgb, share float64) rgb {
	for i := range c {
		c[i] += share * (d[i] - c[i])
	}
	return c
}

func (c rgb) scale(s float64) rgb { return rgb{c[0] * s, c[1] * s, c[2] * s} }

// between returns a uniform draw from [low, high).
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// person is what stays the same in all pictures of a synthetic identity. Lengths are in units of half the width of the
// average face; x points right in the picture, y down, z to the camera, and the origin is between the eyes.
type person struct {
	skin, hair, iris, lip rgb

	width, chin, crown, square float64 // half width at the ears, chin and top of the skull, squareness of the jaw

	eyeX, eyeW, eyeH, eyeTilt         float64
	browY, browThick, browArch        float64
	noseW, noseLen                    float64
	mouthY, mouthW, lipUp, lipLow     float64
	style                             int     // of the hair, see the constants below
	hairline, part, volume            float64 // height of the hairline, x of the parting, bulge
	stubble, blush, freckles, pouches float64
	glasses                           bool
	texture                           uint64 // seed of the skin
}

const (
	shortHair = iota
	longHair
	fringe
	curls
	shaved
	hairStyles
)

var (
	skinTones = []rgb{{250, 218, 194}, {238, 196, 166}, {222, 172, 138}, {196, 142, 104}, {152, 102, 72}, {98, 64, 48}}
	hairTones = []rgb{{24, 20, 20}, {48, 34, 26}, {86, 58, 38}, {122, 72, 42}, {190, 152, 98}, {158, 154, 150}}
	irisTones = []rgb{{58, 38, 26}, {92, 62, 36}, {98, 112, 70}, {84, 116, 146}, {120, 134, 140}}
)

func newPerson(r *rand.Rand) person {
	tone := between(r, 0, float64(len(skinTones)-1))
	dark := int(tone)
	skin := skinTones[dark].mix(skinTones[dark+1], tone-float64(dark))
	for i := range skin {
		skin[i] += between(r, -6, 6)
	}
	hairs, irises := len(hairTones), len(irisTones)
	if tone > 3 {
		hairs, irises = 2, 2
	}
	p := person{
		skin: skin, hair: hairTones[r.IntN(hairs)].scale(between(r, 0.85, 1.15)), iris: irisTones[r.IntN(irises)],
		lip:   skin.mix(rgb{168, 58, 66}, between(r, 0.35, 0.75)).scale(between(r, 0.85, 0.98)),
		width: between(r, 0.92, 1.06), chin: between(r, 1.32, 1.56), crown: between(r, 1.15, 1.35), square: between(r, 0.72, 1),
		eyeX: between(r, 0.42, 0.48), eyeW: between(r, 0.2, 0.25), eyeH: between(r, 0.075, 0.115), eyeTilt: between(r, -0.03, 0.04),
		browY: between(r, 0.24, 0.33), browThick: between(r, 0.03, 0.085), browArch: between(r, 0.02, 0.09),
		noseW: between(r, 0.2, 0.3), noseLen: between(r, 0.5, 0.66),
		mouthY: between(r, 0.88, 0.98), mouthW: between(r, 0.31, 0.44), lipUp: between(r, 0.06, 0.11), lipLow: between(r, 0.09, 0.15),
		style: r.IntN(hairStyles), hairline: between(r, 0.7, 0.95), part: between(r, -0.6, 0.6), volume: between(r, 1.06, 1.22),
		blush: between(r, 0, 0.25), freckles: max(0, between(r, -1.5, 1)), pouches: between(r, 0.05, 0.25),
		glasses: r.Float64() < 0.15, texture: r.Uint64(),
	}
	if (p.style == shortHair || p.style == shaved) && r.Float64() < 0.5 {
		p.stubble = between(r, 0.15, 0.75)
	}
	return p
}

// scene is what stays the same in all frames of a synthetic video.
type scene struct {
	light                [3]float64 // direction to the lamp, unit length
	ambient              float64    // share of the light that comes from everywhere
	tint                 rgb        // factors of the lamp's colour, around 1
	slope                [2]float64 // brightness across the picture, per half side
	wall                 [2]rgb
	shirt                rgb
	clutter              uint64 // seed of the background
	noise, blur          float64
	quality              int // of the JPEG
	yaw, pitch, roll     float64
	scale, centreX, topY float64
}

func newScene(r *rand.Rand) scene {
	colour := func() rgb { // mostly muted
		grey := between(r, 30, 210)
		c := rgb{between(r, 20, 225), between(r, 20, 225), between(r, 20, 225)}
		return c.mix(rgb{grey, grey, grey}, between(r, 0.3, 0.9))
	}
	x, y := between(r, -0.8, 0.8), between(r, -0.7, 0.1)
	n := math.Sqrt(x*x + y*y + 1)
	wall := colour()
	return scene{
		light: [3]float64{x / n, y / n, 1 / n}, ambient: between(r, 0.35, 0.6),
		tint:  rgb{between(r, 0.94, 1.08), 1, between(r, 0.9, 1.08)},
		slope: [2]float64{between(r, -0.12, 0.12), between(r, -0.12, 0.12)},
		wall:  [2]rgb{wall, wall.mix(colour(), 0.5)}, shirt: colour(), clutter: r.Uint64(),
		noise: between(r, 1.2, 4.5), blur: between(r, 0, 0.28), quality: 72 + r.IntN(24),
		yaw: between(r, -0.28, 0.28), pitch: between(r, -0.12, 0.14), roll: between(r, -0.1, 0.1),
		scale: between(r, 0.235, 0.275), centreX: between(r, 0.46, 0.54), topY: between(r, 0.40, 0.46),
	}
}

// pose is what differs from frame to frame: where the head is and what it does.
type pose struct {
	yaw, pitch, roll       float64 // radians
	scale, x, y            float64 // of a unit length and of the origin, in shares of the picture's side
	open, smile, lid, lift float64 // mouth, mouth corners, eyelids (1 is open), brows
	gaze                   float64
}

func newPose(r *rand.Rand, s scene) pose {
	p := pose{
		yaw: s.yaw + between(r, -0.12, 0.12), pitch: s.pitch + between(r, -0.06, 0.06), roll: s.roll + between(r, -0.05, 0.05),
		scale: s.scale * between(r, 0.97, 1.03), x: s.centreX + between(r, -0.015, 0.015), y: s.topY + between(r, -0.015, 0.015),
		open: max(0, between(r, -0.08, 0.14)), smile: between(r, -0.005, 0.09), lid: between(r, 0.7, 1.1), lift: between(r, -0.02, 0.05),
		gaze: between(r, -0.35, 0.35),
	}
	if r.Float64() < 0.06 {
		p.lid = 0.15 // a blink
	}
	return p
}

// vector3 is a point of a head, in the units of person.
type vector3 struct{ x, y, z float64 }

// project returns where a point of the head is seen, in pixels of a picture with the given side.
func (q pose) project(v vector3, side float64) face.Point {
	sin, cos := math.Sincos(q.yaw)
	x, z := v.x*cos+v.z*sin, v.z*cos-v.x*sin
	sin, cos = math.Sincos(q.pitch)
	y := v.y*cos + z*sin
	sin, cos = math.Sincos(q.roll)
	return face.Point{X: side * (q.x + q.scale*(x*cos-y*sin)), Y: side * (q.y + q.scale*(x*sin+y*cos))}
}

// landmarks returns the 68 points of the head, in the order of dlib and 300-W.
func (p person) landmarks(q pose) [face.Landmarks]vector3 {
	var v [face.Landmarks]vector3
	for i := range 17 { // jaw, from the ear on the left of the picture over the chin
		sin, cos := math.Sincos(float64(i-8) / 8 * math.Pi / 2)
		side := math.Copysign(math.Pow(math.Abs(sin), p.square), sin)
		chin := p.chin + q.open*0.8
		v[i] = vector3{p.width * side, 0.02 + (chin-0.02)*math.Pow(math.Abs(cos), 0.86), 0.25 - 0.75*sin*sin}
	}
	for i := range 5 { // brows
		t := float64(i) / 4 // from the outer end
		x := 0.82 - 0.62*t
		y := -p.browY - q.lift - p.browArch*math.Sin(math.Pi*(0.25+0.6*t)) + 0.06*(1-t)
		z := 0.32 - 0.35*x*x
		v[17+i], v[26-i] = vector3{-x, y, z}, vector3{x, y, z}
	}
	for i := range 4 { // ridge of the nose
		t := float64(i) / 3
		v[27+i] = vector3{0, p.noseLen * t * 0.96, 0.3 + 0.3*t}
	}
	for i := range 5 { // nostrils
		t := float64(i-2) / 2
		v[31+i] = vector3{p.noseW * t, p.noseLen + 0.12 - 0.05*t*t, 0.42 - 0.16*t*t}
	}
	// An eye from its outer corner, the upper lid to the inner corner, and back along the lower lid.
	height := p.eyeH * q.lid
	for i, e := range [6][2]float64{{-1, 0}, {-0.36, -1}, {0.36, -0.95}, {1, 0.12}, {0.36, 0.72}, {-0.36, 0.75}} {
		x, y := p.eyeX-e[0]*p.eyeW, e[1]*height+p.eyeTilt*e[0]
		z := 0.24 - 0.2*x*x
		v[36+i] = vector3{-x, y, z}
		v[[6]int{45, 44, 43, 42, 47, 46}[i]] = vector3{x, y, z}
	}
	lips := func(first int, half, up, low, corner float64, upper, lower []float64) {
		at := func(i int, t, y float64) {
			v[i] = vector3{half * t, p.mouthY + y, 0.36 - 0.3*t*t}
		}
		n, m := len(upper), len(lower)
		at(first, -1, corner)
		for i, h := range upper {
			at(first+1+i, -1+2*float64(i+1)/float64(n+1), up*h+corner*0.15)
		}
		at(first+n+1, 1, corner)
		for i, h := range lower {
			at(first+n+2+i, 1-2*float64(i+1)/float64(m+1), low*h+corner*0.15)
		}
	}
	half := p.mouthW * (1 + 2*q.smile)
	lips(48, half, -p.lipUp, p.lipLow+q.open, -q.smile, []float64{0.7, 1.1, 0.85, 1.1, 0.7}, []float64{0.72, 0.98, 1.05, 0.98, 0.72})
	lips(60, half*0.9, -0.005, 0.005+q.open, -q.smile, []float64{1, 1, 1}, []float64{0.9, 1, 0.9})
	return v
}
