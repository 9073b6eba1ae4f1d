// Fetch brings what tests use and do not download themselves into the user's cache: the nets that find faces, ffmpeg, the scripts
// of charts.
//
//	go run .ci/fetch.go
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/figure"
	"github.com/seeable-lab/seeable/lab/toolbox"
	"github.com/seeable-lab/seeable/lab/video"
)

func main() {
	ctx := context.Background()
	_, nets := detect.Open(ctx, os.Stderr)
	_, scripts := figure.FetchScripts(ctx, os.Stderr)
	if err := errors.Join(nets, scripts, ffmpeg(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ffmpeg(ctx context.Context) error {
	if _, err := video.Find(ctx); !errors.Is(err, video.ErrNoFFmpeg) {
		return err
	}
	cache, err := toolbox.OpenCache()
	if err != nil {
		return err
	}
	a, err := toolbox.Pick(toolbox.FFmpeg)
	if err == nil {
		_, err = cache.Fetch(ctx, a, os.Stderr)
	}
	return err
}
