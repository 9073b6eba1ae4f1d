//go:build !amd64

package cnn

func usePlain() func() { return func() {} }
