// Package onednn lets XLA's CPU plugin compute convolutions with oneDNN, the library that PyTorch computes them with on a CPU.
// XLA's own gradients of convolutions with few channels reach a quarter of its speed or less.
//
// GoMLX's graphs stay as they are: between it and the plugin every program is rewritten, with a custom call in place of each
// convolution of float32 or bfloat16 maps that oneDNN has a kernel for, gradients included, and of what BatchNorm sums over such
// maps (norm.h).
package onednn

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -ldl -lm
// #include <stdlib.h>
// #include "norm.h"
// #include "onednn.h"
import "C"

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/gomlx/core/graph"
)

// The custom calls.
const target, momentsTarget, productsTarget = C.TARGET, C.MOMENTS, C.PRODUCTS

// opened is the library, loaded once in a process.
var opened struct {
	sync.Mutex
	path    string
	err     error
	plugins map[string]bool // that were registered
}

// Register loads oneDNN from library and a PJRT CPU plugin from plugin, both absolute paths of shared libraries, and
// registers the plugin with go-xla under its path. Where it fails before go-xla has heard of the plugin, that can still be
// loaded alone. A process has one oneDNN: the first. A plugin that is registered stays as it is.
func Register(library, plugin string) error {
	opened.Lock()
	defer opened.Unlock()
	if opened.path == "" {
		name := C.CString(library)
		defer C.free(unsafe.Pointer(name))
		opened.path, opened.plugins = library, map[string]bool{}
		if wrong := C.onednn_open(name); wrong != nil {
			opened.err = fmt.Errorf("oneDNN %s: %s", library, C.GoString(wrong))
		}
	}
	if opened.err != nil || opened.plugins[plugin] {
		return opened.err
	}
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	var wrong *C.char
	api := C.onednn_plugin(path, &wrong)
	if api == nil {
		return fmt.Errorf("plugin %s: %s", plugin, C.GoString(wrong))
	}
	if err := pjrt.RegisterPreloadedPlugin(plugin, uintptr(api)); err != nil {
		return err
	}
	opened.plugins[plugin] = true
	return nil
}

// On reports whether a backend computes convolutions with oneDNN.
func On(b compute.Backend) bool {
	opened.Lock()
	defer opened.Unlock()
	x, ok := b.(*xla.Backend)
	return ok && opened.plugins[x.PluginName()]
}

// Version names the library, such as "oneDNN 3.2.0", and is empty before Register.
func Version() string {
	v := int(C.onednn_version())
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("oneDNN %d.%d.%d", v/10000, v/100%100, v%100)
}

// Computes reports whether oneDNN computes convolutions of maps such as x: those of float32 or bfloat16 on a backend with it.
func Computes(x *graph.Node) bool {
	return (x.DType() == dtypes.Float32 || x.DType() == dtypes.BFloat16) && On(x.Graph().Backend())
}

// prepared are the convolutions that programs asked for so far, and what computes them. They stay for the life of the
// process, as do GoMLX's programs, mostly.
var prepared = struct {
	sync.Mutex
	by map[convolution]unsafe.Pointer
}{by: map[convolution]unsafe.Pointer{}}

func prepare(c convolution) (config string, ok bool) {
	prepared.Lock()
	defer prepared.Unlock()
	p, known := prepared.by[c]
	if !known {
		p = C.onednn_prepare(c.native())
		prepared.by[c] = p
	}
	return strconv.FormatUint(uint64(uintptr(p)), 10), p != nil
}

func (c convolution) native() *C.onednn_convolution {
	pair := func(v [2]int64) [2]C.int64_t { return [2]C.int64_t{C.int64_t(v[0]), C.int64_t(v[1])} }
	var bfloat16 C.int64_t
	if c.bfloat16 {
		bfloat16 = 1
	}
	n := &C.onednn_convolution{kind: C.int64_t(c.kind), bfloat16: bfloat16, batch: C.int64_t(c.batch), groups: C.int64_t(c.groups),
		inputs: C.int64_t(c.inputs), outputs: C.int64_t(c.outputs), input: pair(c.input), kernel: pair(c.kernel), output: pair(c.output),
		stride: pair(c.stride), dilation: pair(c.dilation), before: pair(c.before), after: pair(c.after)}
	for i := range c.inputStrides {
		n.input_strides[i], n.output_strides[i] = C.int64_t(c.inputStrides[i]), C.int64_t(c.outputStrides[i])
	}
	for i := range c.kernelStrides {
		n.kernel_strides[i] = C.int64_t(c.kernelStrides[i])
	}
	return n
}

//export goRewrite
func goRewrite(code *C.char, size C.size_t, newSize *C.size_t) *C.char {
	program, convolutions := rewrite(C.GoBytes(unsafe.Pointer(code), C.int(size)), prepare)
	program, norms := rewriteNorms(program)
	if !convolutions && !norms {
		return nil
	}
	// Compiling takes much memory, and building the graph has left much to collect.
	debug.FreeOSMemory()
	*newSize = C.size_t(len(program))
	return (*C.char)(C.CBytes(program))
}
