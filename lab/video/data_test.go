package video_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"image"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/internal/sharedtest"
	"github.com/seeable-lab/seeable/lab/video"
)

// dataRoot is the folder with the research data, or skips the test.
func dataRoot(t testing.TB) string {
	t.Helper()
	root := sharedtest.Data(t)
	if _, err := os.Stat(filepath.Join(root, "crops")); err != nil {
		t.Skipf("no research data at %s: set SEEABLE_DATA to test with it", root)
	}
	return root
}

// cut is a ready-made crop: a square box of a frame, scaled to side pixels.
type cut struct {
	file  string
	frame int
	box   image.Rectangle
}

// cuts reads the crops of a manifest by video file, of videos that are there.
func cuts(t *testing.T, root, set string, places []string) map[string][]cut {
	t.Helper()
	dir := filepath.Join(root, "crops", set)
	f, err := os.Open(filepath.Join(dir, "manifest.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	found := map[string][]cut{}
	for _, row := range rows[1:] {
		var n [4]int
		ok := true
		for i, name := range []string{"frame", "x", "y", "side"} {
			n[i], err = strconv.Atoi(column(row, name))
			ok = ok && err == nil
		}
		if !ok {
			continue
		}
		folder := column(row, "method")
		if folder == "original" {
			folder = "original_sequences"
		}
		for _, place := range places {
			if set != "dfdc" && !strings.Contains("/"+place+"/", "/"+folder+"/") {
				continue
			}
			path := filepath.Join(root, place, column(row, "video")+".mp4")
			if _, err := os.Stat(path); err == nil {
				found[path] = append(found[path], cut{filepath.Join(dir, column(row, "file")), n[0], image.Rect(n[1], n[2], n[1]+n[3], n[2]+n[3])})
			}
		}
	}
	return found
}

// difference is the mean absolute difference, in levels of 255, between the crop and its box in a frame.
func (c cut) difference(t *testing.T, frame *image.RGBA) float64 {
	t.Helper()
	if !c.box.In(frame.Rect) {
		t.Fatalf("box %v of %s is not within its frame, %v", c.box, c.file, frame.Rect)
	}
	crop, err := face.Open(c.file)
	if err != nil {
		t.Fatal(err)
	}
	scaled := image.NewRGBA(crop.Rect)
	draw.BiLinear.Scale(scaled, scaled.Rect, frame, c.box, draw.Src, nil)
	sum := 0
	for i, p := range scaled.Pix {
		if i%4 != 3 {
			sum += max(int(p), int(crop.Pix[i])) - min(int(p), int(crop.Pix[i]))
		}
	}
	return float64(sum) / float64(len(scaled.Pix)/4*3)
}

// Others cut faces from numbered frames of the research videos. Our frames of the same numbers must look the same there, and
// on average their neighbours must look less so. A stored crop differs from its frame by JPEG and by scaling.
func TestFrameNumbersOfResearchCrops(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes videos")
	}
	root := dataRoot(t)
	ffmpeg := needFFmpeg(t)
	videosPerSet, cropsPerVideo := 2, 5
	if os.Getenv("SEEABLE_ALL_VIDEOS") != "" {
		videosPerSet, cropsPerVideo = math.MaxInt, math.MaxInt
	}
	for set, places := range map[string][]string{
		"ffpp_c40":   faceForensics("c40"),
		"ffpp_c23":   faceForensics("c23"),
		"celebdf_v2": {"Celeb-DF-v2/Celeb-real", "Celeb-DF-v2/Celeb-synthesis"},
		"dfdc":       {"DFDC"},
	} {
		t.Run(set, func(t *testing.T) {
			var same, neighbour []float64
			videos := cuts(t, root, set, places)
			paths := slices.Sorted(maps.Keys(videos))
			paths = paths[:min(videosPerSet, len(paths))]
			for _, path := range paths {
				crops := videos[path]
				crops = crops[:min(cropsPerVideo, len(crops))]
				var wanted []int
				for _, c := range crops {
					wanted = append(wanted, max(0, c.frame-1), c.frame)
				}
				frames := open(t, ffmpeg, path).Frames(context.Background(), video.At(wanted...))
				for f, err := range frames {
					if err != nil {
						t.Fatal(err)
					}
					for _, c := range crops {
						switch f.Index {
						case c.frame:
							d := c.difference(t, f.Image)
							if d > 2 {
								t.Errorf("%s: frame %d differs from its crop by %.2f levels", path, c.frame, d)
							}
							same = append(same, d)
						case c.frame - 1:
							neighbour = append(neighbour, c.difference(t, f.Image))
						}
					}
				}
			}
			if len(same) == 0 {
				t.Fatal("no crop of a video that is there")
			}
			t.Logf("%d crops of %d videos: mean absolute difference %.2f, worst %.2f; of the frame before %.2f", len(same), len(paths), mean(same), slices.Max(same), mean(neighbour))
			if mean(neighbour) < 1.3*mean(same) {
				t.Error("the frame before is as good")
			}
		})
	}
}

// FaceForensics++ was encoded by an x264 with a fault that a decoder must know of from the first packet. Key frames decoded
// alone must be the same as in the whole clip.
func TestKeyFramesOfResearchClip(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes a video")
	}
	root := dataRoot(t)
	v := open(t, needFFmpeg(t), filepath.Join(root, "FaceForensics++/original_sequences/youtube/c40/videos/469.mp4"))
	keys, err := collect(v, video.KeyFrames())
	if err != nil || len(keys) < 2 {
		t.Fatalf("%d key frames, %v", len(keys), err)
	}
	for _, key := range keys {
		same, err := collect(v, video.At(key.Index))
		if err != nil || len(same) != 1 || same[0].Time != key.Time || !bytes.Equal(same[0].Image.Pix, key.Image.Pix) {
			t.Errorf("key frame %d at %v is not that frame of the whole clip (%v)", key.Index, key.Time, err)
		}
	}
}

// faceForensics are the folders of videos of a compression in the official layout.
func faceForensics(compression string) (places []string) {
	for _, of := range []string{"original_sequences/youtube", "manipulated_sequences/Deepfakes", "manipulated_sequences/Face2Face", "manipulated_sequences/FaceSwap", "manipulated_sequences/NeuralTextures"} {
		places = append(places, filepath.Join("FaceForensics++", of, compression, "videos"))
	}
	return places
}

func mean(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
