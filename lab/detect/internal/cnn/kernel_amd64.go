package cnn

import "golang.org/x/sys/cpu"

// avx2 tells whether the assembly can run. Tests turn it off to see the plain loops.
var avx2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

//go:noescape
func multiply4x16AVX2(depth int, a *float32, lda int, b, bias, c *float32, ldc int, floor float32)

//go:noescape
func depthwise3x3AVX2(n, channels int, x *float32, row, step int, weights, bias, out *float32, floor float32)

func multiply4x16(depth int, a []float32, lda int, b, bias, c []float32, ldc int, floor float32) {
	if !avx2 {
		multiply4x16Go(depth, a, lda, b, bias, c, ldc, floor)
		return
	}
	// The assembly does not look: these do.
	_, _, _, _ = a[3*lda+depth-1], b[depth*panel-1], bias[panel-1], c[3*ldc+panel-1]
	multiply4x16AVX2(depth, &a[0], lda, &b[0], &bias[0], &c[0], ldc, floor)
}

func depthwise3x3(n, channels int, x []float32, row, step int, weights, bias, out []float32, floor float32) {
	if !avx2 {
		depthwise3x3Go(n, channels, x, row, step, weights, bias, out, floor)
		return
	}
	_, _, _, _ = x[(n-1)*step+2*row+3*channels-1], weights[9*channels-1], bias[channels-1], out[n*channels-1]
	depthwise3x3AVX2(n, channels, &x[0], row, step, &weights[0], &bias[0], &out[0], floor)
}
