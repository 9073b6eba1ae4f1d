package video_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/seeable-lab/seeable/lab/video"
)

func Example() {
	ctx := context.Background()
	v, err := video.Open(ctx, "missing.mp4", video.Options{})
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println(err)
		return
	}
	if err != nil {
		fmt.Println("not to be read:", err)
		return
	}
	for frame, err := range v.Frames(ctx, video.Spread(32)) {
		if errors.Is(err, video.ErrDamaged) {
			fmt.Println("goes on with what there was:", err)
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(frame.Index, frame.Time, frame.Image.Rect)
	}
	// Output: video: "missing.mp4": no such file or directory
}
