package video_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seeable-lab/seeable/lab/video"
)

// clip720 makes a clip of moving pictures with a codec that every ffmpeg has, a key frame in 250 as research clips have.
func clip720(b *testing.B, ffmpeg string, seconds int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "clip.mp4")
	source := []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=1280x720:r=30:d=%d", seconds), "-pix_fmt", "yuv420p", "-g", "250", "-c:v"}
	run(b, ffmpeg, nil, append(source, "mpeg4", "-q:v", "4", "-bf", "2", path)...)
	return path
}

func benchmark(b *testing.B, path, ffmpeg string, choice video.Choice) {
	frames := 0
	for b.Loop() {
		v := open(b, ffmpeg, path)
		for _, err := range v.Frames(context.Background(), choice) {
			if err != nil {
				b.Fatal(err)
			}
			frames++
		}
	}
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkFrames(b *testing.B) {
	ffmpeg := needFFmpeg(b)
	path := clip720(b, ffmpeg, 10)
	for _, c := range []struct {
		name   string
		choice video.Choice
	}{{"all", video.All()}, {"spread32", video.Spread(32)}, {"keys", video.KeyFrames()}} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, path, ffmpeg, c.choice) })
	}
}

// Clips of the research sets, if they are there.
func BenchmarkResearchClips(b *testing.B) {
	root := dataRoot(b)
	ffmpeg := needFFmpeg(b)
	for name, path := range map[string]string{
		"ffpp_c40_720p": "FaceForensics++/original_sequences/youtube/c40/videos/183.mp4",
		"celebdf_500p":  "Celeb-DF-v2/Celeb-real/id13_0011.mp4",
		"dfdc_1080p":    "DFDC/lynaeydofd.mp4",
	} {
		b.Run(name+"/all", func(b *testing.B) { benchmark(b, filepath.Join(root, path), ffmpeg, video.All()) })
		b.Run(name+"/spread32", func(b *testing.B) { benchmark(b, filepath.Join(root, path), ffmpeg, video.Spread(32)) })
	}
}
