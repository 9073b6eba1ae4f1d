//go:build !amd64

package cnn

func multiply4x16(depth int, a []float32, lda int, b, bias, c []float32, ldc int, floor float32) {
	multiply4x16Go(depth, a, lda, b, bias, c, ldc, floor)
}

func depthwise3x3(n, channels int, x []float32, row, step int, weights, bias, out []float32, floor float32) {
	depthwise3x3Go(n, channels, x, row, step, weights, bias, out, floor)
}
