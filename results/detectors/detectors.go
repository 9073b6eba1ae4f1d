// Package detectors holds the trained detectors that seelab carries along, a folder each as package lab/pack writes it. Only
// lab/cmd/seelab imports it, so that no other program grows by their weights.
package detectors

import "embed"

// Files are the folders of the detectors, and ORDER, which names them, the best one first.
//
//go:embed *
var Files embed.FS
