package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detector"
	"github.com/seeable-lab/seeable/lab/env"
	"github.com/seeable-lab/seeable/lab/operating"
	"github.com/seeable-lab/seeable/lab/run"
)

// AlarmsOptions are what [Alarms] measures.
type AlarmsOptions struct {
	// Sets are folders of real faces below the data root, as in "real/helen", or test sets, whose real faces are taken. Nil for
	// the training sets of the run.
	Sets []string
	// By are columns that group the faces: of Labels, "sharpness" and "brightness". Nil for age, gender, race as far as they are
	// known, sharpness and brightness.
	By []string
	// Labels is a CSV file with the column file and others; "" for the manifest.csv of each set.
	Labels string
	Rate   float64 // of false alarms that is asked for
}

// Alarms measures the false alarms of a finished run on real faces, in all and by group. Of the run's training sets it takes the
// held-out people who neither trained nor chose; as they calibrate the threshold, they have the rate that is asked for in all, and
// differ by group alone. Of other sets it takes all people, and fails with [run.ErrLeaks] where the run was trained on some of them.
func Alarms(ctx context.Context, e *env.Env, r *run.Run, o AlarmsOptions) ([]operating.Alarms, error) {
	if err := (operating.Rates{FalseAlarms: o.Rate, Misses: operating.Default.Misses}).Check(); err != nil {
		return nil, err
	}
	names := o.Sets
	if names == nil {
		names = r.Spec.Data.Train
	}
	points, err := operating.Read(r.Files())
	if err != nil {
		return nil, err
	}
	if l := points.Limits(operating.Rates{FalseAlarms: o.Rate, Misses: operating.Default.Misses}); l.Alarm == nil {
		return nil, fmt.Errorf("run: %s has no threshold: %s", r.Record.Run, l.NoAlarm)
	}
	var sets []datasets.Set
	var whom []string
	for _, name := range names {
		set, who, err := realFaces(ctx, e, r, name)
		if err != nil {
			return nil, err
		}
		sets, whom = append(sets, set), append(whom, who)
	}
	d, err := run.Detector(ctx, e, r)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var all []operating.Alarms
	for i, set := range sets {
		a, err := alarmsOf(ctx, e, d, set, datasets.Folder(e.Data, names[i]), o)
		if err != nil {
			return nil, fmt.Errorf("run: %s: %w", names[i], err)
		}
		a.Set, a.Whom = names[i], whom[i]
		all = append(all, a)
	}
	return all, nil
}

// realFaces are the real faces of a set of people whom the run did not use, and who they are.
func realFaces(ctx context.Context, e *env.Env, r *run.Run, name string) (set datasets.Set, whom string, err error) {
	if slices.Contains(r.Spec.Data.Train, name) {
		_, held, _, err := e.TrainingSets(r.Spec)
		if err != nil {
			return datasets.Set{}, "", err
		}
		of := name
		if !datasets.IsDrawn(name) {
			if of, err = datasets.FolderName(datasets.Folder(e.Data, name)); err != nil {
				return datasets.Set{}, "", err
			}
		}
		reports := datasets.Halves(held.Items, r.Spec.Data.Fakes, r.Spec.Seed)
		for _, it := range held.Items {
			if !it.Fake && reports(it) && (it.Dataset == of || it.Dataset == datasets.SetName(name)) {
				set.Items = append(set.Items, it)
			}
		}
		if len(set.Items) == 0 {
			return datasets.Set{}, "", fmt.Errorf("run: %s: none of its people neither trained nor chose; raise data.holdout, or name another set of real faces", name)
		}
		set.Name, set.Synthetic = name, held.Synthetic
		return set, "held-out people who did not train or choose, and calibrate the threshold", nil
	}
	if set, err = openReal(e, name); err != nil {
		return datasets.Set{}, "", err
	}
	set.Items = slices.DeleteFunc(slices.Clone(set.Items), func(it datasets.Item) bool { return it.Fake || it.NoFace() })
	if len(set.Items) == 0 {
		return datasets.Set{}, "", fmt.Errorf("run: %s has no real face", name)
	}
	sets, leaks, err := run.Known(ctx, e, r, []datasets.Set{set})
	if err != nil {
		return datasets.Set{}, "", err
	}
	set = sets[0] // without people of whom fakes were trained on
	whom = "people of whom the run used nobody"
	if seen := leaks[set.Name]; seen != "" {
		whom = "the run may have used some of them: " + seen
	}
	return set, whom, nil
}

// openReal opens a folder of real faces below the data root, or a test set of this name.
func openReal(e *env.Env, name string) (datasets.Set, error) {
	if filepath.IsLocal(filepath.FromSlash(name)) && e.Data != "" {
		dir := datasets.Folder(e.Data, name)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			set, _, err := datasets.OpenReal(dir, e.Mode)
			if err == nil {
				return set, nil
			}
			if sets, _, other := e.TestSets([]string{path.Base(name)}, nil); other == nil {
				return sets[0], nil
			}
			return datasets.Set{}, err
		}
	}
	sets, _, err := e.TestSets([]string{name}, nil)
	if err != nil {
		return datasets.Set{}, err
	}
	return sets[0], nil
}

// alarmsOf measures the false alarms on real faces. dir is the folder of the set, if it is one.
func alarmsOf(ctx context.Context, e *env.Env, d *detector.Detector, set datasets.Set, dir string, o AlarmsOptions) (operating.Alarms, error) {
	labels := o.Labels
	if labels == "" {
		labels = filepath.Join(dir, "manifest.csv")
	}
	of, header, err := readLabels(labels)
	if err != nil && (o.Labels != "" || !errors.Is(err, fs.ErrNotExist)) {
		return operating.Alarms{}, err
	}
	scores, looks, err := run.ScoreFaces(ctx, e, d, set)
	if err != nil {
		return operating.Alarms{}, err
	}
	var people []string
	columns := map[string][]string{}
	for i, it := range set.Items {
		known := map[string]string{"sharpness": number(-looks[i][0]), "brightness": number(-looks[i][1])}
		for k, v := range of[it.File] {
			known[header[k]] = v
		}
		for k, v := range inUTKName(it.File) {
			known[k] = v
		}
		// Faces without landmarks are each a person of their own to training, whatever their manifest says; here it counts.
		people = append(people, cmp.Or(known["person"], it.Identity))
		for k, v := range known {
			if columns[k] == nil {
				columns[k] = make([]string, len(set.Items))
			}
			columns[k][i] = v
		}
	}
	by := o.By
	if by == nil {
		for _, name := range []string{"age", "gender", "race", "sharpness", "brightness"} {
			if columns[name] != nil {
				by = append(by, name)
			}
		}
	}
	var chosen []operating.Column
	for _, name := range by {
		if columns[name] == nil {
			return operating.Alarms{}, fmt.Errorf("no column %q is known of its faces; %s has %q", name, labels, header)
		}
		chosen = append(chosen, operating.Column{Name: name, Values: columns[name]})
	}
	return operating.NewAlarms(scores, people, chosen, d.Points, o.Rate)
}

// number is a value of a column, "" for NaN.
func number(x float64) string {
	if x != x {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// readLabels reads a CSV file with the column file and others: the fields of each file, and the header.
func readLabels(file string) (of map[string][]string, header []string, err error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	of, column := map[string][]string{}, -1
	_, err = datasets.ReadRows(in, file, datasets.Skip, func(names []string) error {
		header, column = slices.Clone(names), slices.Index(names, "file")
		if column < 0 {
			return errors.New("column file is missing; want file and the columns that group its faces")
		}
		return nil
	}, func(_ int, fields []string) error {
		of[fields[column]] = slices.Clone(fields)
		return nil
	})
	return of, header, err
}

// utkName is how UTKFace names its files: age, gender, race, time.
var utkName = regexp.MustCompile(`^(\d{1,3})_([01])_([0-4])_\d{8,}\.`)

// inUTKName is what the name of a file of UTKFace says in the terms of its authors; nil of other files.
func inUTKName(file string) map[string]string {
	m := utkName.FindStringSubmatch(path.Base(file))
	if m == nil {
		return nil
	}
	return map[string]string{
		"age":    m[1],
		"gender": []string{"male", "female"}[m[2][0]-'0'],
		"race":   []string{"White", "Black", "Asian", "Indian", "other"}[m[3][0]-'0'],
	}
}
