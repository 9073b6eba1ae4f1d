package video

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// showinfo is the filter that writes one line for each frame that passes it.
const showinfo = "showinfo@frames=checksum=0"

// stamp is what showinfo reports of a frame.
type stamp struct {
	index    int // of all frames decoded
	filtered int // of the frames that this set of filters saw; ffmpeg makes a new set when the pictures change their form
	pts      int64
	base     fraction
	key      bool
}

// log understands what ffmpeg says on stderr. Only one goroutine calls line; the fields in the first group are for after
// the last line, the others for any time, under mu.
type log struct {
	huge          string             // a picture size that ffmpeg refused: WIDTHxHEIGHT
	noStream      bool               // no video stream
	foreign       bool               // a format beyond -format_whitelist
	torn          string             // a demuxer's complaint that the file ends early
	width, height int                // of the first frame
	look          look               // of the first frame
	dolby         bool               // the input holds Dolby Vision whose base layer is in colours of its own
	failed        bool               // ffmpeg ended with an error
	streams       []stream           // the video streams of the input
	complaints    []string           // the first and the last ones
	turns         map[string]float64 // degrees counter-clockwise, by input stream
	stream        string             // the input stream whose description is read
	mapped        string             // the input stream that is decoded, once known
	mapping       bool               // the list of mapped streams has begun

	// comes says whether a frame leaves the filters, and under which index. Nil means that none is awaited.
	comes func(stamp) (index int, comes bool, err error)

	mu     sync.Mutex
	more   *sync.Cond
	base   fraction
	frames int     // seen by showinfo
	stamps []stamp // of frames that leave the filters and were not taken yet
	err    error   // of comes
	ended  bool    // no line will come
}

var (
	// said is one line: components, level, text.
	said       = regexp.MustCompile(`^((?:\[[^\]]* @ [^\]]*\] )*)\[([a-z]+)\] (.*)$`)
	frameLine  = regexp.MustCompile(`^n: *(\d+) pts: *(NOPTS|-?\d+) .*\bsar:(\d+)/(\d+) s:(\d+)x(\d+) i:(.) .*\biskey:([01])`)
	colorLine  = regexp.MustCompile(`^color_range:\S+ color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)`)
	dolbyLine  = regexp.MustCompile(`^ +DOVI configuration record: .*\bcompatibility id: 0\b`)
	baseLine   = regexp.MustCompile(`^config in time_base: (\d+)/(\d+)`)
	streamLine = regexp.MustCompile(`^ +Stream #0:(\d+)`)
	turnLine   = regexp.MustCompile(`(?i)^ +display ?matrix: rotation of (-?\d+(?:\.\d+)?) degrees`)
	hugeLine   = regexp.MustCompile(`^Picture size (\d{3,}x\d{3,}) (?:exceeds|is invalid)`)
	tornLine   = regexp.MustCompile(`^(?:stream \d+, offset 0x[0-9a-f]+: partial file|File ended prematurely|Packet corrupt)`)
	// echoLine says that something failed, after lines that say what.
	echoLine = regexp.MustCompile(`^(?:Error opening|Terminating thread|Task finished|Nothing was written|file:)`)
)

// maxComplaints are kept for errors.
const maxComplaints = 3

// line takes one line of stderr.
func (l *log) line(line string) {
	parts := said.FindStringSubmatch(line)
	if parts == nil {
		return
	}
	component, level, text := parts[1], parts[2], parts[3]
	if component != "" && l.torn == "" && level != "info" && tornLine.MatchString(text) {
		l.torn = clean(text)
	}
	switch {
	case strings.HasPrefix(component, "[showinfo@frames @ "):
		l.frame(text)
	case component == "" && level == "info":
		l.banner(text)
	case level == "error" || level == "fatal" || level == "panic":
		l.foreign = l.foreign || strings.HasPrefix(text, "Format not on whitelist")
		if size := hugeLine.FindStringSubmatch(text); size != nil {
			l.huge = size[1]
		}
		l.noStream = l.noStream || strings.HasPrefix(text, "Stream map ") && strings.Contains(text, "matches no streams")
		if text = clean(text); text == "" || echoLine.MatchString(text) {
			return
		}
		if len(l.complaints) == maxComplaints {
			l.complaints = append(l.complaints[:1], l.complaints[2:]...)
		}
		l.complaints = append(l.complaints, text)
	}
}

// banner reads the description of the input, for the rotation of its streams.
func (l *log) banner(text string) {
	if text == "Stream mapping:" {
		l.mapping = true
		return
	}
	if stream := streamLine.FindStringSubmatch(text); stream != nil {
		if s, ok := describe(text); ok && !l.mapping {
			l.streams = append(l.streams, s)
		}
		if !l.mapping {
			l.stream = stream[1]
		} else if l.mapped == "" {
			l.mapped = stream[1]
		}
		return
	}
	l.dolby = l.dolby || dolbyLine.MatchString(text)
	if turn := turnLine.FindStringSubmatch(text); turn != nil && !l.mapping {
		if degrees, err := strconv.ParseFloat(turn[1], 64); err == nil && math.Abs(degrees) <= 360 {
			if l.turns == nil {
				l.turns = map[string]float64{}
			}
			l.turns[l.stream] = degrees
		}
	}
}

// rotation is the rotation of the decoded stream, in degrees clockwise, 0 … 359.
func (l *log) rotation() int {
	return (360 - int(math.Round(l.turns[l.mapped]))%360) % 360
}

// frame takes a line of showinfo.
func (l *log) frame(text string) {
	if base := baseLine.FindStringSubmatch(text); base != nil {
		num, numErr := strconv.ParseInt(base[1], 10, 32)
		den, denErr := strconv.ParseInt(base[2], 10, 32)
		if numErr == nil && denErr == nil && num > 0 && den > 0 {
			l.base = fraction{num, den}
		}
		return
	}
	if color := colorLine.FindStringSubmatch(text); color != nil && l.frames == 1 {
		l.look.matrix, l.look.colors, l.look.transfer = color[1], color[2], color[3]
		return
	}
	parts := frameLine.FindStringSubmatch(text)
	if parts == nil {
		return
	}
	s := stamp{pts: noTime, base: l.base, key: parts[8] == "1"}
	if pts, err := strconv.ParseInt(parts[2], 10, 64); err == nil {
		s.pts = pts
	}
	s.filtered, _ = strconv.Atoi(parts[1])
	l.mu.Lock()
	defer l.mu.Unlock()
	s.index = l.frames
	if l.frames == 0 {
		l.look.sar.num, _ = strconv.ParseInt(parts[3], 10, 32)
		l.look.sar.den, _ = strconv.ParseInt(parts[4], 10, 32)
		l.width, _ = strconv.Atoi(parts[5])
		l.height, _ = strconv.Atoi(parts[6])
		l.look.interlaced = parts[7] == "T" || parts[7] == "B"
	}
	l.frames++
	if l.comes == nil || l.err != nil {
		return
	}
	index, comes, err := l.comes(s)
	if err == nil && comes {
		s.index = index
		l.stamps = append(l.stamps, s)
	}
	if l.err = err; err != nil || comes {
		l.more.Signal()
	}
}

// take waits for the next frame that leaves the filters; ok is false if there will be none.
func (l *log) take() (s stamp, ok bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.stamps) == 0 && l.err == nil && !l.ended {
		l.more.Wait()
	}
	if len(l.stamps) == 0 {
		return s, false, l.err
	}
	s = l.stamps[0]
	l.stamps = append(l.stamps[:0], l.stamps[1:]...)
	return s, true, nil
}

// end says that no line will come.
func (l *log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.more.Broadcast()
}

// tail is what ffmpeg complained about first and last, in one line.
func (l *log) tail() string { return strings.Join(l.complaints, "; ") }

// clean makes a text fit to stand in an error: one line, printable, not long.
func clean(text string) string {
	const limit = 160
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	text = strings.TrimSuffix(text, ".")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}
