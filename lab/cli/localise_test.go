package cli

import (
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/synthetic"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/extract/extracttest"
	"github.com/seeable-lab/seeable/lab/store"
)

// drawMasked draws FaceForensics++ as it lies on disk, with masks: 5 sequences and the fakes of 9. The masks of the others are black,
// too small, and not there.
func drawMasked(t *testing.T, ffmpeg, root string) {
	t.Helper()
	_, test := synthetic.Sets(5)
	at := map[string][]datasets.Item{}
	for _, it := range test.Items {
		at[it.Method] = append(at[it.Method], it)
	}
	mask := func(path string, width int, inside bool) {
		var frames []*image.RGBA
		for i := range 3 {
			m := image.NewRGBA(image.Rect(0, 0, width, 288))
			draw.Draw(m, m.Rect, image.Black, image.Point{}, draw.Src)
			if inside { // the middle of the face that drawVideo puts there
				draw.Draw(m, image.Rect(100, 110, 180, 190).Add(image.Pt(8*i, 0)), image.NewUniform(color.White), image.Point{}, draw.Src)
			}
			frames = append(frames, m)
		}
		encodeVideo(t, ffmpeg, path, frames)
	}
	dir := filepath.Join(root, "FaceForensics++")
	for i, pair := range strings.Fields("000_003 012_026 015_919 024_073 029_048 035_036 044_945 047_862 078_955") {
		target, _, _ := strings.Cut(pair, "_")
		if i < 5 {
			drawVideo(t, ffmpeg, filepath.Join(dir, "original_sequences/youtube/c23/videos", target+".mp4"), at["original"][4*i:4*i+3], false)
		}
		drawVideo(t, ffmpeg, filepath.Join(dir, "manipulated_sequences/Deepfakes/c23/videos", pair+".mp4"), at["swap"][4*i:4*i+3], false)
		if path := filepath.Join(dir, "manipulated_sequences/Deepfakes/masks/videos", pair+".mp4"); i != 6 {
			mask(path, map[bool]int{true: 288, false: 320}[i == 7], i != 8)
		}
	}
}

// Maps are measured on pseudo-fakes and on the masks of a data set; fakes without one that is of use are named. Eval finds the same
// again, on pseudo-fakes too where the run has no figures on them, and the report shows the best and the worst, without a picture of a face.
func TestLocalisation(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	ffmpeg := extracttest.Need(t)
	data, _ := drawData(t)
	drawMasked(t, ffmpeg, data)
	results, experiment := filepath.Join(t.TempDir(), "runs"), filepath.Join(t.TempDir(), "tiny.toml")
	write(t, experiment, []byte(tiny))
	faces := []string{"--data", data, "--faces", t.TempDir(), "--frames", "1"}
	must(t, append([]string{"faces"}, faces...)...)
	var record, again store.Record
	run := append([]string{"run", experiment, "--set", "score.name=onepass", "--set", "discrepancy.rows=2", "--set", "encoder.dim=8", "--set", `data.test=["FF++ c23"]`, "--results", results, "--json"}, faces...)
	if err := json.Unmarshal([]byte(must(t, run...)), &record); err != nil {
		t.Fatal(err)
	}
	if len(record.Localisation) != 2 {
		t.Fatalf("%+v, want pseudo-fakes and FF++ c23", record.Localisation)
	}
	pseudo, set := record.Localisation[0], record.Localisation[1]
	if pseudo.On != store.PseudoFakes || pseudo.Method != "selfblend" || pseudo.Images < 1 || pseudo.People != pseudo.Images || pseudo.Unmeasured != nil {
		t.Errorf("on pseudo-fakes %+v", pseudo)
	}
	if set.On != "FF++ c23" || set.Method != "Deepfakes" || set.Images != 6 || set.People != 6 || set.AUC.Low == nil || set.Best == set.Worst {
		t.Errorf("on masks %+v, want 6 images of 6 people", set)
	}
	// All masks are in one place of the face, so others' tell where it is.
	if r := set.Rival; r == nil || r.AUC.Value < 0.95 || r.IoU.Value < 0.6 {
		t.Errorf("the rival has %+v, want to find a place that is always the same", set.Rival)
	}
	want := []string{"mask of another size", "mask without area", "no mask"}
	var faults []string
	for _, u := range set.Unmeasured {
		faults = append(faults, u.Fault)
	}
	if slices.Sort(faults); !slices.Equal(faults, want) {
		t.Errorf("not measured: %+v, want %q", set.Unmeasured, want)
	}
	page, err := os.ReadFile(filepath.Join(results, record.Run, store.ReportFile))
	if err != nil || !strings.Contains(string(page), "FF++ c23, worst of Deepfakes: pixel AUC") || !strings.Contains(string(page), "pseudo-fakes, best of selfblend") {
		t.Errorf("the report lacks the best or the worst: %v", err)
	}
	eval := append([]string{"eval", "--run", "tiny", "--results", results, "--test", "FF++ c23"}, faces...)
	text := must(t, eval...)
	for _, want := range []string{"pixel AUC", "pseudo-fakes", "FF++ c23: 3 fakes were not measured: 1 mask of another size, 1 mask without area, 1 no mask."} {
		if !strings.Contains(text, want) {
			t.Errorf("eval prints no %q:\n%s", want, text)
		}
	}
	// As versions before 0.6 left it.
	before := record.Localisation
	record.Localisation = nil
	if err := store.WriteRecord(filepath.Join(results, record.Run), record); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(must(t, append(eval, "--json")...)), &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Localisation, before) {
		t.Errorf("eval finds %+v, the run %+v", again.Localisation, before)
	}
}
