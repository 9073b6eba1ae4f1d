package official

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
)

const png = "\x89PNG"

// said is what is told of each video of data sets.
func said(sets ...layout.Dataset) (lines []string) {
	for _, d := range sets {
		for _, v := range d.Videos {
			label := map[bool]string{false: "real", true: "fake"}[v.Fake]
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", v.ID(), label, v.Split, v.Pixels, v.Identity))
		}
	}
	slices.Sort(lines)
	return lines
}

func wantVideos(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("videos are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The layouts as their authors and DeepfakeBench publish them, each with a video or two of every kind.
func TestOtherLayouts(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  []string
		layout string
		want   []string
		notes  string
	}{
		{"deepfake_in_the_wild", []string{"real_train/12/real/103/2.png", "real_train/12/real/103/10.png", "fake_train/1/fake/5/1.png", "real_test/1/real/5/1.png", "fake_test/1/fake/5/1.png"}, wildLayout, []string{
			"WildDeepfake/real/12%2F103 real train frames WildDeepfake/real/12/103", "WildDeepfake/fake/1%2F5 fake train frames WildDeepfake/fake/1/5",
			"WildDeepfake/real/test%2F1%2F5 real test frames WildDeepfake/real/test/1/5", "WildDeepfake/fake/test%2F1%2F5 fake test frames WildDeepfake/fake/test/1/5",
		}, ""},
		{"FFIW10K-v1-release", []string{"source/val/val_00000001.mp4", "target/val/videos/val_00000001.mp4", "source/test/a.mp4"}, ffiwLayout, []string{
			"FFIW/source/val%2Fval_00000001 real val video FFIW/val/val_00000001", "FFIW/target/val%2Fval_00000001 fake val video FFIW/val/val_00000001",
			"FFIW/source/test%2Fa real test video FFIW/test/a",
		}, "not each of its faces"},
		{"FakeAVCeleb_v1.2", []string{
			"RealVideo-RealAudio/African/men/id00076/00109.mp4", "RealVideo-FakeAudio/African/men/id00076/00109_fake.mp4",
			"FakeVideo-RealAudio/African/men/id00076/00109_0_id00476.mp4", "FakeVideo-FakeAudio/African/men/id00076/00109_10_id00476_wavtolip.mp4",
			"meta_data.csv",
		}, avLayout, []string{
			"FakeAVCeleb/RealVideo-RealAudio/African%2Fmen%2Fid00076%2F00109 real  video id00076",
			"FakeAVCeleb/RealVideo-FakeAudio/African%2Fmen%2Fid00076%2F00109_fake real  video id00076",
			"FakeAVCeleb/FakeVideo-RealAudio%2Ffaceswap/African%2Fmen%2Fid00076%2F00109_0_id00476 fake  video id00076",
			"FakeAVCeleb/FakeVideo-FakeAudio%2Fwav2lip/African%2Fmen%2Fid00076%2F00109_10_id00476_wavtolip fake  video id00076",
		}, "RealVideo-FakeAudio counts as real"},
		{"DF40", []string{
			"test/simswap/ff/frames/000_003/000.png", "test/simswap/cdf/frames/id0_id1_0000/000.png", "test/wav2lip/ff/000_003/000.png", "train/DiT/ff/ff/1.png",
			"test/MidJourney/fake/fake/1.png", "test/MidJourney/real/2.png", "test/simswap/ff/landmarks/000_003/000.png", "real/ff/frames/000/000.png",
		}, df40Layout, []string{
			"DF40 ff/FS%2Fsimswap/000_003 fake test frames DF40 ff/000", "DF40 cdf/FS%2Fsimswap/id0_id1_0000 fake test frames DF40 cdf/id0",
			"DF40 ff/FR%2Fwav2lip/000_003 fake test frames DF40 ff/000", "DF40 ff/EFS%2FDiT/1 fake train image DF40 ff/1",
			"DF40/EFS%2FMidJourney/1 fake test image DF40/EFS/MidJourney/1", "DF40/real%2FMidJourney/2 real test image DF40/real/MidJourney/2",
			"DF40 ff/real/000 real  frames DF40 ff/000",
		}, "no figure without real videos: put those of Celeb-DF v2 into real/cdf"},
		{"Celeb-DF-v3", []string{
			"Celeb-real/id0_0000.mp4", "YouTube-real/00000.mp4", "Celeb-synthesis/FaceSwap/SimSwap/id0_id1_0000.mp4",
			"Celeb-synthesis/TalkingFace/EchoMimic/videos/id0_0000_test_3.mp4", "Celeb-synthesis/FaceReenact/LIA/frames/id0_id1_0000/0.png", celebList,
		}, celebLayout, []string{
			"Celeb-DF++/Celeb-real/id0_0000 real test video id0", "Celeb-DF++/YouTube-real/00000 real train video 00000",
			"Celeb-DF++/FaceSwap%2FSimSwap/id0_id1_0000 fake test video id0", "Celeb-DF++/TalkingFace%2FEchoMimic/id0_0000_test_3 fake train video id0",
			"Celeb-DF++/FaceReenact%2FLIA/id0_id1_0000 fake train frames id0",
		}, ""},
		{"Celeb-DF-v1", []string{"Celeb-real/frames/id0_0000/0.png", "Celeb-synthesis/id0_id1_0000.mp4", celebList}, celebLayout, []string{
			"Celeb-DF v1/Celeb-real/id0_0000 real test frames id0", "Celeb-DF v1/Celeb-synthesis/id0_id1_0000 fake train video id0",
		}, "is not the official list of Celeb-DF v1"},
	} {
		root := t.TempDir()
		dir := filepath.Join(root, c.name)
		for _, file := range c.files {
			text := mp4
			switch {
			case strings.HasSuffix(file, ".png"):
				text = png
			case file == celebList:
				text = "1 Celeb-real/id0_0000.mp4\r\n"
				if c.name == "Celeb-DF-v3" {
					text += "0 Celeb-synthesis/FaceSwap/SimSwap/id0_id1_0000.mp4\r\n"
				}
			case file == avMeta:
				text = "source,target1,target2,method,category,type,race,gender,path,\n" +
					"id00076,id00476,-,faceswap,B,FakeVideo-RealAudio,African,men,00109_0_id00476.mp4,FakeAVCeleb/FakeVideo-RealAudio/African/men/id00076\n" +
					"id00076,id00476,10,wav2lip,C,FakeVideo-FakeAudio,African,men,00109_10_id00476_wavtolip.mp4,FakeAVCeleb/FakeVideo-FakeAudio/African/men/id00076\n"
			}
			write(t, dir, file, text)
		}
		places, err := layout.Find(root)
		if err != nil || len(places) != 1 || places[0].Layout != c.layout {
			t.Errorf("%s: %+v, %v; want one place of layout %s", c.name, places, err, c.layout)
			continue
		}
		sets, err := layout.Open(dir, datasets.Strict)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		notes := ""
		for _, d := range sets {
			notes += strings.Join(d.Notes, "\n")
		}
		if !strings.Contains(notes, c.notes) {
			t.Errorf("%s: notes are %s; want %q", c.name, notes, c.notes)
		}
		wantVideos(t, said(sets...), c.want...)
	}
}

// A layout of which the essential is lacking is named with what it is.
func TestOtherLayoutsLack(t *testing.T) {
	for want, files := range map[string][]string{
		"looks like WildDeepfake, but no picture lies":       {"real_train/12.tar.gz", "fake_train/1.tar.gz"},
		"looks like FakeAVCeleb, but no video lies":          {"RealVideo-RealAudio/readme.txt"},
		"looks like Celeb-DF v2, but List_of_testing_videos": {"Celeb-real/id0_0000.mp4"},
	} {
		dir := t.TempDir()
		for _, file := range files {
			write(t, dir, file, mp4)
		}
		if _, err := layout.Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// Celeb-DF v1 is told by its list, where no folder's name says it: 38 real and 62 fake videos.
func TestCelebDFFirstByList(t *testing.T) {
	dir := t.TempDir()
	var list strings.Builder
	for i := range 100 {
		if i < 38 {
			fmt.Fprintf(&list, "1 Celeb-real/id0_%04d.mp4\n", i)
		} else {
			fmt.Fprintf(&list, "0 Celeb-synthesis/id0_id1_%04d.mp4\n", i)
		}
	}
	write(t, dir, "Celeb-real/id0_0000.mp4", mp4, celebList, list.String())
	if d := open(t, dir); d.Name != celebFirst || len(d.Notes) != 0 || !d.Partial(layout.TestSplit) {
		t.Errorf("%s, notes %v", d.Name, d.Notes)
	}
}

// Folders of frames as DeepfakeBench has them, for each set.
func TestFoldersOfFrames(t *testing.T) {
	root := t.TempDir()
	write(t, root, "DFDC/test/labels.csv", "\ufefffilename;label\r\naaaaaaaaaa.mp4;FAKE\r\n", "DFDC/test/frames/aaaaaaaaaa/0.png", png,
		"DFDCP/dataset.json", `{"method_A/1/1_A/1_2_A_001.mp4": {"label": "fake", "set": "test", "target_id": "1", "swapped_id": "2"}}`, "DFDCP/method_A/frames/1_2_A_001/0.png", png,
		"FF/original_sequences/youtube/c23/frames/000/0.png", png,
		"UADFV/real/frames/0000/0.png", png, "UADFV/fake/frames/0000_fake/0.png", png, "UADFV/fake/landmarks/0000_fake/0.png", png, "UADFV/real/videos/0001.mp4", mp4)
	for name, want := range map[string][]string{
		"DFDC":  {"DFDC/DFDC/aaaaaaaaaa fake test frames aaaaaaaaaa"},
		"DFDCP": {"DFDC preview/method_A/1_2_A_001 fake test frames 1"},
		"FF":    {"FF++ c23/original/000 real test frames 000"},
		"UADFV": {"UADFV/real/0000 real  frames UADFV/real/0000", "UADFV/real/0001 real  video UADFV/real/0001", "UADFV/fake/0000_fake fake  frames UADFV/fake/0000_fake"},
	} {
		d, err := layout.Open(filepath.Join(root, name), datasets.Strict)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantVideos(t, said(d...), want...)
	}
}

// The lists of DeepfakeBench: paths of another machine, with backslashes, a compression, a video in several parts. What is
// read without them is not read twice.
func TestDeepfakeBenchLists(t *testing.T) {
	root := t.TempDir()
	write(t, root,
		"rgb/Odd/real/x/frames/0000/1.png", png, "rgb/Odd/frames/0000_fake/1.png", png, "rgb/FF/original_sequences/youtube/c23/frames/000/0.png", png, "rgb/simswap/ff/frames/000_003/0.png", png,
		"dataset_json/Odd.json", `{"Odd": {"Odd_Real": {"train": {"0000": {"label": "Odd_Real", "frames": ["datasets\\rgb\\Odd\\real\\x\\frames\\0000\\1.png"]}}, "test": {"0000": {"label": "Odd_Real", "frames": ["datasets\\rgb\\Odd\\real\\x\\frames\\0000\\1.png"]}}, "val": {"label": "Odd_Real", "frames": []}},
			"Odd_Fake": {"train": {}, "val": {"0000_fake": {"label": "Odd_Fake", "frames": ["/home/else/data/Odd/frames/0000_fake/1.png"]}, "gone": {"label": "Odd_Fake", "frames": ["/home/else/data/Odd/frames/gone/1.png"]}}}}}`,
		"dataset_json/FF.json", `{"FF": {"FF-real": {"test": {"c23": {"000": {"label": "FF-real", "frames": ["x/FF/original_sequences/youtube/c23/frames/000/0.png"]}}}}}}`,
		"dataset_json/simswap_ff.json", `{"simswap_ff": {"simswap_Real": {"test": {"c23": {"000": {"label": "FF-real", "frames": ["x/FF/original_sequences/youtube/c23/frames/000/0.png"]}}}},
			"simswap_Fake": {"test": {"c23": {"000_003": {"label": "simswap_Fake", "frames": ["deepfakes_detection_datasets/simswap/ff/frames/000_003/0.png"]}}}}}}`,
		"dataset_json/other.json", `{"a": 1}`)
	places, err := layout.Find(root)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range places {
		if p.Layout != "" {
			found = append(found, filepath.Base(p.Dir)+": "+p.Layout)
		}
	}
	if want := []string{"dataset_json: DeepfakeBench", "rgb: DF40", "FF: FaceForensics++"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
	sets, err := layout.Open(filepath.Join(root, "dataset_json"), datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	wantVideos(t, said(sets...),
		"DeepfakeBench Odd/Odd_Real/0000 real test frames DeepfakeBench Odd/0000", "DeepfakeBench Odd/Odd_Fake/0000_fake fake val frames DeepfakeBench Odd/0000",
		"DeepfakeBench simswap_ff c23/simswap_Real/000 real test frames DeepfakeBench simswap_ff c23/000",
		"DeepfakeBench simswap_ff c23/simswap_Fake/000_003 fake test frames DeepfakeBench simswap_ff c23/000")
	if missing := videoIDs(sets[0].Missing); !slices.Equal(missing, []string{"DeepfakeBench Odd/Odd_Fake/gone"}) {
		t.Errorf("missing are %v", missing)
	}
}

// A copy without the official folders is read if its name says the compression.
func TestFlatFaceForensics(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"FaceForensics++_C23", "ffpp"} {
		write(t, filepath.Join(root, name), "original/000.mp4", mp4, "Deepfakes/000_003.mp4", mp4, "FaceShifter/000_003.mp4", mp4,
			"DeepFakeDetection/01_02__exit_phone_room__YVGY8LOK.mp4", mp4, "csv/Deepfakes.csv", "File Path,Label\n")
	}
	sets, err := layout.Open(filepath.Join(root, "FaceForensics++_C23"), datasets.Strict)
	if err != nil {
		t.Fatal(err)
	}
	wantVideos(t, said(sets...), "FF++ c23/original/000 real test video 000", "FF++ c23/Deepfakes/000_003 fake test video 000", "FF++ c23/FaceShifter/000_003 fake test video 000",
		"DFD c23/DeepFakeDetection/01_02__exit_phone_room__YVGY8LOK fake  video 01")
	if _, err := layout.Open(filepath.Join(root, "ffpp"), datasets.Skip); err == nil || !strings.Contains(err.Error(), "the compression in the name of the folder") {
		t.Errorf("%v", err)
	}
}
