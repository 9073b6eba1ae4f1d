package region

import (
	"slices"

	"github.com/seeable-lab/seeable/lab/face"
)

// meshgrid is the official division into 13 landmark polygons, which may be concave: five central ones, four on the
// left of the image, and the mirrors of these four.
var meshgrid = mesh()

func mesh() parts {
	m := parts{style: polygonOutline, lift: true, list: []part{
		{"glabella", 0, []int{19, 20, 21, 27, 22, 23, 24}},
		{"nostrils", 1, run(30, 35)},
		{"upper lip", 2, []int{31, 32, 33, 34, 35, 54, 53, 52, 51, 50, 49, 48}},
		{"mouth", 3, run(48, 59)},
		{"chin", 4, []int{6, 7, 8, 9, 10, 54, 55, 56, 57, 58, 59, 48}},
		{"left cheek", 9, slices.Concat(run(0, 6), []int{48, 31, 39, 40, 41, 36, 17})},
		{"left eye", 10, run(36, 41)},
		{"left brow", 11, slices.Concat(run(17, 21), []int{27, 39, 38, 37, 36})},
		{"left of the nose", 12, slices.Concat(run(27, 31), []int{39})},
	}}
	right := [...]string{"right cheek", "right eye", "right brow", "right of the nose"}
	for i, name := range right {
		var points []int
		for _, index := range m.list[5+i].points {
			points = append(points, face.MirrorIndex(index))
		}
		m.list = append(m.list, part{name, 5 + i, points})
	}
	return m
}
