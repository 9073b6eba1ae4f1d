package video

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// scan is what is known of a video stream from its packets, without decoding. A packet holds one frame, in all codecs that ffmpeg
// demuxes, but for rare streams with frames that are not shown.
type scan struct {
	base          fraction // seconds of one tick
	width, height int      // as stored, before rotation
	// times are the presentation times of all packets in ticks, sorted: those of the frames by index. Without timed they
	// are only as many.
	times []int64
	keys  []int64 // the times of key frames, sorted
	timed bool    // every packet has a time and no two have the same
	last  int64   // ticks that the last frame is shown
	// first and end are the decoding times of the first packet and of the last one, for a stream that is not timed.
	first, end int64
}

// fraction is num/den, both positive.
type fraction struct{ num, den int64 }

// noTime is ffmpeg's AV_NOPTS_VALUE.
const noTime = math.MinInt64

// The flags of a packet: AV_PKT_FLAG_KEY and, for what is decoded but not shown, AV_PKT_FLAG_DISCARD.
const (
	flagKey     = 1
	flagDiscard = 4
)

// readScan reads the output of ffmpeg's framecrc muxer: lines of "# key stream: value", then one line a packet,
// "stream, dts, pts, duration, size, checksum[, F=flags][, …]".
func readScan(r io.Reader) (s scan, err error) {
	s.timed, s.first, s.end = true, noTime, noTime
	lines := bufio.NewScanner(r)
	lastTime := int64(noTime)
	for lines.Scan() {
		line := lines.Text()
		if key, value, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(line, "#") {
			switch key {
			case "#tb 0":
				_, err = fmt.Sscanf(value, "%d/%d", &s.base.num, &s.base.den)
				if err != nil || s.base.num < 1 || s.base.den < 1 || max(s.base.num, s.base.den) > math.MaxInt32 {
					return s, fmt.Errorf("ffmpeg names the time base %q; want a positive fraction", value)
				}
			case "#dimensions 0":
				_, err = fmt.Sscanf(value, "%dx%d", &s.width, &s.height)
				if err != nil || min(s.width, s.height) < 0 || max(s.width, s.height) > math.MaxInt32 {
					return s, fmt.Errorf("ffmpeg names the picture size %q; want width x height", value)
				}
			}
			continue
		} else if strings.HasPrefix(line, "#") {
			continue
		}
		p, err := parsePacket(line)
		if err != nil {
			return s, err
		}
		if p.flags&flagDiscard != 0 {
			continue
		}
		if len(s.times) == maxFrames {
			return s, fmt.Errorf("%w: more than %d frames: cut it into parts", ErrTooLarge, maxFrames)
		}
		s.times = append(s.times, p.pts)
		if p.flags&flagKey != 0 {
			s.keys = append(s.keys, p.pts)
		}
		s.timed = s.timed && p.pts != noTime
		if p.pts >= lastTime {
			lastTime, s.last = p.pts, p.duration
		}
		if p.dts != noTime {
			if s.first == noTime {
				s.first = p.dts
			}
			s.end = p.dts
		}
	}
	if err := lines.Err(); err != nil {
		return s, fmt.Errorf("list of packets: %w", err)
	}
	if len(s.times) > 0 && s.base.den == 0 {
		return s, fmt.Errorf("list of packets without a time base")
	}
	slices.Sort(s.times)
	slices.Sort(s.keys)
	for i := 1; i < len(s.times) && s.timed; i++ {
		s.timed = s.times[i] != s.times[i-1]
	}
	if n := len(s.times); s.timed && n > 1 && s.last <= 0 {
		s.last = (s.times[n-1] - s.times[0]) / int64(n-1)
	}
	return s, nil
}

type packet struct {
	dts, pts, duration int64
	flags              uint64
}

func parsePacket(line string) (p packet, err error) {
	fields := strings.Split(line, ",")
	if len(fields) < 6 {
		return p, fmt.Errorf("ffmpeg lists the packet %q; want 6 fields", line)
	}
	for i, to := range []*int64{&p.dts, &p.pts, &p.duration} {
		if *to, err = strconv.ParseInt(strings.TrimSpace(fields[i+1]), 10, 64); err != nil {
			return p, fmt.Errorf("ffmpeg lists the packet %q: %w", line, err)
		}
	}
	p.flags = flagKey // is not written if it is the only one
	for _, field := range fields[6:] {
		if hex, ok := strings.CutPrefix(strings.TrimSpace(field), "F=0x"); ok {
			if p.flags, err = strconv.ParseUint(hex, 16, 64); err != nil {
				return p, fmt.Errorf("ffmpeg lists the packet %q: %w", line, err)
			}
		}
	}
	// Times beyond 2⁶¹ ticks would overflow sums; no real file has them.
	const limit = 1 << 61
	for _, t := range []*int64{&p.dts, &p.pts} {
		if *t != noTime && (*t > limit || *t < -limit) {
			*t = noTime
		}
	}
	p.duration = min(max(p.duration, 0), limit)
	return p, nil
}

// seconds is the length of so many ticks.
func (f fraction) seconds(ticks int64) float64 {
	return float64(ticks) * float64(f.num) / float64(f.den)
}

// toDuration rounds seconds to nanoseconds and keeps them in range.
func toDuration(seconds float64) time.Duration {
	ns := math.Round(seconds * 1e9)
	if !(math.Abs(ns) < math.MaxInt64) {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

func (s *scan) span() int64 {
	switch {
	case len(s.times) == 0:
		return 0
	case s.timed:
		return s.times[len(s.times)-1] - s.times[0] + s.last
	case s.first != noTime && s.end > s.first && len(s.times) > 1:
		// The durations of such packets are often wrong; all frames are taken to be shown equally long.
		return s.end - s.first + (s.end-s.first)/int64(len(s.times)-1)
	}
	return max(0, s.last)
}

func (s *scan) duration() time.Duration { return toDuration(s.base.seconds(s.span())) }

func (s *scan) fps() float64 {
	seconds := s.base.seconds(s.span())
	if seconds <= 0 {
		return 0
	}
	return float64(len(s.times)) / seconds
}

// spread returns the indices of the frames that are shown in the middles of n equal parts of the time: fewer than n if
// one is shown in several middles, and all if there are no more than n. Where one frame is
// shown for longer than longest and more than half of the n are lost by it, the times are taken for wrong, a jump or a length
// that is none, and the frames are spread by their number.
func (s *scan) spread(n int) []int {
	count := len(s.times)
	byNumber := func(k int) int { return int(part(uint64(count), 2*uint64(k)+1, 2*uint64(n))) }
	choose := func(at func(k int) int) []int {
		indices := make([]int, 0, min(n, count))
		for k := range min(n, count) {
			if i := at(k); len(indices) == 0 || i > indices[len(indices)-1] {
				indices = append(indices, i)
			}
		}
		return indices
	}
	switch {
	case n >= count:
		return choose(func(k int) int { return k })
	case !s.timed:
		return choose(byNumber)
	}
	indices := choose(func(k int) int {
		middle := s.times[0] + int64(part(uint64(s.span()), 2*uint64(k)+1, 2*uint64(n)))
		return sort.Search(count, func(i int) bool { return s.times[i] > middle }) - 1
	})
	if 2*len(indices) < n && s.base.seconds(s.hold()) > longest {
		return choose(byNumber)
	}
	return indices
}

// longest is for how many seconds a frame is shown before its time is doubted.
const longest = 10

// hold is the most ticks that a frame of a timed stream is shown.
func (s *scan) hold() int64 {
	most := s.last
	for i := 1; i < len(s.times); i++ {
		most = max(most, s.times[i]-s.times[i-1])
	}
	return most
}

// part is ⌊whole·a/b⌋ for a < b, without overflow.
func part(whole, a, b uint64) uint64 {
	high, low := bits.Mul64(whole, a)
	quotient, _ := bits.Div64(high, low, b)
	return quotient
}

// key returns the index of the key frame with a time, in ticks.
func (s *scan) key(at int64) (index int, ok bool) {
	if _, ok = slices.BinarySearch(s.keys, at); !ok {
		return 0, false
	}
	return slices.BinarySearch(s.times, at)
}
