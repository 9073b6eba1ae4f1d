package extract

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/store"
)

// LackingError tells that faces of a data set are wanted that are not in the cache.
type LackingError struct {
	Dataset     string
	Lacking, Of int // videos
	Dir         string
}

func (e *LackingError) Error() string {
	return fmt.Sprintf("extract: the faces of %d of %d videos of %s are not in %s", e.Lacking, e.Of, e.Dataset, e.Dir)
}

func isLacking(err error) bool {
	_, ok := errors.AsType[*LackingError](err)
	return ok
}

// Extracted counts the videos whose faces are in the cache. It reads no video: one whose file was changed, or was never
// read here, is not among them.
func (c *Cache) Extracted(videos []layout.Video) int {
	n := 0
	for _, v := range videos {
		sum, err := c.digest(v, true)
		if err != nil || sum == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(c.dir, datasets.SetFolder(v.Dataset), place(v, sum), entryFile)); err == nil {
			n++
		}
	}
	return n
}

// Test returns the faces to test on, of the videos of [layout.Dataset.TestVideos]. Frames and videos without a face are
// items as well, so that coverage counts them. Trained tells that the data set is also trained on. Videos whose files cannot
// be read are problems, as in [Cache.Extract]. It fails with a LackingError unless all others were extracted.
func (c *Cache) Test(d layout.Dataset, trained bool, mode datasets.Mode) (datasets.Set, []datasets.Problem, error) {
	videos := d.TestVideos(false)
	set, problems, err := c.open(d, videos, c.tested(), mode)
	if err != nil {
		return datasets.Set{}, problems, err
	}
	set.Partial = set.Partial || d.Partial(layout.TestSplit)
	sizes := map[string]int64{}
	for _, v := range videos {
		sizes[v.ID()] = size(v)
	}
	for i := range set.Items {
		set.Items[i].Bytes = sizes[set.Items[i].VideoID()]
	}
	explain(&set, d, videos, problems)
	if !trained {
		return set, problems, nil
	}
	kept := map[string]bool{}
	for _, v := range d.TestVideos(true) {
		kept[v.ID()] = true
	}
	for _, u := range d.TestUnread(true) {
		kept[u.ID()] = true
	}
	set.Items = slices.DeleteFunc(set.Items, func(it datasets.Item) bool { return !kept[it.VideoID()] })
	if len(set.Items) == 0 {
		return datasets.Set{}, problems, fmt.Errorf("extract: all that there is of %s is trained on; want videos of its test part to test on", d.Name)
	}
	return set, problems, nil
}

// explain adds the videos that cannot be read to a set to test on, and tells of those without a face which files they are
// and what is the matter.
func explain(set *datasets.Set, d layout.Dataset, videos []layout.Video, problems []datasets.Problem) {
	faults := map[string]datasets.Fault{} // by file
	for _, p := range problems {
		if p.Line == 0 {
			faults[p.File] = p.Fault
		}
	}
	byID := map[string]layout.Video{}
	var unread []layout.Unread
	for _, v := range videos {
		byID[v.ID()] = v
		fault, ok := faults[v.Path]
		if v.Pixels == layout.FrameFolder {
			for file, f := range faults { // of its first frame
				if filepath.Dir(file) == v.Path {
					fault, ok = f, true
				}
			}
		}
		if ok {
			unread = append(unread, layout.Unread{Video: v, Fault: fault})
		}
	}
	for i, it := range set.Items {
		v, ok := byID[it.VideoID()]
		if !it.NoFace() || !ok || it.Frame >= 0 && v.Pixels != layout.StillImage {
			continue
		}
		u := layout.Unread{Video: v, Fault: datasets.Faceless}
		if it.Frame < 0 {
			u.Fault = datasets.Unreadable // testedRows has such a row where there was no frame
		}
		set.Items[i].Unread = u.Item().Unread
	}
	var more []datasets.Item
	for _, u := range slices.Concat(unread, d.TestUnread(false)) {
		more = append(more, u.Item())
	}
	set.Add(more...)
}

// size is the size in bytes of the file of a video, of a folder of frames that of all its images; 0 where it cannot be seen.
func size(v layout.Video) (total int64) {
	files := []string{v.Path}
	if v.Pixels == layout.FrameFolder {
		files, _ = v.FrameFiles() // of none the size is 0
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			total += info.Size()
		}
	}
	return total
}

// Train returns the faces to train on, the largest of each frame, of the videos of [layout.Dataset.TrainVideos]: the real
// ones only, or the fakes as well. The errors are those of Test.
func (c *Cache) Train(d layout.Dataset, fakes bool, mode datasets.Mode) (datasets.Set, []datasets.Problem, error) {
	videos := d.TrainVideos(fakes)
	if !slices.ContainsFunc(videos, func(v layout.Video) bool { return !v.Fake }) {
		return datasets.Set{}, nil, fmt.Errorf("extract: %s has no real video in its training part; want some to train on", d.Name)
	}
	set, problems, err := c.open(d, videos, c.trained(fakes), mode)
	set.Partial = false // that is of test parts
	return set, problems, err
}

// manifest is a list of the faces of a data set.
type manifest struct {
	file   string
	header []string
	rows   func(v layout.Video, place string, e entry) [][]string
	people bool // rows are those of personRows where some video shows several persons
	read   func(dir string, mode datasets.Mode) (datasets.Set, []datasets.Problem, error)
}

// tested lists the faces to test on. The column of tracks has those of runs of frames, of which clips are made, and else the
// persons of videos that show several; without such a video there is none.
func (c *Cache) tested() manifest {
	if c.params.Run > 1 {
		return manifest{"manifest.csv", trackedHeader, trackedRows, false, datasets.OpenCrops}
	}
	return manifest{"manifest.csv", testedHeader, testedRows, true, datasets.OpenCrops}
}

// trained lists the faces to train on. What it takes for clips or with fakes has no place in landmarks.csv.
func (c *Cache) trained(fakes bool) manifest {
	open := func(file string) manifest {
		return manifest{file, trackedHeader, largestRows, false, func(dir string, mode datasets.Mode) (datasets.Set, []datasets.Problem, error) {
			return datasets.OpenManifest(filepath.Join(dir, file), mode)
		}}
	}
	switch {
	case fakes:
		return open("train-fakes.csv")
	case c.params.Run > 1:
		return open("train.csv")
	}
	return manifest{"landmarks.csv", append([]string{"file", "person", "width", "height"}, landmarkNames...), trainedRows, false, datasets.OpenReal}
}

var (
	cropColumns   = []string{"file", "label", "method", "video", "frame", "target", "source", "x", "y", "side", "stored"}
	testedHeader  = slices.Concat(cropColumns, landmarkNames)
	trackedHeader = slices.Concat(cropColumns, []string{"track"}, landmarkNames)
)

var landmarkNames = func() (names []string) {
	for i := range face.Landmarks {
		names = append(names, fmt.Sprint("x", i), fmt.Sprint("y", i))
	}
	return names
}()

func (s stored) landmarkText() []string {
	text := make([]string, len(s.Landmarks))
	for i, v := range s.Landmarks {
		text[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return text
}

// testedRows has a row for each face, for each frame without one, and one for a video without a frame.
func testedRows(v layout.Video, place string, e entry) (rows [][]string) {
	label := "0"
	if v.Fake {
		label = "1"
	}
	row := func(file, frame string, numbers ...string) {
		fields := append([]string{file, label, v.Method, v.Name, frame, v.Identity, v.Source}, numbers...)
		rows = append(rows, append(fields, make([]string, len(testedHeader)-len(fields))...))
	}
	for _, frame := range e.Frames {
		for _, f := range frame.Faces {
			numbers := []string{strconv.Itoa(f.X), strconv.Itoa(f.Y), strconv.Itoa(f.Width), strconv.Itoa(f.Side)}
			row(place+"/"+f.File, strconv.Itoa(frame.Index), append(numbers, f.landmarkText()...)...)
		}
		if len(frame.Faces) == 0 {
			row("", strconv.Itoa(frame.Index))
		}
	}
	if len(e.Frames) == 0 {
		row("", "")
	}
	return rows
}

// trackedRows are testedRows with the track of each face.
func trackedRows(v layout.Video, place string, e entry) [][]string {
	rows := testedRows(v, place, e)
	for i, row := range rows {
		rows[i] = slices.Insert(row, len(cropColumns), trackOf(row[0]))
	}
	return rows
}

// trackOf is the track of a face by the name of its file, see fill; "" of no file.
func trackOf(file string) string {
	name, _ := strings.CutSuffix(file, ".jpg")
	_, track, _ := strings.Cut(filepath.Base(name), "-")
	return track
}

// personRows are testedRows with the person of each face, where the video shows several.
func personRows(v layout.Video, place string, e entry) [][]string {
	rows := testedRows(v, place, e)
	persons, several := e.persons(), e.several()
	next := 0
	for _, frame := range e.Frames {
		for _, f := range frame.Faces {
			person := ""
			if several {
				person = strconv.Itoa(persons[f.track()] - 1)
			}
			rows[next] = slices.Insert(rows[next], len(cropColumns), person)
			next++
		}
		if len(frame.Faces) == 0 {
			rows[next] = slices.Insert(rows[next], len(cropColumns), "")
			next++
		}
	}
	for ; next < len(rows); next++ {
		rows[next] = slices.Insert(rows[next], len(cropColumns), "")
	}
	return rows
}

// largestRows are trackedRows of the largest face of each frame.
func largestRows(v layout.Video, place string, e entry) [][]string {
	frames := slices.Clone(e.Frames)
	e.Frames = nil
	for _, frame := range frames {
		if len(frame.Faces) > 0 {
			frame.Faces = frame.Faces[:1]
			e.Frames = append(e.Frames, frame)
		}
	}
	if len(e.Frames) == 0 {
		return nil
	}
	return trackedRows(v, place, e)
}

// trainedRows has a row for the largest face of each frame.
func trainedRows(v layout.Video, place string, e entry) (rows [][]string) {
	for _, frame := range e.Frames {
		if len(frame.Faces) > 0 {
			f := frame.Faces[0]
			side := strconv.Itoa(f.Side)
			rows = append(rows, append([]string{place + "/" + f.File, v.Identity, side, side}, f.landmarkText()...))
		}
	}
	return rows
}

// open writes a manifest, as the videos may have changed since, and reads it like that of any set of faces. Meanwhile no
// other process, which may see other videos of the same data set, writes it.
func (c *Cache) open(d layout.Dataset, videos []layout.Video, m manifest, mode datasets.Mode) (set datasets.Set, problems []datasets.Problem, err error) {
	text, problems, err := c.list(d, videos, m, mode)
	if err != nil {
		return datasets.Set{}, problems, err
	}
	unlock, err := put(c.set(d), m.file, text)
	if err != nil {
		return datasets.Set{}, problems, err
	}
	defer unlock()
	set, bad, err := m.read(c.set(d), mode)
	return set, append(problems, bad...), err
}

// list returns the text of a manifest of those of the videos that can be read, if the faces of all of them are there.
func (c *Cache) list(d layout.Dataset, videos []layout.Video, m manifest, mode datasets.Mode) (text []byte, problems []datasets.Problem, err error) {
	good, problems, err := readable(videos, mode)
	if err != nil {
		return nil, nil, err
	}
	type found struct {
		video layout.Video
		place string
		entry entry
	}
	var all []found
	lacking := 0
	for _, v := range good {
		sum, _ := c.digest(v, true) // what cannot be read is lacking
		at := place(v, sum)
		e, ok := readEntry(filepath.Join(c.set(d), filepath.FromSlash(at)))
		if sum == "" || !ok {
			lacking++
			continue
		}
		all = append(all, found{v, at, e})
	}
	_ = c.digests.Save() // of what had to be read again; it costs time only
	if lacking > 0 {
		return nil, problems, &LackingError{d.Name, lacking, len(good), c.root}
	}
	if m.people && slices.ContainsFunc(all, func(f found) bool { return f.entry.several() }) {
		m.header, m.rows = trackedHeader, personRows
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err = w.Write(m.header)
	for _, f := range all {
		// A csv.Writer keeps its first error, and a buffer has none.
		err = errors.Join(err, w.WriteAll(m.rows(f.video, f.place, f.entry)))
	}
	if err != nil {
		return nil, problems, fmt.Errorf("extract: %s of %s: %w", m.file, d.Name, err)
	}
	return b.Bytes(), problems, nil
}

// put writes a file into dir, unless it is there already, and keeps others from writing it until unlock is called.
func put(dir, name string, text []byte) (unlock func(), err error) {
	path := filepath.Join(dir, name)
	lock := flock.New(path + ".lock")
	// Where there are no locks, or nothing can be written, the file may still be right.
	locked := lock.Lock() == nil
	unlock = func() { _ = lock.Close() }
	if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, text) {
		return unlock, nil
	}
	if locked {
		// Of processes that were killed while they wrote it. A name has none of Glob's signs, but dir may have.
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), partPrefix+name+"-") {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
	if err := store.WriteFile(path, text); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// write writes a manifest if the faces of all its videos are there.
func (c *Cache) write(d layout.Dataset, videos []layout.Video, m manifest) error {
	text, _, err := c.list(d, videos, m, datasets.Skip)
	if isLacking(err) || len(videos) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	unlock, err := put(c.set(d), m.file, text)
	if err != nil {
		return err
	}
	unlock()
	return nil
}
