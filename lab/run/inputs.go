package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/overlap"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/source"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/store"
	"github.com/seeable-lab/seeable/lab/version"
)

// inputs are what a run is made of besides its spec.
type inputs struct {
	tests       []datasets.Set
	train, held datasets.Set
	problems    []datasets.Problem
	trained     map[string]string // digests of what the network is trained on
	leaks       map[string]string // what test sets show of training and choice, where it is allowed; see findLeaks
}

// look looks for the data of a spec. What can fail early does: the test sets are looked for before an hour of training.
func look(e *env.Env, s spec.Spec) (in inputs, err error) {
	if in.tests, in.problems, err = e.TestSets(s.Data.Test, s.Data.Train); err != nil {
		return inputs{}, err
	}
	var problems []datasets.Problem
	if in.train, in.held, problems, err = e.TrainingSets(s); err != nil {
		return inputs{}, err
	}
	in.problems = append(problems, in.problems...)
	if s.Data.Fakes {
		if err := in.leaveOutSeen(e); err != nil {
			return inputs{}, err
		}
	}
	in.trained = map[string]string{}
	for _, set := range []datasets.Set{in.train, in.held} {
		if in.trained[set.Name], err = source.Digest(set); err != nil {
			return inputs{}, err
		}
	}
	if path := s.Encoder.Weights; path != "" && path != "imagenet" {
		if in.trained[path], err = digestFile(path); err != nil {
			return inputs{}, err
		}
	}
	if s.Data.Landmarks == source.DetectLandmarks {
		// Another detector puts other landmarks on the same pixels.
		nets := e.Made(false, s.Data.Landmarks)
		in.trained["data.landmarks"] = fmt.Sprintf("%x", sha256.Sum256([]byte(nets.Detector+" "+nets.Landmarks)))
	}
	return in, nil
}

// leaveOutSeen takes out of the test sets what shows people whom the network is trained or chosen on: it has seen fakes of them.
func (in *inputs) leaveOutSeen(e *env.Env) error {
	for i, set := range in.tests {
		unseen, videos := overlap.Unseen(set, in.train, in.held)
		if len(unseen.Items) == 0 {
			return fmt.Errorf("run: test set %s: all of its %d videos show people who are trained on (data.fakes); name other sets in data.test or data.train", set.Name, videos)
		}
		if videos > 0 {
			e.Note("%s: %d videos show people who are trained on; they are not tested", set.Name, videos)
		}
		in.tests[i] = unseen
	}
	return nil
}

func digestFile(path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("run: encoder.weights: %w", err)
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", fmt.Errorf("run: encoder.weights: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// origin is what the network of an unfinished run is made of, as origin.json keeps it.
type origin struct {
	Release  string            `json:"seelab"`
	Numerics string            `json:"numerics,omitempty"` // since 0.6.0
	Training string            `json:"training,omitempty"` // since 0.6.0
	Data     map[string]string `json:"data"`
}

// originOf is the origin of a finished run's network.
func originOf(r store.Record) origin {
	return origin{r.Versions[version.ReleaseKey], r.Versions[version.NumericsKey], r.Versions[version.TrainingKey], r.Train.Data}
}

// versions are those that an origin tells.
func (o origin) versions() map[string]string {
	return map[string]string{version.ReleaseKey: o.Release, version.NumericsKey: o.Numerics, version.TrainingKey: o.Training}
}

const originFile = "origin.json"

// compare says what of an origin differs from what there is now. What was not recorded cannot differ.
func (o origin) compare(in inputs) (changes []string) {
	if was := version.TrainingOf(o.versions()); was != version.Training {
		changes = append(changes, fmt.Sprintf("training of version %s, this lab has %s", was, version.Training))
	}
	for _, name := range slices.Sorted(maps.Keys(in.trained)) {
		if was := o.Data[name]; was != "" && was != in.trained[name] {
			changes = append(changes, fmt.Sprintf("another content of %s (digest %.8s, now %.8s)", name, was, in.trained[name]))
		}
	}
	return changes
}

func changedError(id, state string, changes []string) error {
	return fmt.Errorf("%w: %s was %s with %s; make it anew after seelab rm %s, or keep it and choose another folder of results",
		ErrChanged, id, state, strings.Join(changes, ", and with "), id)
}

// finished returns a run that is finished, unless its figures are not those that a new run of the same spec would give.
func finished(ctx context.Context, e *env.Env, id string, s spec.Spec, record store.Record, in inputs, missing error) (*Run, error) {
	r := &Run{Dir: filepath.Join(e.Results, id), Spec: s, Record: record}
	if missing != nil {
		e.Note("%s is finished already; whether the data are still the same is not known: %v", id, missing)
		return r, nil
	}
	changes := originOf(record).compare(in)
	if was := version.NumericsOf(record.Versions); was != version.Numerics {
		changes = append([]string{fmt.Sprintf("numerics of version %s, this lab has %s", was, version.Numerics)}, changes...)
	}
	tested := map[string]string{}
	for _, test := range record.Tests {
		tested[test.Dataset] = test.Digest
	}
	var added []string
	for _, set := range in.tests {
		was, ok := tested[set.Name]
		if !ok {
			added = append(added, set.Name)
			continue
		}
		is, err := source.Digest(set)
		if err != nil {
			return nil, err
		}
		if was != is {
			changes = append(changes, fmt.Sprintf("another content of %s (digest %.8s, now %.8s)", set.Name, was, is))
		}
	}
	if changes != nil {
		return nil, changedError(id, "made", changes)
	}
	if record.Leaks == nil {
		// Versions before 0.6 did not look. To look at pictures would take long for what is only shown.
		if err := in.findLeaks(ctx, e, s, false); err != nil {
			return nil, err
		}
		mark(&r.Record, in.leaks)
	}
	e.Note("%s is finished already", id)
	if added != nil {
		e.Note("it was not tested on %s, which have come since: seelab eval --run %s tests it", strings.Join(added, ", "), id)
	}
	return r, nil
}

// begun compares a claimed cell with what an earlier process began it with, and notes that for the next.
func begun(id string, cell *store.Cell, in inputs) error {
	now := origin{version.Release, version.Numerics, version.Training, in.trained}
	text, err := os.ReadFile(cell.Path(originFile))
	if err == nil {
		var was origin
		if err := json.Unmarshal(text, &was); err != nil {
			return fmt.Errorf("run: %s: %w; make it anew after seelab rm %s", cell.Path(originFile), err, id)
		}
		if changes := was.compare(in); changes != nil {
			return changedError(id, "begun", changes)
		}
		return nil
	}
	if text, err = json.MarshalIndent(now, "", "  "); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return cell.Write(originFile, append(text, '\n'))
}
