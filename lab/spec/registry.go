package spec

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Choice is a name that a spec may hold, with one line about it.
type Choice struct{ Name, Doc string }

// Need says whether a method trains on labelled fakes.
type Need int

// The needs for labelled fakes.
const (
	FakesNever  Need = iota // real faces only
	FakesMaybe              // fakes too where the spec brings them
	FakesNeeded             // none without fakes
)

// MethodInfo is what a spec must know of a method. The network, the samples and the scores are made by package method.
type MethodInfo struct {
	Name, Doc string
	// Scores are its anomaly scores, the preferred one first. Every method has "auto" besides.
	Scores []Choice
	// Reads are the sections ("discrepancy") and keys ("loss.lambda") of a spec that it reads besides those that every
	// method does: name, seed, method, data, augment, train, score.name, score.choose_on, and of the encoder name, size, precision and weights.
	// A method that reads loss.name reads what the chosen loss reads, too.
	Reads []string
	// Table are the defaults of the sub-table [NAME] of a spec that the method owns: a struct whose fields have the tags toml
	// and doc, as those of [Spec] have. nil is none. See [Own].
	Table any
	// Check reports values out of their bounds and what does not go together; nil checks nothing. The bounds of the keys of
	// [Spec] itself have been checked, but s may still be out of them.
	Check func(s Spec, v *Checker)
	// Fakes says whether it trains on labelled fakes.
	Fakes Need
	// Dim is the least encoder.dim that will do, nil where any does. See [Sweep].FitDim.
	Dim func(s Spec) int
	// Default marks the method of [Default]. One may be.
	Default bool
	// Yardstick marks the method that others are measured beside. One may be.
	Yardstick bool
}

// EncoderInfo is what a spec must know of an encoder.
type EncoderInfo struct {
	Name, Doc string
	// Multiple is what the input side must be a multiple of; 0 is as good as 1.
	Multiple int
	// ImageNet tells whether weights = "imagenet" brings its weights.
	ImageNet bool
	// Default marks the encoder of [Default]. One may be.
	Default bool
}

// LossInfo is what a spec must know of an embedding loss.
type LossInfo struct {
	Name, Doc string
	// Reads are the keys ("loss.margin") that the loss reads.
	Reads []string
	// Default marks the loss of [Default]. One may be.
	Default bool
}

var (
	methods = &registry[MethodInfo]{key: "method", what: "method", home: module + "lab/method",
		common: func(i MethodInfo) (string, string, bool) { return i.Name, i.Doc, i.Default }}
	encoders = &registry[EncoderInfo]{key: "encoder.name", what: "encoder", home: module + "lab/encoder",
		common: func(i EncoderInfo) (string, string, bool) { return i.Name, i.Doc, i.Default }}
	losses = &registry[LossInfo]{key: "loss.name", what: "loss", home: module + "lab/loss",
		common: func(i LossInfo) (string, string, bool) { return i.Name, i.Doc, i.Default }}
)

const module = "github.com/seeable-lab/seeable/"

// RivalPrefix begins the columns of scores.csv that are of trivial rivals (package rival), and so no score of a method.
const RivalPrefix = "rival_"

// ScoreNames are the names of the method's scores, the preferred one first.
func (m MethodInfo) ScoreNames() []string {
	var names []string
	for _, score := range m.Scores {
		names = append(names, score.Name)
	}
	return names
}

// RegisterMethod makes a method known to specs: a package of a method calls it from init. It panics when the name is known
// already, when the name, the line about it or a score is missing, when a score begins with [RivalPrefix], when Reads has what
// is no key and no section of a spec, when [NAME] is one, when Table is no struct with tags, and when another method is the default.
func RegisterMethod(info MethodInfo) {
	fail := func(format string, args ...any) {
		panic(fmt.Sprintf("spec: method %q: ", info.Name) + fmt.Sprintf(format, args...))
	}
	for i, score := range info.Scores {
		if score.Name == "" || score.Doc == "" || score.Name == auto || slices.ContainsFunc(info.Scores[:i], func(c Choice) bool { return c.Name == score.Name }) {
			fail("score %q: want a name of its own other than %q, and a line about it", score.Name, auto)
		}
		if strings.HasPrefix(score.Name, RivalPrefix) {
			fail("score %q: names that begin with %q are of the trivial rivals (package rival); want another", score.Name, RivalPrefix)
		}
	}
	if len(info.Scores) == 0 {
		fail("has no scores; want at least one")
	}
	own, tables := ownKeys("")
	for _, read := range info.Reads {
		if !slices.Contains(own, read) && !slices.Contains(tables, read) {
			fail("reads %q, which is no key and no section of a spec", read)
		}
	}
	if info.Table != nil {
		if !bare.MatchString(info.Name) || slices.Contains(slices.Concat(own, tables, []string{baseKey, "sweep"}), info.Name) {
			fail("its table [%s] would be that of another; want a name of letters, digits, - and _ that is no key and no section of a spec", info.Name)
		}
		if err := tagged(reflect.TypeOf(info.Table)); err != nil {
			fail("%v", err)
		}
	}
	methods.add(info)
}

// bare are the names that a table of TOML may have without quotes.
var bare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// tagged demands that every field has a key and a line about it.
func tagged(t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("its table is a %v; want a struct", t)
	}
	for field := range t.Fields() {
		table := field.Type.Kind() == reflect.Struct
		if !field.IsExported() || !bare.MatchString(field.Tag.Get("toml")) || !table && field.Tag.Get("doc") == "" {
			return fmt.Errorf("field %s of its table %v: want an exported one with the tags toml and doc", field.Name, t)
		}
		if table {
			if err := tagged(field.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// RegisterEncoder makes an encoder known to specs. Package encoder calls it for who registers there. It panics when the name
// is known already, when the name or the line about it is missing, and when another encoder is the default.
func RegisterEncoder(info EncoderInfo) { encoders.add(info) }

// RegisterLoss makes an embedding loss known to specs. Package loss calls it for who registers there. It panics when the name
// is known already, when the name or the line about it is missing, when Reads has what is no key of a spec, and when another
// loss is the default.
func RegisterLoss(info LossInfo) {
	own, _ := ownKeys("")
	for _, read := range info.Reads {
		if !slices.Contains(own, read) {
			panic(fmt.Sprintf("spec: loss %q: reads %q, which is no key of a spec", info.Name, read))
		}
	}
	losses.add(info)
}

// Methods lists the methods that are linked, the default first, the others by name.
func Methods() []MethodInfo { return methods.list() }

// Encoders lists the encoders that are linked, the default first, the others by name.
func Encoders() []EncoderInfo { return encoders.list() }

// Losses lists the embedding losses that are linked, the default first, the others by name.
func Losses() []LossInfo { return losses.list() }

// MethodOf returns a method by name. The error for one that is not linked says which are, and what to import.
func MethodOf(name string) (MethodInfo, error) { return methods.of(name) }

// EncoderOf returns an encoder by name. The error for one that is not linked is like that of [MethodOf].
func EncoderOf(name string) (EncoderInfo, error) { return encoders.of(name) }

// registry holds what packages registered under one kind of name.
type registry[T any] struct {
	key    string // of the spec, that holds such a name
	what   string
	home   string // the package that registers the lab's own
	common func(T) (name, doc string, standard bool)

	named map[string]registered[T]
}

type registered[T any] struct {
	info T
	from string // import path of the package that registered it
}

// add is for functions that packages call themselves.
func (r *registry[T]) add(info T) {
	name, doc, standard := r.common(info)
	from := caller()
	switch earlier, twice := r.named[name]; {
	case name == "" || doc == "":
		panic(fmt.Sprintf("spec: %s %q of %s: want a name and a line about it", r.what, name, from))
	case twice:
		panic(fmt.Sprintf("spec: %s %q of %s: there is one from %s already; want another name", r.what, name, from, earlier.from))
	case standard && r.standard() != "":
		panic(fmt.Sprintf("spec: %s %q of %s: the default is %q already", r.what, name, from, r.standard()))
	}
	if r.named == nil {
		r.named = map[string]registered[T]{}
	}
	r.named[name] = registered[T]{info, from}
}

// caller is the import path of the package whose init led here, or else of the nearest that is not this one.
func caller() string {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	this, nearest := "", ""
	for {
		frame, more := frames.Next()
		// As in "example.org/some/path.init.0"; dots in the last part of a path are escaped.
		slash := strings.LastIndexByte(frame.Function, '/') + 1
		last, function, _ := strings.Cut(frame.Function[slash:], ".")
		if unescaped, err := url.PathUnescape(last); err == nil {
			last = unescaped
		}
		path := frame.Function[:slash] + last
		switch {
		case this == "":
			this = path
		case function == "init" || strings.HasPrefix(function, "init."):
			return path
		case nearest == "" && path != this:
			nearest = path
		}
		if !more {
			return nearest
		}
	}
}

// standard is the name of the default, "" if none is linked.
func (r *registry[T]) standard() string {
	for name, entry := range r.named {
		if _, _, standard := r.common(entry.info); standard {
			return name
		}
	}
	return ""
}

func (r *registry[T]) names() []string {
	names := slices.Sorted(maps.Keys(r.named))
	if i := slices.Index(names, r.standard()); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, r.standard())
	}
	return names
}

func (r *registry[T]) list() []T {
	var all []T
	for _, name := range r.names() {
		all = append(all, r.named[name].info)
	}
	return all
}

func (r *registry[T]) of(name string) (T, error) {
	entry, known := r.named[name]
	if known {
		return entry.info, nil
	}
	own := fmt.Sprintf("import _ %q for the lab's own", r.home)
	names := r.names()
	if len(names) == 0 {
		return entry.info, fmt.Errorf("%s = %q: no %s is linked; %s", r.key, name, r.what, own)
	}
	near := ""
	if nearest, distance := nearest(name, names); distance <= (len(name)+1)/2 {
		near = fmt.Sprintf(" (did you mean %q?)", nearest)
	}
	if slices.ContainsFunc(names, func(name string) bool { return r.named[name].from == r.home }) {
		own = "import the package that registers it"
	}
	return entry.info, fmt.Errorf("%s = %q: want one of %s%s, which are linked, or %s", r.key, name, strings.Join(names, ", "), near, own)
}

// nearest is the name with the least edits to found, and their number.
func nearest(found string, names []string) (near string, distance int) {
	distance = len(found) + 1
	for _, name := range names {
		if d := levenshtein.ComputeDistance(found, name); d < distance {
			near, distance = name, d
		}
	}
	return near, distance
}
