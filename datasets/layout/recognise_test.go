package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestOpenSaysWhatIsLacking(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"empty", nil, "no video or image"},
		{"text", []string{"a.txt"}, "no video or image"},
		{"no compression", []string{"original_sequences/youtube/videos/000.mp4"}, "looks like FaceForensics++, but no folder like original_sequences/youtube/c23/videos"},
		{"no tree", []string{"Deepfakes/c23/videos/000_003.mp4", "Face2Face/c23/videos/000_003.mp4"}, "looks like FaceForensics++, but Deepfakes, Face2Face lie directly in it"},
		{"no list", []string{"Celeb-real/id0_0000.mp4", "Celeb-synthesis/id0_id1_0000.mp4"}, "looks like Celeb-DF v2, but List_of_testing_videos.txt is missing"},
		{"list alone", []string{"List_of_testing_videos.txt"}, "looks like Celeb-DF v2, but Celeb-real, YouTube-real and Celeb-synthesis are missing"},
		{"no metadata", []string{"abofeumbvv.mp4", "abqwwspghj.mp4"}, "looks like DFDC, but metadata.json or labels.csv is missing beside its 2 videos"},
		{"other metadata", []string{"abofeumbvv.mp4", "metadata.json"}, "looks like DFDC, but metadata.json is not as DFDC has it"},
		{"no dataset.json", []string{"original_videos/1/1_A_001.mp4", "method_A/1/1_A/1_2_A_001.mp4"}, "looks like DFDC preview, but dataset.json is missing"},
		{"no real", []string{"fake/a.mp4"}, "looks like folder, but there is a folder fake and no folder real"},
	} {
		dir := t.TempDir()
		for _, file := range c.files {
			write(t, dir, file, mp4)
		}
		if _, err := Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v; want %q", c.name, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent"), datasets.Skip); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("absent: %v", err)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	write(t, root,
		"crops/mine/manifest.csv", header, "real/faces/landmarks.csv", "",
		"video/FF/original_sequences/youtube/c23/videos/000.mp4", mp4,
		"video/FF/manipulated_sequences/notes/manifest.csv", header, // within a data set
		"Celeb-DF-v2/Celeb-real/id0_0000.mp4", mp4,
		"DFDC/dfdc_train_part_0/metadata.json", `{"a.mp4": {"label": "REAL"}}`,
		"my/real/a.mp4", mp4, "my/fake/b.png", "\x89PNG",
		"odd/c.mp4", mp4, "odd/deeper/videos.csv", "file,label\n",
		"stray/d.mp4", mp4, ".cache/e.mp4", mp4)
	links := map[string]string{"again": filepath.Join(root, "my"), "round": root, "gone": "nowhere"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	places, err := Find(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range places {
		rel, err := filepath.Rel(root, p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		hint, _, _ := strings.Cut(p.Hint, ",")
		got = append(got, filepath.ToSlash(rel)+": "+p.Layout+hint)
	}
	want := strings.Join([]string{
		"Celeb-DF-v2: looks like Celeb-DF v2",
		"DFDC: DFDC",
		"again: folder", // the name that comes first stands for the folder
		"crops/mine: face crops",
		"gone: broken symbolic link to nowhere: mend the link or delete it",
		"odd/deeper: videos.csv",
		"real/faces: real faces",
		"stray: holds videos or images",
		"video/FF: FaceForensics++",
	}, "\n")
	if strings.Join(got, "\n") != want {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestHugeLabelFile(t *testing.T) {
	for name, others := range map[string]string{"List_of_testing_videos.txt": "Celeb-real/id0_0000.mp4", "dataset.json": "method_A/a.mp4", "videos.csv": "a.mp4"} {
		dir := t.TempDir()
		write(t, dir, others, mp4, name, "")
		if err := os.Truncate(filepath.Join(dir, name), maxLabels+1); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, datasets.Skip); err == nil || !strings.Contains(err.Error(), "more than any label file has") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
