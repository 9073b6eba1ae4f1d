package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// DirEnv is the environment variable that names the folder of the cache when nothing else does.
const DirEnv = "SEEABLE_FACES"

// DefaultDir is the folder $SEEABLE_FACES, else the folder faces in the user's cache ([toolbox.OpenCache]).
func DefaultDir() (string, error) {
	if dir := os.Getenv(DirEnv); dir != "" {
		return dir, nil
	}
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(cache.Dir()), "faces"), nil
}

// Cache is a folder of faces that were cut with the same parameters. It may be used by several goroutines and processes.
type Cache struct {
	root    string // what [Open] was given
	dir     string // of these parameters
	params  Params
	digests *datasets.FileDigests
}

// Open opens the cache in the folder dir for faces that are cut with p. It makes no folder yet. Nothing is written into a
// folder of data: dir must not lie in data, the data root, which may be "".
func Open(dir, data string, p Params) (*Cache, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if data != "" && within(dir, data) {
		return nil, fmt.Errorf("extract: the folder %s for faces lies in that of the data, %s; choose another, nothing is written there", dir, data)
	}
	name, err := p.recipe().folder()
	if err != nil {
		return nil, err
	}
	digests := datasets.OpenDigests(filepath.Join(dir, "digests.csv"))
	return &Cache{root: dir, dir: filepath.Join(dir, name), params: p, digests: digests}, nil
}

// within tells whether a folder, which need not be there yet, is another or lies in it.
func within(dir, other string) bool {
	real := func(path string) string {
		path, err := filepath.Abs(path)
		if err != nil {
			return path
		}
		for at, rest := path, ""; ; at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest) {
			if resolved, err := filepath.EvalSymlinks(at); err == nil {
				return filepath.Join(resolved, rest)
			}
			if filepath.Dir(at) == at {
				return path
			}
		}
	}
	below, err := filepath.Rel(real(other), real(dir))
	return err == nil && filepath.IsLocal(below)
}

// Dir is the folder of the faces that are cut with the cache's parameters: a data root of face crops.
func (c *Cache) Dir() string { return c.dir }

// set is the folder of a data set.
func (c *Cache) set(d layout.Dataset) string {
	return filepath.Join(c.dir, datasets.SetFolder(d.Name))
}

// digest is the digest of a video, of its images if it is a folder of them. Known asks for one that needs no reading, but of
// files that were read just after they had been written; then it is "" if it is not known.
func (c *Cache) digest(v layout.Video, known bool) (string, error) {
	of := func(path string) (string, error) {
		if !known {
			return c.digests.Of(path)
		}
		switch sum, ok := c.digests.Known(path); {
		case ok:
			return sum, nil
		case c.digests.Unsettled(path):
			return c.digests.Of(path)
		}
		return "", nil
	}
	if v.Pixels != layout.FrameFolder {
		return of(v.Path)
	}
	files, err := v.FrameFiles()
	if err != nil {
		return "", err
	}
	total := sha256.New()
	for _, file := range files {
		sum, err := of(file)
		if err != nil || sum == "" {
			return "", err
		}
		fmt.Fprintf(total, "%q %s\n", filepath.Base(file), sum)
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// place is where the faces of a video lie below the folder of its data set: its method and name, for people, and a digest
// of what it is called and what it holds.
func place(v layout.Video, digest string) string {
	plain := func(name string) string {
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
				return r
			}
			return '_'
		}, name)
		return name[:min(len(name), 64)]
	}
	key := sha256.Sum256([]byte(v.ID() + "\n" + digest))
	return "faces/" + plain(v.Method) + "/" + plain(v.Name) + "-" + hex.EncodeToString(key[:8])
}

// Report is what an extraction found in the videos that were asked for.
type Report struct {
	Dataset     string   `json:"dataset"`
	Dir         string   `json:"dir"`
	Videos      int      `json:"videos"`
	Fresh       int      `json:"fresh"` // videos that were extracted now and not before
	Frames      int      `json:"frames"`
	Blank       int      `json:"frames_without_face"`
	Faces       int      `json:"faces"`
	Small       int      `json:"faces_too_small"`     // and left out, see [Frame]
	Unclear     int      `json:"faces_unclear"`       // likewise
	Turned      int      `json:"faces_turned"`        // that lay on their side
	Several     []string `json:"videos_of_several"`   // IDs of videos that show several persons
	Missing     []string `json:"videos_without_face"` // IDs
	Problems    []string `json:"problems"`            // videos that cannot be read, or not in full
	FreshFrames int      `json:"fresh_frames"`
	Seconds     float64  `json:"seconds"`
}

// Options are about the surroundings of an extraction; none changes a face.
type Options struct {
	Extractor *Extractor // what finds the faces; nil for that of [New], which is made when the first video needs it
	Workers   int        // videos at a time; 0 for one a core
	Strict    bool       // the first video that cannot be read in full is an error
	Report    func(stage string, done, total int)
	Progress  io.Writer // is told of downloads; may be nil
}

// digestsEvery is how often the digests are saved.
const digestsEvery = 10 * time.Second

// Extract extracts the faces of videos of a data set, those that are not in the cache yet, and writes the manifests of the
// data set if all are there then. Videos that cannot be read, as far as they cannot, are problems of the report; those that
// gave nothing are tried again each time. Cancelling ctx loses the videos at hand.
func (c *Cache) Extract(ctx context.Context, d layout.Dataset, videos []layout.Video, o Options) (Report, error) {
	start := time.Now()
	r := Report{Dataset: d.Name, Dir: c.set(d), Several: []string{}, Missing: []string{}, Problems: []string{}}
	if within(c.root, d.Dir) {
		return r, fmt.Errorf("extract: the folder %s for faces lies in that of %s, %s; choose another", c.root, d.Name, d.Dir)
	}
	if o.Report == nil {
		o.Report = func(string, int, int) {}
	}
	mode := datasets.Skip
	if o.Strict {
		mode = datasets.Strict
	}
	good, problems, err := readable(videos, mode)
	if err != nil {
		return r, err
	}
	for _, p := range problems {
		r.Problems = append(r.Problems, p.Error())
	}
	if err := disk.mkdir(c.set(d)); err != nil {
		return r, fmt.Errorf("extract: %w", err)
	}
	if err := c.describe(); err != nil {
		return r, err
	}
	jobs, err := c.digestAll(ctx, d, good, o)
	if err != nil {
		return r, err
	}
	w := work{cache: c, options: o, set: c.set(d), stage: "faces of " + d.Name, total: len(jobs)}
	found, err := w.do(ctx, jobs)
	r.Fresh, r.FreshFrames, r.Seconds = w.fresh, w.frames, time.Since(start).Seconds()
	if err != nil {
		return r, err
	}
	for i, t := range found {
		r.Videos++
		r.Frames, r.Blank, r.Faces = r.Frames+t.frames, r.Blank+t.blank, r.Faces+t.faces
		r.Small, r.Unclear, r.Turned = r.Small+t.small, r.Unclear+t.unclear, r.Turned+t.turned
		if t.several {
			r.Several = append(r.Several, jobs[i].video.ID())
		}
		if t.faces == 0 {
			r.Missing = append(r.Missing, jobs[i].video.ID())
		}
		if t.problem != "" {
			r.Problems = append(r.Problems, jobs[i].video.ID()+": "+t.problem)
		}
	}
	// Perhaps not all of the data set was asked for; then there are none.
	if err := c.write(d, d.TestVideos(false), c.tested()); err != nil {
		return r, err
	}
	return r, c.write(d, d.TrainVideos(false), c.trained(false))
}

// tally is what the faces of a video come to.
type tally struct {
	frames, blank, faces   int
	small, unclear, turned int
	several                bool
	problem                string
}

func (e entry) tally() tally {
	t := tally{frames: len(e.Frames), problem: e.Problem, several: e.several()}
	for _, frame := range e.Frames {
		t.faces, t.small, t.unclear = t.faces+len(frame.Faces), t.small+frame.Small, t.unclear+frame.Unclear
		for _, f := range frame.Faces {
			if f.Turned != 0 {
				t.turned++
			}
		}
		if len(frame.Faces) == 0 {
			t.blank++
		}
	}
	return t
}

// readable returns the videos that are files as their names say. The others are problems, as [layout.Examine] has it.
func readable(videos []layout.Video, mode datasets.Mode) (good []layout.Video, problems []datasets.Problem, err error) {
	for _, v := range videos {
		err := v.Check()
		if err == nil {
			good = append(good, v)
			continue
		}
		p, ok := errors.AsType[datasets.Problem](err)
		if mode == datasets.Strict || !ok {
			return nil, nil, err
		}
		problems = append(problems, p)
	}
	return good, problems, nil
}

// describe writes the parameters beside the faces, for people and other programs.
func (c *Cache) describe() error {
	text, err := json.MarshalIndent(c.params.recipe(), "", "  ")
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	unlock, err := put(c.dir, "parameters.json", append(text, '\n'))
	if err == nil {
		unlock()
	}
	return err
}

// job is a video whose faces are wanted.
type job struct {
	video  layout.Video
	digest string
	place  string // below the folder of the data set
}

// digestAll reads the videos whose digests are not known.
func (c *Cache) digestAll(ctx context.Context, d layout.Dataset, videos []layout.Video, o Options) ([]job, error) {
	jobs := make([]job, len(videos))
	var unknown []int
	for i, v := range videos {
		sum, err := c.digest(v, true)
		if err != nil {
			return nil, err
		}
		if jobs[i] = (job{v, sum, place(v, sum)}); sum == "" {
			unknown = append(unknown, i)
		}
	}
	saved := time.Now()
	for n, i := range unknown {
		if ctx.Err() != nil {
			return nil, errors.Join(context.Cause(ctx), c.digests.Save())
		}
		o.Report("reading videos of "+d.Name, n, len(unknown))
		sum, err := c.digest(videos[i], false)
		if err != nil {
			return nil, err
		}
		jobs[i] = job{videos[i], sum, place(videos[i], sum)}
		if time.Since(saved) > digestsEvery {
			if err := c.digests.Save(); err != nil {
				return nil, err
			}
			saved = time.Now()
		}
	}
	return jobs, c.digests.Save()
}

// work is an extraction under way.
type work struct {
	cache   *Cache
	options Options
	set     string
	stage   string
	total   int

	mu      sync.Mutex // of all below
	done    int
	fresh   int
	frames  int // of fresh videos
	opening sync.Once
	extract *Extractor
	failed  error // of opening
}

// do extracts what is not there and returns what is, in the order of the jobs.
func (w *work) do(ctx context.Context, jobs []job) ([]tally, error) {
	found := make([]tally, len(jobs))
	var lacking []int
	for i, j := range jobs {
		e, ok := readEntry(filepath.Join(w.set, j.place))
		if !ok || e.unread() {
			lacking = append(lacking, i)
			continue
		}
		if e.Problem != "" && w.options.Strict {
			return nil, fmt.Errorf("%s: %s", j.video.ID(), e.Problem)
		}
		found[i] = e.tally()
	}
	w.done = len(jobs) - len(lacking)
	w.options.Report(w.stage, w.done, w.total)
	if len(lacking) == 0 {
		return found, nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// First those that nobody works on, then those that somebody did.
	busy := lacking
	for _, wait := range []bool{false, true} {
		next := make(chan int)
		var others []int
		var group sync.WaitGroup
		for range w.workers() {
			group.Go(func() {
				for i := range next {
					e, ok, err := w.one(ctx, jobs[i], wait)
					w.mu.Lock()
					found[i] = e.tally()
					if !ok && err == nil {
						others = append(others, i)
					}
					w.mu.Unlock()
					if err != nil {
						stop(err)
						return
					}
				}
			})
		}
	feed:
		for _, i := range busy {
			select {
			case next <- i:
			case <-ctx.Done():
				break feed
			}
		}
		close(next)
		group.Wait()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		slices.Sort(others)
		busy = others
	}
	return found, nil
}

func (w *work) workers() int {
	if w.options.Workers > 0 {
		return w.options.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// lockPoll is how often a waiting extractor looks whether another has finished a video.
const lockPoll = 100 * time.Millisecond

// one extracts the faces of a video, if nobody else does. Otherwise it is not ok, or waits for the other.
func (w *work) one(ctx context.Context, j job, wait bool) (e entry, ok bool, err error) {
	dir := filepath.Join(w.set, j.place)
	locks := filepath.Join(w.set, "locks")
	if err := disk.mkdir(locks); err != nil {
		return entry{}, false, fmt.Errorf("extract: %w", err)
	}
	// Locks are given back by the system when a process dies. Where there are none, two extractors may do the same video, and
	// the first to finish it has it.
	lock := flock.New(filepath.Join(locks, filepath.Base(dir)))
	defer lock.Close()
	taken, err := lock.TryLock()
	if err == nil && !taken {
		if !wait {
			return entry{}, false, nil
		}
		if taken, _ = lock.TryLockContext(ctx, lockPoll); ctx.Err() != nil {
			return entry{}, false, context.Cause(ctx)
		}
	}
	e, there := readEntry(dir)
	if there && e.unread() && wait {
		// Another has just tried.
	} else if !there || e.unread() {
		x, err := w.extractor(ctx)
		if err != nil {
			return entry{}, false, err
		}
		if e, err = writeEntry(ctx, x, j.video, j.digest, w.cache.params, dir, taken); err != nil {
			return entry{}, false, err
		}
		w.mu.Lock()
		w.fresh++
		w.frames += len(e.Frames)
		w.mu.Unlock()
	}
	// Whoever waits for the lock looks for the faces next, so that it may be on a file that is no longer there.
	_ = os.Remove(lock.Path())
	if e.Problem != "" && w.options.Strict {
		return entry{}, false, fmt.Errorf("%s: %s", j.video.ID(), e.Problem)
	}
	w.mu.Lock()
	w.done++
	w.options.Report(w.stage, w.done, w.total)
	w.mu.Unlock()
	return e, true, nil
}

// extractor is that of the options, or one that is made now.
func (w *work) extractor(ctx context.Context) (*Extractor, error) {
	w.opening.Do(func() {
		if w.extract = w.options.Extractor; w.extract == nil {
			w.extract, w.failed = New(ctx, w.options.Progress)
		}
	})
	return w.extract, w.failed
}
