package source

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/extract"
)

// Masks tell which pixels of the fakes of a test set were manipulated.
type Masks struct {
	videos map[string]masked // by ID
}

// masked is a fake and its masks.
type masked struct{ video, masks layout.Video }

// Masks finds the masks of the fakes of a test set whose faces were cut out of videos. Other sets, and sets without masks, have none.
func (r *Root) Masks(set datasets.Set) (Masks, error) {
	m := Masks{map[string]masked{}}
	if !slices.Contains(set.Cut, set.Name) {
		return m, nil
	}
	d, err := r.Videos(set.Name)
	if err != nil {
		return m, err
	}
	for _, v := range d.Videos {
		if masks, ok := v.Masks(); ok {
			m.videos[v.ID()] = masked{v, masks}
		}
	}
	return m, nil
}

// Len is how many videos have masks.
func (m Masks) Len() int { return len(m.videos) }

// Has tells whether there are masks of the video of a face.
func (m Masks) Has(it datasets.Item) bool {
	_, ok := m.videos[it.VideoID()]
	return ok
}

// Of is the mask of a face, cut as the face was; see [extract.Mask].
func (m Masks) Of(ctx context.Context, it datasets.Item) (*image.RGBA, error) {
	v, ok := m.videos[it.VideoID()]
	if !ok {
		return nil, fmt.Errorf("source: %s has no masks", it.VideoID())
	}
	return extract.Mask(ctx, v.video, v.masks, it)
}
