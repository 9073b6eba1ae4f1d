// Package store is how a run lies on disk: one folder of files that can be read without us.
//
//	spec.toml        the full spec
//	metrics.json     [Record]: versions, training, score selection, tests
//	scores.csv       [Item]: every tested face with every score, of the method and then of trivial rivals (package rival)
//	training.csv     [Step]: loss, accuracy and rate over the steps
//	weights.safetensors
//	report.html      for people
//	SHA256SUMS       digests of the others, for [Verify] and sha256sum -c
//
// A finished run is never changed. While it is made it lies in unfinished/ID, where one process at a time works on it
// ([Claim]), with checkpoints to go on from ([Cell.SaveCheckpoint]); [Cell.Commit] renames the run folder into place, where
// it is there in full or not at all.
package store

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The files of a run folder.
const (
	SpecFile     = "spec.toml"
	RecordFile   = "metrics.json"
	ScoresFile   = "scores.csv"
	TrainingFile = "training.csv"
	WeightsFile  = "weights.safetensors"
	ReportFile   = "report.html"
)

// Record is what a run found, as metrics.json and as seelab run --json print it. What a list of runs shows stands first,
// as [Scan] reads no more.
type Record struct {
	Run       string             `json:"run"`               // name of the run folder
	Name      string             `json:"name"`              // of the experiment
	Hash      string             `json:"hash"`              // of the spec
	Network   string             `json:"network,omitempty"` // hash of the part of the spec that the network depends on
	Started   string             `json:"started"`           // RFC 3339
	Seconds   float64            `json:"seconds"`           // wall time of the whole run
	Synthetic bool               `json:"synthetic"`         // some faces, of training or test, are drawn by code
	Score     string             `json:"score"`             // the score of Tests
	Leaks     []string           `json:"leaks,omitempty"`   // test sets whose figures have Test.Leaks
	AUC       map[string]float64 `json:"auc,omitempty"`     // see [Headline]
	Versions  map[string]string  `json:"versions"`
	Foreign   string             `json:"foreign,omitempty"` // SHA-256 of the file of scores, where another tool made them and there is no run
	Sessions  []Session          `json:"sessions,omitempty"`
	Train     Training           `json:"train"`
	Selection []Selection        `json:"selection,omitempty"` // how the candidates did on the pseudo-fakes of Choice
	Choice    *Choice            `json:"choice,omitempty"`    // what scores were chosen and fitted on; since 0.6.0
	Pseudo    []Pseudo           `json:"pseudo,omitempty"`    // how Score does on pseudo-fakes of other people; since 0.6.0
	Tests     []Test             `json:"tests"`
	Rivals    []Rival            `json:"rivals,omitempty"`    // of each test over videos that has a figure; since 0.6.0
	Alarms    []Alarm            `json:"alarms,omitempty"`    // of each test set, at the threshold of the run; since 0.6.0
	NoAlarms  string             `json:"no_alarms,omitempty"` // why the run has no threshold; "" where it has one, and of runs tested before 0.6.0
	Skipped   []string           `json:"skipped,omitempty"`   // faces that could not be read, with the reason
	Coverage  []Coverage         `json:"coverage,omitempty"`  // of each test set; since 0.6.0
	Faces     map[string]Faces   `json:"faces,omitempty"`     // of the test sets that did not come ready-made; since 0.6.0

	Localisation []Localisation `json:"localisation,omitempty"` // of methods with maps, on pseudo-fakes and test sets with masks; since 0.6.0
}

// Headline is the AUC over videos with the fakes of all methods, by test set. Sets without a figure are left out.
func Headline(tests []Test) map[string]float64 {
	auc := map[string]float64{}
	for _, t := range tests {
		if t.Level == LevelVideo && t.Method == "all" && t.NoFigure == "" {
			auc[t.Dataset] = t.AUC
		}
	}
	return auc
}

// Coverage is what became of everything that a test set holds: Holds is Scored and one for each of Unscored.
type Coverage struct {
	Dataset  string     `json:"dataset"`
	Holds    int        `json:"holds"`  // pictures of its folder, rows of its manifest without one, videos that cannot be read
	Scored   int        `json:"scored"` // of them
	Unscored []Unscored `json:"unscored,omitempty"`
}

// Unscored is something that got no score.
type Unscored struct {
	Item  string `json:"item"`  // slash path below the folder of the set, or an ID where there is no file
	Fault string `json:"fault"` // a Fault of package datasets, as in "empty"
}

// Faults says how many of Unscored have which fault, the most frequent first: "3 no face, 1 empty"; "" if there are none.
func (c Coverage) Faults() string {
	n := map[string]int{}
	for _, u := range c.Unscored {
		n[u.Fault]++
	}
	faults := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], strings.Compare(a, b)) })
	for i, fault := range faults {
		faults[i] = fmt.Sprintf("%d %s", n[fault], fault)
	}
	return strings.Join(faults, ", ")
}

// Training tells how the weights came about.
type Training struct {
	Accuracy float64 `json:"accuracy"` // on held-out faces of all people at official strength, of a method that classifies; it chooses nothing
	// HeldOutLoss is what is measured in the place of Accuracy where a method classifies nothing; Chance is 0 there. Measured says
	// what it is, if not the loss.
	HeldOutLoss float64 `json:"held_out_loss,omitempty"`
	Measured    string  `json:"measured,omitempty"`
	// AtFirst is what HeldOutLoss was when it was measured for the first time.
	AtFirst float64 `json:"at_first,omitempty"`
	// Own is how the score of the run tells its method's own pseudo-fakes, of people who had no part in its choice, compressed as in
	// training; self-blended images where the method has none, as On says. Gauge is what else the network knows of its samples of
	// them. nil where nobody is left, and of runs that were made before there were any.
	Own       *Pseudo           `json:"own,omitempty"`
	Gauge     *Gauge            `json:"gauge,omitempty"`
	Chance    float64           `json:"chance"`          // accuracy of guessing
	Loss      float64           `json:"loss"`            // mean of the last tenth of the steps
	Floor     float64           `json:"floor,omitempty"` // least possible BCR of a balanced batch, if BCR was minimised
	Steps     int               `json:"steps"`
	Images    int               `json:"images"`           // training images made
	Seconds   float64           `json:"seconds"`          // of the training alone
	Faces     int               `json:"faces"`            // clips trained on: real faces, and labelled fakes where Fakes says so
	Fakes     int               `json:"fakes,omitempty"`  // of Faces, labelled fakes (data.fakes)
	People    int               `json:"people,omitempty"` // that Faces show, targets of fakes; 0 in records before version 0.6
	HeldOut   int               `json:"held_out"`         // real faces held out
	Fallback  int               `json:"fallback"`         // training faces without landmarks of their own
	Synthetic bool              `json:"synthetic"`        // trained on faces drawn by code
	Data      map[string]string `json:"data"`             // digest of each training set and of pretrained weights
	Made      map[string]Faces  `json:"made,omitempty"`   // of the training sets that did not come ready-made; since 0.6.0
	Donor     string            `json:"donor,omitempty"`  // the run that has trained the network, if not this one
}

// Gauge is a figure, in [0, 1], of what a network predicts of its own samples besides a class.
type Gauge struct {
	Name   string  `json:"name"` // for people: "IoU of the boundary"
	Value  float64 `json:"value"`
	Blind  float64 `json:"blind"` // that of the best prediction that is the same for all samples, known from them
	N      int     `json:"n"`     // samples
	People int     `json:"people"`
}

// Classified tells whether the method classifies, so that Accuracy was measured; else HeldOutLoss was.
func (t Training) Classified() bool { return t.Chance > 0 }

// Held says what HeldOutLoss is.
func (t Training) Held() string { return cmp.Or(t.Measured, "loss") }

// Session is a process that worked on the run; one that was never interrupted has one.
type Session struct {
	From    int    `json:"from"`    // training steps that were done already
	Started string `json:"started"` // RFC 3339
	Host    string `json:"host"`
	Backend string `json:"backend"`
}

// Selection is one candidate score: its AUC of pseudo-fakes against the real held-out faces that they were made from. It chose,
// so it says too much about the score that won; see Pseudo.
type Selection struct {
	Score string    `json:"score"`
	AUC   float64   `json:"auc"` // the mean of Cells
	Low   float64   `json:"low"` // 95 % interval by people
	High  float64   `json:"high"`
	Cells []float64 `json:"cells,omitempty"` // by entry of Choice.On; since 0.6.0
}

// Choice is what scores were chosen and fitted on: one half of the held-out people.
type Choice struct {
	On     []string `json:"on"`     // entries of score.choose_on, own under the name of what it is
	NReal  int      `json:"n_real"` // real clips, each as often as it is seen under a compression
	NFake  int      `json:"n_fake"`
	People int      `json:"people"`
}

// AllPseudo is the name of the mean over all entries of Choice.On.
const AllPseudo = "all"

// Pseudo is how the score of the run tells pseudo-fakes of held-out people who had no part in its choice.
type Pseudo struct {
	On     string  `json:"on"` // an entry as those of Choice.On, or [AllPseudo]
	AUC    float64 `json:"auc"`
	Low    float64 `json:"low"` // 95 % interval by people
	High   float64 `json:"high"`
	NReal  int     `json:"n_real"`
	NFake  int     `json:"n_fake"`
	People int     `json:"people"`
}

// OnPseudo is the figure of the record on pseudo-fakes of people who had no part in the choice, over all entries of Choice.On.
func (r Record) OnPseudo() (p Pseudo, ok bool) {
	i := slices.IndexFunc(r.Pseudo, func(p Pseudo) bool { return p.On == AllPseudo })
	if i < 0 {
		return Pseudo{}, false
	}
	return r.Pseudo[i], true
}

// Test is the figure of one test set and method, over its videos, the persons in them, their frames or
// their faces. Where there is none NoFigure says why: AUC, Low, High, AP and EER are NaN then, and null in metrics.json. Where there is a figure without an interval NoInterval says why:
// Low and High are NaN then, and null.
type Test struct {
	Dataset string  `json:"dataset"` // "FF++ c40"
	Method  string  `json:"method"`  // "Deepfakes", or "all"
	Level   string  `json:"level"`   // [LevelVideo], [LevelPerson], [LevelFrame] or [LevelFace]
	AUC     float64 `json:"auc"`
	Low     float64 `json:"low"` // 95 % interval by people (metric.AUC)
	High    float64 `json:"high"`
	NReal   int     `json:"n_real"`
	NFake   int     `json:"n_fake"`
	// People whose heads are seen in the scored real and fake videos, the targets of fakes; 0 in records before 0.6. A
	// video of which nobody is known counts as one.
	RealPeople int     `json:"real_people,omitempty"`
	FakePeople int     `json:"fake_people,omitempty"`
	NoInterval string  `json:"no_interval,omitempty"` // "too few people: …"; "" where there is an interval
	Coverage   float64 `json:"coverage"`              // share of the videos, persons, frames or faces that have a score
	AP         float64 `json:"ap"`
	EER        float64 `json:"eer"`
	Fallback   float64 `json:"fallback"`            // share of the scored faces without landmarks of their own
	Synthetic  bool    `json:"synthetic"`           // drawn faces: says nothing about deepfakes
	Partial    bool    `json:"partial"`             // videos of the official test list are lacking: not to be compared with published figures
	Digest     string  `json:"digest"`              // of the test set
	NoFigure   string  `json:"no_figure,omitempty"` // "only real videos"; "" where there is a figure
	// Leaks is what the set shows that was trained or chosen on, as in "2 people, 1 video", or that its labels contradict each
	// other: the figure says too much. "" where nothing was found; versions before 0.6 did not look.
	Leaks string `json:"leaks,omitempty"`
}

// Name is the data set, marked if the figure says too much.
func (t Test) Name() string {
	if t.Leaks != "" {
		return t.Dataset + " (leaks)"
	}
	return t.Dataset
}

// figures are those that a test may lack, first the interval.
func (t *Test) figures() []*float64 { return []*float64{&t.Low, &t.High, &t.AUC, &t.AP, &t.EER} }

// intervalEnds is how many of figures are the interval.
const intervalEnds = 2

// WithoutInterval is the test with NaN for the ends of its interval; why says what lacks, as in "too few people: 4 real, 9 fake".
func (t Test) WithoutInterval(why string) Test {
	t.NoInterval, t.Low, t.High = why, math.NaN(), math.NaN()
	return t
}

// WithoutFigure is the test with NaN for its figures; why says what lacks, as in "only real videos".
func (t Test) WithoutFigure(why string) Test {
	t.NoFigure, t.NoInterval = why, ""
	for _, figure := range t.figures() {
		*figure = math.NaN()
	}
	return t
}

// testFields is a Test as JSON has it without further ado.
type testFields Test

// nullable is a Test whose figures may be null: the outer fields hide those of their names.
type nullable struct {
	testFields
	AUC  *float64 `json:"auc"`
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	AP   *float64 `json:"ap"`
	EER  *float64 `json:"eer"`
}

// figures are in the order of those of Test.
func (n *nullable) figures() []**float64 { return []**float64{&n.Low, &n.High, &n.AUC, &n.AP, &n.EER} }

// MarshalJSON writes null for the figures of a test without them.
func (t Test) MarshalJSON() ([]byte, error) {
	if t.NoFigure == "" && t.NoInterval == "" {
		return json.Marshal(testFields(t))
	}
	n := nullable{testFields: testFields(t)}
	for i, figure := range t.figures() {
		if !math.IsNaN(*figure) {
			*n.figures()[i] = figure
		}
	}
	return json.Marshal(n)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Test) UnmarshalJSON(text []byte) error {
	var n nullable
	if err := json.Unmarshal(text, &n); err != nil {
		return err
	}
	*t = Test(n.testFields)
	for i, figure := range n.figures() {
		switch {
		case *figure != nil:
			*t.figures()[i] = **figure
		case t.NoFigure != "", t.NoInterval != "" && i < intervalEnds:
			*t.figures()[i] = math.NaN()
		}
	}
	return nil
}

// Item is one tested face with its scores; NaN where it has none.
type Item struct {
	Dataset, Method, Video, Identity, File string
	Frame                                  int // -1 if unknown
	Track                                  int // as that of a datasets.Item; 0 if unknown, as of all that is read from scores.csv
	Fake                                   bool
	Source                                 string    // the person whose face or expression was put in; "" if none or unknown
	Scores                                 []float64 // in the order of the header
}

// partPrefix begins the names of files that are still being written.
const partPrefix = ".part-"

// WriteFile writes a file beside its place, forces it to the disk and renames it into place: at any moment, also after a
// crash, the place holds the old file or the new one.
func WriteFile(path string, data []byte) error {
	return writeFile(path, Bytes(data))
}

// Bytes is a file that holds data.
func Bytes(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// writeFile is WriteFile for what write writes.
func writeFile(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	part := filepath.Join(dir, partPrefix+filepath.Base(path)+"-"+rand.Text()[:8])
	err := writeNew(part, write)
	if err == nil {
		err = disk.Rename(part, path)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(err, disk.Remove(part))
		}
		return fmt.Errorf("store: %w", err)
	}
	if err := disk.SyncFolder(dir); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// writeNew writes a file that is not there yet, and forces its content to the disk.
func writeNew(path string, write func(io.Writer) error) error {
	out, err := disk.Open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	if err = write(out); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// WriteRecord writes metrics.json.
func WriteRecord(dir string, r Record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("store: record of %s: %w", r.Run, err)
	}
	return WriteFile(filepath.Join(dir, RecordFile), append(text, '\n'))
}

// ParseRecord reads the text of a metrics.json; from names it in errors.
func ParseRecord(from string, text []byte) (r Record, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("store: %s: %w", from, err)
	}
	meanFaces(&r)
	return r, nil
}

// ReadRecord reads metrics.json of a run folder. A run that is not complete gives fs.ErrNotExist.
func ReadRecord(dir string) (Record, error) {
	path := filepath.Join(dir, RecordFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, fmt.Errorf("store: %s is no complete run: %w", dir, err)
	}
	if err != nil {
		return Record{}, fmt.Errorf("store: %w", err)
	}
	return ParseRecord(path, text)
}

// headBytes is more than the head of a record takes, with hundreds of test sets.
const headBytes = 16 << 10

// readHead reads metrics.json as far as AUC, and no more of the file than it must.
func readHead(dir string) (Record, error) {
	path := filepath.Join(dir, RecordFile)
	in, err := os.Open(path)
	if err != nil {
		return ReadRecord(dir) // for its errors
	}
	defer in.Close()
	head := make([]byte, headBytes)
	n, _ := io.ReadFull(in, head)
	if i := bytes.Index(head[:n], []byte(",\n  \"versions\":")); i >= 0 && bytes.Contains(head[:i], []byte("\n  \"auc\":")) {
		var r Record
		if json.Unmarshal(append(head[:i:i], '}'), &r) == nil {
			return r, nil
		}
	}
	// As version 0.1.0 wrote it, or by another hand.
	r, err := ReadRecord(dir)
	if err != nil {
		return Record{}, err
	}
	return Record{
		Run: r.Run, Name: r.Name, Hash: r.Hash, Network: r.Network, Started: r.Started, Seconds: r.Seconds,
		Synthetic: r.Synthetic, Score: r.Score, Leaks: r.Leaks, AUC: Headline(r.Tests),
	}, nil
}

// List returns the ids of the complete runs under root, sorted; none where root does not exist.
func List(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var found []string
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join(root, entry.Name(), RecordFile)); err == nil {
			found = append(found, entry.Name())
		}
	}
	return found, nil
}

// itemColumns are the columns before the scores. Versions before 0.6 had no source.
var itemColumns = []string{"dataset", "method", "video", "identity", "file", "frame", "fake", "source"}

// ItemColumns says how many columns of the header of a scores.csv are before the scores: without source in files of versions
// before 0.6, which have no source in [Item] then.
func ItemColumns(header []string) (n int, err error) {
	n = len(itemColumns)
	if len(header) < n || header[n-1] != itemColumns[n-1] {
		n--
	}
	if len(header) < n || !slices.Equal(header[:n], itemColumns[:n]) {
		return 0, fmt.Errorf("found the columns %q, want %q and then scores", header, itemColumns)
	}
	return n, nil
}

// WriteItems writes a table of tested faces, row by row; names are those of the scores.
func WriteItems(path string, names []string, items iter.Seq[Item]) error {
	return writeFile(path, func(w io.Writer) error {
		if err := FormatItems(w, names, items); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// FormatItems writes the text of a scores.csv.
func FormatItems(w io.Writer, names []string, items iter.Seq[Item]) error {
	rows := csv.NewWriter(bufio.NewWriterSize(w, 1<<16)) // which it takes for its own
	row := append(slices.Clone(itemColumns), names...)
	if err := rows.Write(row); err != nil {
		return err
	}
	for it := range items {
		if len(it.Scores) != len(names) {
			return fmt.Errorf("%d scores of %s, want %d: %q", len(it.Scores), it.File, len(names), names)
		}
		row = append(row[:0], it.Dataset, it.Method, it.Video, it.Identity, it.File, strconv.Itoa(it.Frame), strconv.FormatBool(it.Fake), it.Source)
		for _, score := range it.Scores {
			text := ""
			if !math.IsNaN(score) {
				text = strconv.FormatFloat(score, 'g', -1, 64)
			}
			row = append(row, text)
		}
		if err := rows.Write(row); err != nil {
			return err
		}
	}
	rows.Flush()
	return rows.Error()
}

// ReadItems reads what WriteItems wrote.
func ReadItems(path string) (names []string, items []Item, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	defer file.Close()
	names, rows, err := ParseItems(path, file)
	if err != nil {
		return nil, nil, err
	}
	for it, err := range rows {
		if err != nil {
			return nil, nil, err
		}
		items = append(items, it)
	}
	return names, items, nil
}

// ParseItems reads the text of a scores.csv: the names of the scores, and then row by row, once. An error is the last that
// items yield. source names the text in errors.
func ParseItems(source string, text io.Reader) (names []string, items iter.Seq2[Item, error], err error) {
	rows := csv.NewReader(text)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("store: %s: %w", source, err)
	}
	columns, err := ItemColumns(header)
	if err != nil {
		return nil, nil, fmt.Errorf("store: %s: %w", source, err)
	}
	return slices.Clone(header[columns:]), func(yield func(Item, error) bool) {
		for line := 2; ; line++ {
			row, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var it Item
			if err == nil {
				if it, err = parseItem(row, columns); err != nil {
					err = fmt.Errorf("line %d: %w", line, err)
				}
			}
			if err != nil {
				yield(Item{}, fmt.Errorf("store: %s: %w", source, err))
				return
			}
			if !yield(it, nil) {
				return
			}
		}
	}, nil
}

// parseItem reads a row that has so many columns before the scores.
func parseItem(row []string, columns int) (Item, error) {
	frame, err1 := strconv.Atoi(row[5])
	fake, err2 := strconv.ParseBool(row[6])
	it := Item{Dataset: row[0], Method: row[1], Video: row[2], Identity: row[3], File: row[4], Frame: frame, Fake: fake}
	if columns == len(itemColumns) {
		it.Source = row[columns-1]
	}
	err := errors.Join(err1, err2)
	it.Scores = make([]float64, 0, len(row)-columns)
	for _, text := range row[columns:] {
		score := math.NaN()
		if text != "" {
			var err3 error
			score, err3 = strconv.ParseFloat(text, 64)
			err = errors.Join(err, err3)
		}
		it.Scores = append(it.Scores, score)
	}
	return it, err
}

func formatCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}
