package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/overlap"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
)

// ErrLeaks tells that a test set shows people, videos or pictures that are trained or chosen on, or a picture as real and as
// fake: its figures would say too much.
var ErrLeaks = errors.New("run: leaks")

// findLeaks compares the test sets with what is trained and chosen on: by names, and by pictures if these are to be looked
// at. It fails with ErrLeaks, or notes the leaks by which figures are to be marked if they are allowed.
func (in *inputs) findLeaks(ctx context.Context, e *env.Env, s spec.Spec, pictures bool) error {
	look := func(sets ...datasets.Set) (all []overlap.Pictured, err error) {
		for _, set := range sets {
			p := overlap.Pictured{Set: set}
			if pictures {
				if p, err = e.Pictures(ctx, set); err != nil {
					return nil, err
				}
			}
			all = append(all, p)
		}
		return all, nil
	}
	trained, err := look(in.train, in.held)
	if err != nil {
		return err
	}
	tests, err := look(in.tests...)
	if err != nil {
		return err
	}
	in.leaks = map[string]string{}
	var told []string
	var all []overlap.Leak
	for i, leaks := range overlap.Leaks(trained, tests) {
		if len(leaks) == 0 {
			continue
		}
		name := in.tests[i].Name
		in.leaks[name] = countLeaks(leaks)
		told = append(told, name+" shows "+nameLeaks(leaks))
		all = append(all, leaks...)
	}
	if told == nil {
		return nil
	}
	if e.AllowLeaks {
		for _, line := range told {
			e.Note("%s; its figures are marked", line)
		}
		return nil
	}
	return fmt.Errorf("%w: what is tested must not be trained or chosen on: %s; %s, or have figures that are marked as such with --allow-leaks",
		ErrLeaks, strings.Join(told, "; "), cure(s, all))
}

// unknownLeaks marks figures where nobody can tell what the network has seen.
const unknownLeaks = "unknown, as the training sets are not there"

// Known returns test sets as a finished run is to be tested on them: without the videos of people whom it has seen fakes of. Leaks
// says by the name of a set how much of it the run has seen, with which its figures are to be marked. It fails with ErrLeaks where
// that is not allowed; where the training sets are not there, that is not known, and is what leaks says.
func Known(ctx context.Context, e *env.Env, r *Run, sets []datasets.Set) (tests []datasets.Set, leaks map[string]string, err error) {
	in := inputs{tests: sets}
	err = in.known(ctx, e, r)
	return in.tests, in.leaks, err
}

// known finds out what of the test sets a finished run has seen.
func (in *inputs) known(ctx context.Context, e *env.Env, r *Run) (err error) {
	in.train, in.held, _, err = e.TrainingSets(r.Spec)
	switch {
	case err == nil && r.Spec.Data.Fakes:
		err = in.leaveOutSeen(e)
	case err != nil && !r.Spec.Data.Fakes:
		e.Note("whether %s has seen what it is tested on is not known, and its figures are marked: %v", r.Record.Run, err)
		in.leaks = map[string]string{}
		for _, set := range in.tests {
			in.leaks[set.Name] = unknownLeaks
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("run: whom %s has seen fakes of: %w", r.Record.Run, err)
	}
	return in.findLeaks(ctx, e, r.Spec, true)
}

// leakWords are what one leak of a kind is called, and several.
var leakWords = map[overlap.LeakKind][2]string{
	overlap.LeakTarget:  {"person that training knows", "people that training knows"},
	overlap.LeakSource:  {"person, as the source of fakes, that training knows", "people, as the sources of fakes, that training knows"},
	overlap.LeakVideo:   {"video that is trained on", "videos that are trained on"},
	overlap.LeakPicture: {"picture that is trained on", "pictures that are trained on"},
	overlap.LeakLabels:  {"picture under both labels", "pictures under both labels"},
}

// leaksNamed is how many leaks of a kind are named.
const leaksNamed = 5

// byKind are the leaks of each kind, in their order.
func byKind(leaks []overlap.Leak) (kinds [][]overlap.Leak) {
	for i, l := range leaks {
		if i == 0 || l.Kind != leaks[i-1].Kind {
			kinds = append(kinds, nil)
		}
		kinds[len(kinds)-1] = append(kinds[len(kinds)-1], l)
	}
	return kinds
}

// nameLeaks names the leaks of a test set.
func nameLeaks(leaks []overlap.Leak) string {
	var parts []string
	for _, kind := range byKind(leaks) {
		var names []string
		for _, l := range kind[:min(len(kind), leaksNamed)] {
			name := datasets.Printable(l.Name)
			switch l.Kind {
			case overlap.LeakPicture:
				name += " = " + datasets.Printable(l.Seen.ID())
			case overlap.LeakLabels:
				class := "real"
				if l.Seen.Fake {
					class = "fake"
				}
				name += " = " + datasets.Printable(l.Seen.ID()) + ", which is " + class
			case overlap.LeakVideo:
				name += fmt.Sprintf(" (%d faces)", l.Faces)
			default:
				name += fmt.Sprintf(" (%d faces; %s)", l.Faces, datasets.Printable(l.Seen.Dataset))
			}
			names = append(names, name)
		}
		if more := len(kind) - len(names); more > 0 {
			names = append(names, fmt.Sprintf("and %d more", more))
		}
		parts = append(parts, numbered(len(kind), leakWords[kind[0].Kind])+": "+strings.Join(names, ", "))
	}
	return strings.Join(parts, "; ")
}

func numbered(n int, words [2]string) string {
	word := words[1]
	if n == 1 {
		word = words[0]
	}
	return fmt.Sprintf("%d %s", n, word)
}

// countLeaks is the mark of a test set: how much of each kind leaks.
func countLeaks(leaks []overlap.Leak) string {
	people, count := map[string]bool{}, map[overlap.LeakKind]int{}
	for _, l := range leaks {
		if l.Kind == overlap.LeakTarget || l.Kind == overlap.LeakSource {
			people[l.Name] = true
			continue
		}
		count[l.Kind]++
	}
	var parts []string
	for _, part := range []struct {
		n     int
		words [2]string
	}{
		{len(people), [2]string{"person", "people"}},
		{count[overlap.LeakVideo], [2]string{"video", "videos"}},
		{count[overlap.LeakPicture], [2]string{"picture", "pictures"}},
		{count[overlap.LeakLabels], leakWords[overlap.LeakLabels]},
	} {
		if part.n > 0 {
			parts = append(parts, numbered(part.n, part.words))
		}
	}
	return strings.Join(parts, ", ")
}

// cure says what to do about leaks.
func cure(s spec.Spec, leaks []overlap.Leak) string {
	people := map[string]bool{}
	labels := false
	for _, l := range leaks {
		if l.Kind == overlap.LeakLabels {
			labels = true
			continue
		}
		people[l.Seen.Identity] = true
	}
	var todo []string
	if len(people) > 0 {
		for _, name := range s.Data.Exclude {
			people[name] = true
		}
		var quoted []string
		for _, name := range slices.Sorted(maps.Keys(people)) {
			quoted = append(quoted, fmt.Sprintf("%q", name))
		}
		todo = append(todo, "train without them: --set 'data.exclude=["+strings.Join(quoted, ",")+"]'")
	}
	if labels {
		todo = append(todo, "put the labels right, or name other sets in data.test")
	}
	return strings.Join(todo, "; ")
}

// mark marks the figures of test sets that leak.
func mark(r *store.Record, leaks map[string]string) {
	r.Leaks = nil
	for i := range r.Tests {
		t := &r.Tests[i]
		if t.Leaks = leaks[t.Dataset]; t.Leaks != "" && !slices.Contains(r.Leaks, t.Dataset) {
			r.Leaks = append(r.Leaks, t.Dataset)
		}
	}
}
