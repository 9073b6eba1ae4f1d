package lab

import (
	"context"

	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/store"
)

// writeReport writes report.html.
func (l *Lab) writeReport(ctx context.Context, r *Run, d *detector, items []store.Item, held []face.Face) error {
	return nil
}
