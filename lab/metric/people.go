package metric

import (
	"cmp"
	"fmt"
	"slices"
)

// Shown says whom scored items show. People are numbered from 0, without gaps as far as possible.
type Shown struct {
	// Video is the video of each score, an index into People. Nil makes each score a video of its own.
	Video []int32
	// People are the one or two people of each video: whose head is seen, and whose face or expression was put in. The second
	// is −1 where there is none, or nobody knows who it is. A video whose person is unknown is to have a number of its own.
	People [][2]int32
}

// video is the video of score i.
func (s Shown) video(i int) int {
	if s.Video == nil {
		return i
	}
	return int(s.Video[i])
}

// check says what is wrong with s for scores whose classes are fake.
func (s Shown) check(fake []bool) error {
	if s.Video == nil && len(s.People) != len(fake) {
		return &LengthError{List: "videos' people", Length: len(s.People), Scores: len(fake)}
	}
	if s.Video != nil && len(s.Video) != len(fake) {
		return &LengthError{List: "videos", Length: len(s.Video), Scores: len(fake)}
	}
	for v, p := range s.People {
		if p[0] < 0 || p[1] < -1 {
			return fmt.Errorf("metric: video %d shows people %d and %d, want numbers from 0, or -1 for no second one", v, p[0], p[1])
		}
	}
	class := make([]int8, len(s.People))
	for i, f := range fake {
		v := s.video(i)
		if v < 0 || v >= len(class) {
			return fmt.Errorf("metric: score %d is of video %d, want one of the %d whose people are given", i, v, len(class))
		}
		is := int8(1)
		if f {
			is = 2
		}
		if class[v] != 0 && class[v] != is {
			return fmt.Errorf("metric: video %d has real and fake items, want one class in a video", v)
		}
		class[v] = is
	}
	return nil
}

// perClass is a number for each class.
type perClass struct{ real, fake float64 }

func (c *perClass) add(o perClass) { c.real += o.real; c.fake += o.fake }

// moments are the sums that the variance of an AUC, or of a difference of two, is made of. Videos that share a person are
// correlated in any way; others are not.
type moments struct {
	between   perClass // sum of x·y over all ordered pairs of videos of the class that share a person, those of one with itself too
	across    float64  // sum of x·y over pairs of a real and a fake video that share a person
	own       perClass // sum of x² over videos
	effective perClass // independent people that the class amounts to: n² / ordered pairs of items that share a person
	kurtosis  perClass // n·Σx⁴/(Σx²)² of the sums over the n people of the class, 1 where nothing varies
	people    perClass // people whose heads are seen
	videos    perClass
}

// moments sums the deviations of items, of which counts are in each class, within videos, then over who shares a person, in
// O(n log n) time. What shares a person is found by people, then what shares two is taken off, as that was counted twice
// (the dyadic-robust variance of Fafchamps and Gubert 2007 and of Aronow, Samii and Assenova 2015).
func (s Shown) moments(deviations []float64, fake []bool, counts perClass) moments {
	type unit struct {
		x, n perClass
	}
	videos := make([]unit, len(s.People))
	for i, d := range deviations {
		u := &videos[s.video(i)]
		if fake[i] {
			u.x.fake += d / counts.fake
			u.n.fake++
		} else {
			u.x.real += d / counts.real
			u.n.real++
		}
	}
	last := int32(-1)
	for _, p := range s.People {
		last = max(last, p[0], p[1])
	}
	people := make([]unit, last+1)
	seen := make([]uint8, last+1)
	var m moments
	var pairs []int32 // videos of two people
	for v, u := range videos {
		p := s.People[v]
		if u.n == (perClass{}) {
			continue
		}
		if u.n.fake > 0 {
			m.videos.fake++
		} else {
			m.videos.real++
		}
		m.own.real += u.x.real * u.x.real
		m.own.fake += u.x.fake * u.x.fake
		people[p[0]].x.add(u.x)
		people[p[0]].n.add(u.n)
		if p[1] >= 0 && p[1] != p[0] {
			people[p[1]].x.add(u.x)
			people[p[1]].n.add(u.n)
			pairs = append(pairs, int32(v))
		}
		if bit := uint8(1); u.n.real > 0 && seen[p[0]]&bit == 0 {
			seen[p[0]] |= bit
			m.people.real++
		}
		if bit := uint8(2); u.n.fake > 0 && seen[p[0]]&bit == 0 {
			seen[p[0]] |= bit
			m.people.fake++
		}
	}
	var shared perClass // ordered pairs of items of one class that share a person
	count := func(u unit, sign float64) {
		m.between.real += sign * u.x.real * u.x.real
		m.between.fake += sign * u.x.fake * u.x.fake
		m.across += sign * u.x.real * u.x.fake
		shared.real += sign * u.n.real * u.n.real
		shared.fake += sign * u.n.fake * u.n.fake
	}
	var n, squares, fourths perClass
	for _, u := range people {
		count(u, 1)
		real, fake := u.x.real*u.x.real, u.x.fake*u.x.fake
		squares.add(perClass{real, fake})
		fourths.add(perClass{real * real, fake * fake})
		n.add(perClass{min(u.n.real, 1), min(u.n.fake, 1)})
	}
	m.kurtosis = perClass{kurtosis(n.real, squares.real, fourths.real), kurtosis(n.fake, squares.fake, fourths.fake)}
	both := func(v int32) [2]int32 {
		p := s.People[v]
		return [2]int32{min(p[0], p[1]), max(p[0], p[1])}
	}
	slices.SortFunc(pairs, func(a, b int32) int {
		p, q := both(a), both(b)
		return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1]), cmp.Compare(a, b))
	})
	for i := 0; i < len(pairs); {
		var u unit
		of := both(pairs[i])
		for ; i < len(pairs) && both(pairs[i]) == of; i++ {
			u.x.add(videos[pairs[i]].x)
			u.n.add(videos[pairs[i]].n)
		}
		count(u, -1)
	}
	m.effective = perClass{counts.real * counts.real / shared.real, counts.fake * counts.fake / shared.fake}
	return m
}

// kurtosis is that of n numbers around 0 from the sums of their squares and fourth powers.
func kurtosis(n, squares, fourths float64) float64 {
	if fourths == 0 {
		return 1
	}
	return n * fourths / (squares * squares)
}
