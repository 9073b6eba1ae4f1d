// Package onednn lets XLA's CPU plugin compute convolutions with oneDNN, the library that PyTorch computes them with on a CPU.
// XLA's own gradients of convolutions with few channels reach a quarter of its speed or less.
//
// GoMLX's graphs stay as they are: between it and the plugin every program is rewritten, with a custom call in place of each
// convolution of float32 or bfloat16 maps that oneDNN has a kernel for, gradients included, and of what BatchNorm sums over such
// maps (norm.h). Where a network scores, BatchNorm, residual sum and activation go into the convolution before them (fuse.go).
//
// README.md says how, what is left to XLA, and what is refused.
package onednn

import (
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"golang.org/x/sys/cpu"

	"github.com/seeable-lab/seeable/lab/accel/compiler"
)

// The custom calls.
const target, momentsTarget, productsTarget = "seeable_convolution", "seeable_moments", "seeable_products"

// On reports whether a backend computes convolutions with oneDNN.
func On(b compute.Backend) bool {
	x, ok := b.(interface{ PluginName() string }) // as XLA's, whose type is there with cgo only
	return ok && compiler.Rewrites(x.PluginName())
}

// Computes reports whether oneDNN computes convolutions of maps such as x: those of float32 or bfloat16 on a backend with it.
func Computes(x *graph.Node) bool {
	return (x.DType() == dtypes.Float32 || x.DType() == dtypes.BFloat16) && On(x.Graph().Backend())
}

// Narrow reports whether oneDNN has kernels of bfloat16 on this processor, which on amd64 take AVX-512. Where it has none XLA
// computes such maps by way of float32, in more memory than maps of float32 take.
func Narrow() bool { return runtime.GOARCH != "amd64" || cpu.X86.HasAVX512BW }

// prepared are the convolutions that programs asked for so far, and whether oneDNN computes them. What does so stays for the
// life of the process, as do GoMLX's programs, mostly.
var prepared = struct {
	sync.Mutex
	by map[convolution]bool
}{by: map[convolution]bool{}}

// id names a convolution in programs, the same in every process: executables outlive theirs.
func (c convolution) id() int64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v", c)
	return int64(h.Sum64())
}
