package compiler

// #cgo CFLAGS: -O2
// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "compiler.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

// Probe loads a library, given by its absolute path, for the life of the process and returns an error unless it is a PJRT
// plugin. go-xla's own check also writes to the log, which is noise where several plugins are tried.
func Probe(plugin string) error {
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	runtime.LockOSThread() // dlerror is of the calling thread
	defer runtime.UnlockOSThread()
	if wrong := C.compiler_probe(path); wrong != nil {
		return fmt.Errorf("plugin %s does not load: %s", plugin, C.GoString(wrong))
	}
	return nil
}

// Register loads a PJRT CPU plugin, the absolute path of a shared library, and registers it with go-xla under that path and
// with this compiler. Where it fails, the plugin can still be loaded alone. Registering a plugin again does nothing; another one
// gets [ErrTaken].
func Register(plugin string, o Options) error {
	i := &installed
	i.Lock()
	defer i.Unlock()
	if i.plugin == plugin {
		return nil
	}
	if i.plugin != "" {
		return fmt.Errorf("plugin %s: %w: %s", plugin, ErrTaken, i.plugin)
	}
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	var wrong *C.char
	if C.compiler_open(path, &wrong) == nil {
		return fmt.Errorf("plugin %s: %s", plugin, C.GoString(wrong))
	}
	for name, handler := range o.Calls {
		target := C.CString(name) // the plugin may keep it
		if wrong := C.compiler_add(target, handler); wrong != nil {
			return fmt.Errorf("plugin %s: %s", plugin, C.GoString(wrong))
		}
	}
	id, known := identity(plugin)
	if !known || C.compiler_keeps() == 0 {
		o.Kept = nil
	}
	table := C.compiler_table()
	if table == nil {
		return errors.New("out of memory")
	}
	if err := pjrt.RegisterPreloadedPlugin(plugin, uintptr(table)); err != nil {
		return err
	}
	i.plugin, i.Options, i.id = plugin, o, id
	return nil
}

// keepFrom is how long compiling must take for its result to be kept.
const keepFrom = 100 * time.Millisecond

//export goCompile
func goCompile(arguments unsafe.Pointer) unsafe.Pointer {
	i, args, start := &installed, (*C.compile_args)(arguments), time.Now()
	defer func() { i.nanoseconds.Add(int64(time.Since(start))) }()
	if C.GoStringN(args.program.format, C.int(args.program.format_size)) != "mlir" {
		return C.compiler_compile(args, nil, 0)
	}
	code := C.GoBytes(unsafe.Pointer(args.program.code), C.int(args.program.code_size))
	var rewritten *C.char
	if i.Rewrite != nil {
		program, err := i.Rewrite(code)
		if err != nil {
			message := C.CString(err.Error())
			defer C.free(unsafe.Pointer(message))
			return C.compiler_error(message)
		}
		if program != nil {
			code = program
			rewritten = (*C.char)(C.CBytes(code))
			defer C.free(unsafe.Pointer(rewritten))
			// Such a program is a network's: building it has left much to collect, and so will its text.
			defer debug.FreeOSMemory()
		}
	}
	var key string
	if i.Kept != nil && !strings.Contains(os.Getenv(flagsEnv), "dump") {
		key = keyOf(i.id, code, C.GoBytes(unsafe.Pointer(args.options), C.int(args.options_size)))
		if executable, ok := i.Kept.get(key); ok {
			if C.compiler_load(args, (*C.char)(unsafe.Pointer(unsafe.SliceData(executable))), C.size_t(len(executable))) != 0 {
				i.loaded.Add(1)
				return nil
			}
			i.Kept.drop(key)
		}
	}
	if rewritten != nil {
		debug.FreeOSMemory() // compiling takes much memory
	}
	size := C.size_t(len(code))
	failed := C.compiler_compile(args, rewritten, size)
	i.compiled.Add(1)
	if failed == nil && key != "" && time.Since(start) >= keepFrom {
		if bytes := C.compiler_save(args, &size); bytes != nil {
			i.Kept.put(key, unsafe.Slice((*byte)(unsafe.Pointer(bytes)), int(size)))
			C.free(unsafe.Pointer(bytes))
		}
	}
	return failed
}
