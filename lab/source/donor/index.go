package donor

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/seeable-lab/seeable/lab/source"
)

// components are how many principal components faces are first compared in, and candidates how many of the nearest in them are
// compared in all landmarks. TestApproximation holds what is lost by it.
const components, candidates = 8, 2 * Most

// fitted bounds how many faces the components are fitted to.
const fitted = 2000

// index is the landmarks of faces, in the order of their first component.
type index struct {
	shapes []shape
	clips  []int32 // of each face
	people []int32 // of each face, by number; −1 if nobody knows
	number map[string]int32

	mean  shape
	basis [components]shape
	low   [][components]float32 // of each face
}

func newIndex(clips source.Source) (*index, error) {
	x := &index{number: map[string]int32{}}
	for i := range clips.Len() {
		info := clips.Info(i)
		s, ok := frame(info.Landmarks)
		if !ok || info.Fake {
			continue
		}
		person, known := x.number[info.Person]
		switch {
		case info.Person == "":
			person = -1
		case !known:
			person = int32(len(x.number))
			x.number[info.Person] = person
		}
		x.shapes, x.clips, x.people = append(x.shapes, s), append(x.clips, int32(i)), append(x.people, person)
	}
	if len(x.shapes) == 0 {
		return nil, fmt.Errorf("donor: none of the %d faces of the pool is real and has landmarks of its own: want faces with landmarks, of at least two people; data.landmarks = \"detect\" finds them", clips.Len())
	}
	if err := x.fit(); err != nil {
		return nil, err
	}
	x.sort()
	return x, nil
}

// fit finds the principal components of the shapes.
func (x *index) fit() error {
	var rows [][]float64
	for i := 0; i < len(x.shapes); i += (len(x.shapes) + fitted - 1) / fitted {
		row := make([]float64, points)
		for k, v := range x.shapes[i] {
			row[k] = float64(v)
		}
		rows = append(rows, row)
	}
	for k := range points {
		mean := 0.0
		for _, row := range rows {
			mean += row[k] / float64(len(rows))
		}
		x.mean[k] = float32(mean)
		for _, row := range rows {
			row[k] -= mean
		}
	}
	scatter := mat.NewSymDense(points, nil)
	for _, row := range rows {
		scatter.SymRankOne(scatter, 1, mat.NewVecDense(points, row))
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(scatter, true) {
		return fmt.Errorf("donor: the principal components of %d faces' landmarks cannot be found", len(rows))
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for c := range x.basis {
		for k := range points {
			x.basis[c][k] = float32(vectors.At(k, points-1-c)) // values rise
		}
	}
	return nil
}

// project is where a shape lies in the components.
func (x *index) project(s *shape) (low [components]float32) {
	for c := range low {
		sum := float32(0)
		for k, v := range x.basis[c] {
			sum += v * (s[k] - x.mean[k])
		}
		low[c] = sum
	}
	return low
}

// sort brings the faces into the order of their first component.
func (x *index) sort() {
	type entry struct {
		at  int
		low [components]float32
	}
	order := make([]entry, len(x.shapes))
	for i := range order {
		order[i] = entry{i, x.project(&x.shapes[i])}
	}
	slices.SortFunc(order, func(a, b entry) int { return cmp.Or(cmp.Compare(a.low[0], b.low[0]), cmp.Compare(a.at, b.at)) })
	shapes, clips, people := make([]shape, len(order)), make([]int32, len(order)), make([]int32, len(order))
	x.low = make([][components]float32, len(order))
	for i, e := range order {
		shapes[i], clips[i], people[i], x.low[i] = x.shapes[e.at], x.clips[e.at], x.people[e.at], e.low
	}
	x.shapes, x.clips, x.people = shapes, clips, people
}

// found is a face and how far it is.
type found struct {
	distance float64
	at       int32
}

func (f found) compare(g found) int {
	return cmp.Or(cmp.Compare(f.distance, g.distance), cmp.Compare(f.at, g.at))
}

// nearest are the clips of the faces nearest to a shape that are not of the person and no near copies.
func (x *index) nearest(s shape, person string) []int32 {
	own, known := x.number[person]
	if !known {
		own = -2
	}
	low := x.project(&s)
	var best heap
	// Outwards along the first component, until whatever follows is further in it alone than the worst candidate.
	right, _ := slices.BinarySearchFunc(x.low, low[0], func(face [components]float32, v float32) int { return cmp.Compare(face[0], v) })
	for left := right - 1; left >= 0 || right < len(x.low); {
		var at int
		if right == len(x.low) || left >= 0 && low[0]-x.low[left][0] <= x.low[right][0]-low[0] {
			at, left = left, left-1
		} else {
			at, right = right, right+1
		}
		other := &x.low[at]
		sum := (low[0] - other[0]) * (low[0] - other[0])
		if len(best) == candidates && float64(sum) > best[0].distance {
			break
		}
		for c := 1; c < components; c++ {
			sum += (low[c] - other[c]) * (low[c] - other[c])
		}
		if x.people[at] != own {
			best.offer(found{float64(sum), int32(at)})
		}
	}
	exact := best[:0]
	for _, f := range best {
		if d := s.distance(&x.shapes[f.at]); d >= nearCopy*points/2 {
			exact = append(exact, found{d, f.at})
		}
	}
	slices.SortFunc(exact, func(a, b found) int { return a.compare(b) })
	out := make([]int32, min(Most, len(exact)))
	for i := range out {
		out[i] = x.clips[exact[i].at]
	}
	return out
}

// heap holds up to candidates faces, the furthest first.
type heap []found

// offer takes a face in if there is room, or in place of the furthest one if it is nearer.
func (h *heap) offer(f found) {
	s := *h
	if len(s) < candidates {
		s = append(s, f)
		for i := len(s) - 1; i > 0 && s[i].compare(s[(i-1)/2]) > 0; i = (i - 1) / 2 {
			s[i], s[(i-1)/2] = s[(i-1)/2], s[i]
		}
		*h = s
		return
	}
	if f.compare(s[0]) >= 0 {
		return
	}
	s[0] = f
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < len(s) && s[child+1].compare(s[child]) > 0 {
			child++
		}
		if child >= len(s) || s[child].compare(s[i]) <= 0 {
			return
		}
		s[i], s[child] = s[child], s[i]
		i = child
	}
}
