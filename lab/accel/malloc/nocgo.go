//go:build !cgo

package malloc

// Kept is false: without cgo the memory of a program is Go's alone.
func Kept() bool { return false }
