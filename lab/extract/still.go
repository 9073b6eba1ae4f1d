package extract

import (
	"errors"
	"image"

	"github.com/seeable-lab/seeable/lab/detect"
)

// Cut cuts a face that was found in a picture out of it, as [Extractor.Frames] cuts those of frames. It is not ok if the face
// cannot be used, because it has no area or its landmarks do not pass [face.Check].
func Cut(picture *image.RGBA, found detect.Detection, p Params) (f Face, ok bool, err error) {
	if err := p.check(); err != nil {
		return Face{}, false, err
	}
	f, err = cut(picture, detect.Tracked{Detection: found}, p)
	if errors.Is(err, errNoFace) {
		return Face{}, false, nil
	}
	return f, err == nil, err
}
