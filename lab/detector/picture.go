package detector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/detect"
	"github.com/seeable-lab/seeable/lab/extract"
	"github.com/seeable-lab/seeable/lab/face"
)

// Skipped is a file without a score, and why. It is an error.
type Skipped struct {
	File  string         `json:"file"`
	Fault datasets.Fault `json:"reason"` // the kind, for programs
	Why   string         `json:"detail"` // one line that names the file, for people
	err   error
}

func (s Skipped) Error() string { return s.Why }

// Unwrap returns what is wrong: an error of package face, [detect.ErrNoFace] and the like.
func (s Skipped) Unwrap() error { return s.err }

// Unscored is the [Skipped] of a file that could not be scored for an error that names it, as those of [Detector.Video] do.
func Unscored(path string, err error) Skipped {
	return Skipped{path, faultOf(path, err), err.Error(), err}
}

const (
	// minSide is the shorter side of the smallest picture that is scored, as that of the smallest face that is cut from videos.
	minSide = 32
	// minFace is the longer side of the smallest face that is scored; our choice. Its crop has twice the side, of which a network
	// sees three times as many pixels at least.
	minFace = 24
	// likeCrop is how much of each other the landmarks' box that was found and that of a mean face must cover in a crop
	// (intersection over union). In crops of test sets whose landmarks are those of a mean face they cover 0.51 or more, but for
	// profiles, and in aligned faces (UTKFace) and in whole photographs less than 0.3.
	likeCrop = 0.5
	// sure is the [detect.Detection.Presence] from which a face counts beside one of more than twice its area.
	sure = 0.5
)

// Picture scores and explains every face in a picture file, the largest first. The file is read as [face.Decode] says.
//
// If a mean face laid into the picture, as into a crop of a test set without landmarks, lies on its largest face, and no other
// face has half its area, then the picture is such a crop, and the face is scored as those of the set are: [Result.Crop].
// Otherwise each face is cut out as those of videos are, with the landmarks that were found. Faces under 24 pixels are not
// scored but counted.
//
// An error of the file is a [Skipped]: it cannot be read, is smaller than 32 pixels, has no face, or only such as are too
// small.
func (d *Detector) Picture(ctx context.Context, path string) ([]Result, error) {
	picture, err := openPicture(path)
	if err != nil {
		return nil, err
	}
	faces, err := d.faces(picture)
	if err != nil {
		return nil, skip(path, faultOf(path, err), err)
	}
	return d.explain(ctx, path, faces)
}

// Crop scores and explains a picture file that is taken as a crop around one face, whatever it shows, with the landmarks of a
// mean face. An error of the file is a [Skipped].
func (d *Detector) Crop(ctx context.Context, path string) ([]Result, error) {
	picture, err := openPicture(path)
	if err != nil {
		return nil, err
	}
	return d.explain(ctx, path, []located{{Face: datasets.MeanFace(picture), crop: true}})
}

// Pictures is [Detector.Picture] of many files. One without a score is an error in strict mode; otherwise it is left out and
// among skipped. Each file is in one of the two.
func (d *Detector) Pictures(ctx context.Context, files ...string) (out []Result, skipped []Skipped, err error) {
	return d.each(ctx, d.Picture, files)
}

// Crops is [Detector.Crop] of many files, as [Detector.Pictures] is of [Detector.Picture].
func (d *Detector) Crops(ctx context.Context, files ...string) (out []Result, skipped []Skipped, err error) {
	return d.each(ctx, d.Crop, files)
}

func (d *Detector) each(ctx context.Context, score func(context.Context, string) ([]Result, error), files []string) (out []Result, skipped []Skipped, err error) {
	for _, file := range files {
		results, err := score(ctx, file)
		if why, ok := errors.AsType[Skipped](err); ok && d.env.Mode == datasets.Skip {
			skipped = append(skipped, why)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		out = append(out, results...)
	}
	return out, skipped, nil
}

// Image looks for faces in a picture, as [Detector.Picture] does, and scores them; the result is that of the most anomalous
// one, or of the face around which the picture is a crop. Found is false where there is none that is large enough.
func (d *Detector) Image(ctx context.Context, picture *image.RGBA) (Result, error) {
	faces, err := d.faces(picture)
	if errors.Is(err, detect.ErrNoFace) || errors.Is(err, errTooSmall) {
		return d.nothing(), nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("detector: %w", err)
	}
	if faces[0].crop {
		faces = faces[:1]
	}
	results, err := scoreEach(ctx, d.Clip, faces)
	if err != nil {
		return Result{}, err
	}
	return slices.MaxFunc(results, func(a, b Result) int { return cmp.Compare(a.Score, b.Score) }), nil
}

// File scores the most anomalous face of a picture, as [Detector.Image] does, or the faces of a video or of a folder of frames
// as [Detector.Video] does. Found is false where there is no face.
func (d *Detector) File(ctx context.Context, path string) (Result, error) {
	r := d.nothing()
	r.File = path
	if IsPicture(path) {
		picture, err := openPicture(path)
		if err != nil {
			return Result{}, err
		}
		r, err := d.Image(ctx, picture)
		if err != nil {
			return Result{}, fmt.Errorf("%w (%s)", err, path)
		}
		r.File = path
		return r, nil
	}
	footage, err := OpenFootage(ctx, d.env, path)
	if err != nil {
		return Result{}, err
	}
	v, err := d.Video(ctx, footage)
	if errors.Is(err, detect.ErrNoFace) {
		return r, nil
	}
	if err != nil {
		return Result{}, err
	}
	r.Found, r.Score = true, v.Score
	return r, nil
}

// located is a face in a picture.
type located struct {
	face.Face
	box                   face.Box
	crop                  bool
	faces, small, unclear int // see [Result]
}

var errTooSmall = errors.New("too small")

// faces finds the faces of a picture that are to be scored: one at least, or an error that wraps [detect.ErrNoFace] or
// errTooSmall.
func (d *Detector) faces(picture *image.RGBA) ([]located, error) {
	if err := largeEnough(picture); err != nil {
		return nil, err
	}
	finder, err := d.finder()
	if err != nil {
		return nil, netsError{err}
	}
	found, err := finder.Track(1).Next(picture)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w in the picture of %d×%d pixels", detect.ErrNoFace, picture.Rect.Dx(), picture.Rect.Dy())
	}
	var faces []located
	small, unclear := 0, 0
	for i, f := range found {
		if side := max(f.Box.Width(), f.Box.Height()); side < minFace {
			small++
			continue
		}
		if f.Box.Area() < found[0].Box.Area()/2 && f.Presence < sure {
			unclear++
			continue
		}
		if i == 0 {
			if mean := datasets.MeanFace(picture); isCrop(found, mean) {
				faces = append(faces, located{Face: mean, box: f.Box, crop: true})
				continue
			}
		}
		cut, ok, err := extract.Cut(picture, f.Detection, d.env.Cut)
		if err != nil {
			return nil, err
		}
		if !ok {
			unclear++
			continue
		}
		decoded, err := cut.Decode()
		if err != nil {
			return nil, err
		}
		faces = append(faces, located{Face: decoded, box: f.Box})
	}
	if len(faces) == 0 && small > 0 {
		return nil, fmt.Errorf("the face is %w: %.0f×%.0f pixels in a picture of %d×%d; want at least %d: take a picture with a larger face",
			errTooSmall, found[0].Box.Width(), found[0].Box.Height(), picture.Rect.Dx(), picture.Rect.Dy(), minFace)
	}
	if len(faces) == 0 {
		return nil, fmt.Errorf("%w whose landmarks can be used", detect.ErrNoFace)
	}
	for i := range faces {
		faces[i].faces, faces[i].small, faces[i].unclear = len(faces), small, unclear
	}
	return faces, nil
}

// isCrop tells whether a picture is a crop around the first of the faces that were found in it, the largest first: a mean face
// lies on it, it is upright, and no other has half its area.
func isCrop(found []detect.Tracked, mean face.Face) bool {
	right, left := found[0].Landmarks[36], found[0].Landmarks[45] // the outer corners of the face's own eyes
	upright := math.Abs(math.Atan2(left.Y-right.Y, left.X-right.X)) < math.Pi/4
	return upright && face.Bounds(found[0].Landmarks).Overlap(face.Bounds(mean.Landmarks)) >= likeCrop &&
		(len(found) == 1 || found[1].Box.Area() < found[0].Box.Area()/2)
}

// netsError is an error of the nets that find faces, and not of a picture.
type netsError struct{ error }

func (e netsError) Unwrap() error { return e.error }

func largeEnough(picture *image.RGBA) error {
	if w, h := picture.Rect.Dx(), picture.Rect.Dy(); min(w, h) < minSide {
		return fmt.Errorf("the picture is %w: %d×%d pixels; want at least %d×%d: take a larger one", errTooSmall, w, h, minSide, minSide)
	}
	return nil
}

// explain scores the faces of a picture file, and says where in each.
func (d *Detector) explain(ctx context.Context, path string, faces []located) ([]Result, error) {
	results, err := scoreEach(ctx, d.Explain, faces)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	for i := range results {
		results[i].File = path
	}
	return results, nil
}

// scoreEach scores the faces of a picture.
func scoreEach(ctx context.Context, score func(context.Context, face.Clip) (Result, error), faces []located) ([]Result, error) {
	var results []Result
	for _, f := range faces {
		r, err := score(ctx, face.Still(f.Face))
		if err != nil {
			return nil, err
		}
		r.Crop, r.Faces, r.Small, r.Unclear = f.crop, f.faces, f.small, f.unclear
		if f.box != (face.Box{}) {
			r.Box = []int{int(f.box.X0), int(f.box.Y0), int(f.box.X1 + 0.5), int(f.box.Y1 + 0.5)}
		}
		results = append(results, r)
	}
	return results, nil
}

// openPicture decodes a picture file and makes sure that it is large enough. Its errors are [Skipped].
func openPicture(path string) (*image.RGBA, error) {
	in, err := os.Open(path)
	if err == nil {
		defer in.Close()
		var picture *image.RGBA
		if picture, err = face.Decode(in, datasets.Printable(path)); err == nil {
			if err = largeEnough(picture); err == nil {
				return picture, nil
			}
			return nil, skip(path, datasets.TooSmall, err)
		}
		var at *fs.PathError
		if !errors.As(err, &at) {
			return nil, Unscored(path, err)
		}
	}
	if target, linkErr := os.Readlink(path); linkErr == nil && errors.Is(err, fs.ErrNotExist) {
		return nil, skip(path, datasets.Absent, fmt.Errorf("broken symbolic link to %s: %w; mend the link", datasets.Printable(target), fs.ErrNotExist))
	}
	return nil, skip(path, faultOf(path, err), datasets.Pathless(err))
}

// skip makes a [Skipped] of an error that does not name the file, unless the error is none of the file.
func skip(path string, fault datasets.Fault, err error) error {
	why := fmt.Errorf("detector: %s: %w", datasets.Printable(path), err)
	if _, ok := errors.AsType[netsError](err); ok {
		return why
	}
	return Skipped{path, fault, why.Error(), why}
}

// faultOf tells the kind of an error of a picture file.
func faultOf(path string, err error) datasets.Fault {
	info, statErr := os.Stat(path)
	switch {
	case errors.Is(err, detect.ErrNoFace):
		return datasets.Faceless
	case errors.Is(err, errTooSmall):
		return datasets.TooSmall
	case errors.Is(err, face.ErrFormat):
		return datasets.Format
	case errors.Is(statErr, fs.ErrNotExist):
		return datasets.Absent
	case statErr == nil && info.Mode().IsRegular() && info.Size() == 0:
		return datasets.Empty
	}
	return datasets.Unreadable
}

// IsPicture tells whether a file is to be read as a picture, and not as a video: by its content, and by the end of its name
// where the content tells neither. What is not there is taken for a picture, a folder, an animated GIF and an animated WebP for a video.
func IsPicture(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return err != nil
	}
	in, err := os.Open(path)
	if err != nil {
		return true
	}
	defer in.Close()
	return face.IsPicture(in, path)
}
