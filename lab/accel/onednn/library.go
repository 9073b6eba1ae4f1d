package onednn

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -ldl -lm
// #include <stdlib.h>
// #include "norm.h"
// #include "onednn.h"
import "C"

import (
	"fmt"
	"strconv"
	"sync"
	"unsafe"
)

var opened struct {
	sync.Mutex
	path string
	err  error
}

// Open loads oneDNN from library, the absolute path of a shared library. A process has one oneDNN: the first.
func Open(library string) error {
	opened.Lock()
	defer opened.Unlock()
	if opened.path == "" {
		name := C.CString(library)
		defer C.free(unsafe.Pointer(name))
		opened.path = library
		if wrong := C.onednn_open(name); wrong != nil {
			opened.err = fmt.Errorf("oneDNN %s: %s", library, C.GoString(wrong))
		}
	}
	return opened.err
}

// Calls are the functions of the custom calls that [Rewrite] writes.
func Calls() map[string]unsafe.Pointer {
	return map[string]unsafe.Pointer{
		target:         C.onednn_handler(C.ONEDNN_CONVOLUTION),
		momentsTarget:  C.onednn_handler(C.ONEDNN_MOMENTS),
		productsTarget: C.onednn_handler(C.ONEDNN_PRODUCTS),
	}
}

// Rewrite puts custom calls in place of what this package computes of a StableHLO program. It returns nil where there is
// nothing, and a [*FormError] where an operation that it could replace is written in a form that it does not know. Call it
// after [Open].
func Rewrite(program []byte) ([]byte, error) {
	if err := check(program); err != nil {
		return nil, err
	}
	program, fused := fuse(program, prepare)
	program, convolutions := rewrite(program, prepare)
	program, norms := rewriteNorms(program)
	if !fused && !convolutions && !norms {
		return nil, nil
	}
	return program, nil
}

// Version names the library, such as "oneDNN 3.2.0", and is empty before Register.
func Version() string {
	v := int(C.onednn_version())
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("oneDNN %d.%d.%d", v/10000, v/100%100, v%100)
}

func prepare(c convolution) (config string, ok bool) {
	prepared.Lock()
	defer prepared.Unlock()
	id := c.id()
	ok, known := prepared.by[c]
	if !known {
		ok = C.onednn_prepare(c.native(), C.int64_t(id)) != nil
		prepared.by[c] = ok
	}
	return strconv.FormatInt(id, 10), ok
}

func (c convolution) native() *C.onednn_convolution {
	pair := func(v [2]int64) [2]C.int64_t { return [2]C.int64_t{C.int64_t(v[0]), C.int64_t(v[1])} }
	flag := func(b bool) C.int64_t {
		if b {
			return 1
		}
		return 0
	}
	n := &C.onednn_convolution{kind: C.int64_t(c.kind), bfloat16: flag(c.bfloat16), batch: C.int64_t(c.batch), groups: C.int64_t(c.groups),
		inputs: C.int64_t(c.inputs), outputs: C.int64_t(c.outputs), input: pair(c.input), kernel: pair(c.kernel), output: pair(c.output),
		stride: pair(c.stride), dilation: pair(c.dilation), before: pair(c.before), after: pair(c.after),
		bias: flag(c.bias), sum: flag(c.sum), activation: C.int64_t(c.activation)}
	for i := range c.inputStrides {
		n.input_strides[i], n.output_strides[i] = C.int64_t(c.inputStrides[i]), C.int64_t(c.outputStrides[i])
	}
	for i := range c.kernelStrides {
		n.kernel_strides[i] = C.int64_t(c.kernelStrides[i])
	}
	return n
}
