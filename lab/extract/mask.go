package extract

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// What may be wrong with a mask that is there.
var (
	ErrNoMask   = errors.New("the masks have no frame that goes with it")
	ErrMaskSize = errors.New("the mask is of another size than the frame")
)

// Mask is the mask of a face that lies in a cache, cut, scaled and turned as the face was: a picture of the face's size. v is the
// fake of which the face is, masks are its masks ([layout.Video.Masks]). The errors are [ErrNoMask], [ErrMaskSize] and those of
// package video.
func Mask(ctx context.Context, v, masks layout.Video, it datasets.Item) (*image.RGBA, error) {
	picture, err := maskFrame(ctx, v, masks, it.Frame)
	if err != nil {
		return nil, fmt.Errorf("extract: mask of %s: %w", it.ID(), err)
	}
	e, _ := readEntry(filepath.Dir(it.Path))
	for _, frame := range e.Frames {
		at := slices.IndexFunc(frame.Faces, func(f stored) bool { return frame.Index == it.Frame && f.File == filepath.Base(it.Path) })
		if at < 0 {
			continue
		}
		f := frame.Faces[at]
		square := image.Rect(f.X, f.Y, f.X+f.Width, f.Y+f.Width)
		if !square.In(picture.Rect) {
			return nil, fmt.Errorf("extract: mask of %s: %w", it.ID(), ErrMaskSize)
		}
		cropped, err := face.Crop(face.Face{Image: picture}, square, f.Side)
		return face.Turn(cropped, f.Turned).Image, err
	}
	return nil, fmt.Errorf("extract: mask of %s: %s beside the face does not tell how it was cut; run seelab faces", it.ID(), entryFile)
}

// maskFrame is the mask that goes with a frame of v.
func maskFrame(ctx context.Context, v, masks layout.Video, index int) (*image.RGBA, error) {
	if v.Pixels == layout.VideoFile {
		return maskOfVideo(ctx, v, masks, index)
	}
	frames, err := v.FrameFiles()
	if err != nil {
		return nil, err
	}
	files, err := masks.FrameFiles()
	if err != nil {
		return nil, err
	}
	stem := func(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }
	at := -1
	if index < len(frames) {
		at = slices.IndexFunc(files, func(file string) bool { return stem(file) == stem(frames[index]) })
	}
	if at < 0 {
		return nil, ErrNoMask
	}
	frame, err := face.Open(frames[index])
	if err != nil {
		return nil, err
	}
	mask, err := face.Open(files[at])
	if err == nil && mask.Rect != frame.Rect {
		err = ErrMaskSize
	}
	return mask, err
}

func maskOfVideo(ctx context.Context, v, masks layout.Video, index int) (*image.RGBA, error) {
	options := video.Options{Threads: 1}
	of, err := video.Open(ctx, v.Path, options)
	if err != nil {
		return nil, err
	}
	m, err := video.Open(ctx, masks.Path, options)
	switch {
	case err != nil:
		return nil, err
	case m.Width != of.Width || m.Height != of.Height:
		return nil, ErrMaskSize
	case index >= m.Count:
		return nil, ErrNoMask
	}
	for frame, err := range m.Frames(ctx, video.At(index)) {
		return frame.Image, err
	}
	return nil, ErrNoMask
}
