package source

import (
	"context"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/overlap"
)

// Pictures looks at the faces of a set ([datasets.Pictures]) with the user's cache, if there is one.
func (r *Root) Pictures(ctx context.Context, set datasets.Set) (overlap.Pictured, error) {
	pictures, err := datasets.Pictures(ctx, set, datasets.Looking{
		Digests: UserDir("digests"), Cache: UserDir("pictures"),
		Progress: func(done, total int) { r.report("looking at faces of "+set.Name, done, total) },
	})
	return overlap.Pictured{Set: set, Pictures: pictures}, err
}
