package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/video"
)

// Frame is a frame of a video and the faces in it.
type Frame struct {
	Index  int     // of all frames of the video, from 0
	Second float64 // since the first frame; 0 for frames that are images
	Faces  []Face  // the largest first
	// Small and Unclear are how many faces were left out: too small to tell anything, or not surely a face.
	Small, Unclear int
	Size           image.Point // of the frame in pixels
}

// Face is a face that was cut out of a frame.
type Face struct {
	Track     int             // the same for the same face through the video, see [detect.Tracked]
	Square    image.Rectangle // of the frame
	Length    float64         // of the longer side of the detector's box, in pixels of the frame
	Turned    int             // quarter turns clockwise that brought the face upright
	Side      int             // of the stored image in pixels
	Landmarks []face.Point    // 68, in the pixels of the stored image
	JPEG      []byte          // the stored image

	doubtful bool // it counts only if it is surely a face in some frame
}

// Decode is the face as [datasets.Load] reads it from the cache.
func (f Face) Decode() (face.Face, error) {
	img, err := face.Decode(bytes.NewReader(f.JPEG), "face")
	return face.Face{Image: img, Landmarks: f.Landmarks}, err
}

// Extractor finds the faces of videos. It may be used by several goroutines.
type Extractor struct {
	pictures func(ctx context.Context, v layout.Video, n, run int) iter.Seq2[video.Frame, error]
	track    func() tracker
}

// tracker is a [detect.Tracker].
type tracker interface {
	Next(*image.RGBA) ([]detect.Tracked, error)
}

// New brings the nets and, when the first video is opened, ffmpeg, where they are not on this machine; it tells progress,
// which may be nil. A video is decoded by one thread.
func New(ctx context.Context, progress io.Writer) (*Extractor, error) {
	detector, err := detect.Open(ctx, progress)
	if err != nil {
		return nil, err
	}
	r := reader{video.Options{Threads: 1, Progress: progress}}
	return &Extractor{r.pictures, func() tracker { return detector.Track(1) }}, nil
}

// Frames gives the frames of a video with their faces, in order: p.Frames of a video file or a folder of frames, in runs of
// p.Run, one of a still image. A face counts if its landmarks pass [face.Check] and its box is at least half as large as that of
// the largest face in its frame (spec section 1.5), or if it is followed through the video and is surely a face of [Smallest]
// pixels in one of the frames. Faces that lie on their side are turned upright. The errors are those of package video; one that
// is [video.ErrDamaged] comes after all frames that could be had.
func (e *Extractor) Frames(ctx context.Context, v layout.Video, p Params) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		if err := p.check(); err != nil {
			yield(Frame{}, err)
			return
		}
		faces := e.track()
		w := waiting{counts: map[int]bool{}, yield: yield}
		for picture, err := range e.pictures(ctx, v, p.Frames, max(1, p.Run)) {
			if err != nil {
				if w.give(0) {
					yield(Frame{}, err)
				}
				return
			}
			found, err := faces.Next(picture.Image)
			if err != nil {
				yield(Frame{}, fmt.Errorf("extract: frame %d of %q: %w", picture.Index, v.Path, err))
				return
			}
			frame := Frame{Index: picture.Index, Second: picture.Time.Seconds(), Size: picture.Image.Rect.Size()}
			for _, f := range found {
				cut, err := cut(picture.Image, f, p)
				if errors.Is(err, errNoFace) {
					frame.Unclear++
					continue
				}
				if err != nil {
					yield(Frame{}, fmt.Errorf("extract: frame %d of %q: %w", picture.Index, v.Path, err))
					return
				}
				cut.doubtful = f.Box.Area() < found[0].Box.Area()/2 // the largest comes first
				if f.Presence >= sure && cut.Length >= Smallest {
					w.counts[f.ID] = true
				}
				frame.Faces = append(frame.Faces, cut)
			}
			w.frames = append(w.frames, frame)
			if !w.give(maxWaiting) {
				return
			}
		}
		w.give(0)
	}
}

// Smallest is the longer side in pixels of the smallest faces that count beside one of more than twice their area. In a
// compressed video less tells nothing of how a face was made.
const Smallest = 40

// sure is the [detect.Detection.Presence] from which a face counts beside one of more than twice its area. Faces in profile pass
// it now and then, toys never.
const sure = 0.5

// maxWaiting is how many frames wait until it is known whether their faces count. They are kept as JPEG.
const maxWaiting = 64

// waiting are frames with faces beside much larger ones, which count if the same face is sure in another frame.
type waiting struct {
	frames []Frame
	counts map[int]bool // tracks
	yield  func(Frame, error) bool
}

// give hands on the first frames, those whose faces are all known to count and what is beyond the last most. It is false if no
// more is wanted.
func (w *waiting) give(most int) bool {
	for len(w.frames) > 0 {
		frame := w.frames[0]
		open := func(f Face) bool { return f.doubtful && !w.counts[f.Track] }
		if len(w.frames) <= most && slices.ContainsFunc(frame.Faces, open) {
			return true
		}
		frame.Faces = slices.DeleteFunc(frame.Faces, func(f Face) bool {
			switch {
			case !open(f):
				return false
			case f.Length < Smallest:
				frame.Small++
			default:
				frame.Unclear++
			}
			return true
		})
		w.frames = w.frames[1:]
		if !w.yield(frame, nil) {
			return false
		}
	}
	return true
}

// errNoFace tells that what was found cannot be used as a face.
var errNoFace = errors.New("no face")

// quality of the stored JPEGs: far above that of the videos.
const quality = 95

// cut cuts a face out of its frame.
func cut(img *image.RGBA, f detect.Tracked, p Params) (Face, error) {
	at := square(f.Box, p.Margin, img.Rect)
	if at.Empty() {
		return Face{}, errNoFace
	}
	side := min(at.Dx(), p.Side)
	crop, err := face.Crop(face.Face{Image: img, Landmarks: f.Landmarks}, at, side)
	if err != nil {
		return Face{}, err
	}
	turned := face.Quarters(crop.Landmarks)
	crop = face.Turn(crop, turned)
	for i, q := range crop.Landmarks {
		crop.Landmarks[i] = face.Point{X: hundredths(q.X), Y: hundredths(q.Y)}
	}
	if face.Check(crop) != nil {
		return Face{}, errNoFace
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, crop.Image, &jpeg.Options{Quality: quality}); err != nil {
		return Face{}, err
	}
	length := max(f.Box.Width(), f.Box.Height())
	return Face{Track: f.ID, Square: at, Length: length, Turned: turned, Side: side, Landmarks: crop.Landmarks, JPEG: file.Bytes()}, nil
}

// hundredths rounds as the manifests do, so that a face is the same whichever way it comes.
func hundredths(x float64) float64 { return math.Round(100*x) / 100 }

// square is the square around a box with a margin on each side, in sides of the box, moved into the bounds; where these
// are too small for it, the largest that fits.
func square(b face.Box, margin float64, bounds image.Rectangle) image.Rectangle {
	side := int(math.Round((1 + 2*margin) * max(b.Width(), b.Height())))
	side = min(side, bounds.Dx(), bounds.Dy())
	start := func(low, high float64, first, last int) int {
		return max(first, min(int(math.Round((low+high-float64(side))/2)), last-side))
	}
	corner := image.Pt(start(b.X0, b.X1, bounds.Min.X, bounds.Max.X), start(b.Y0, b.Y1, bounds.Min.Y, bounds.Max.Y))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
}
