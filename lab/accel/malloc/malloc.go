// Package malloc tunes glibc's malloc for a whole process, for the sake of training on a CPU: a training step takes a third less
// time with it. It takes effect by being linked, before main, so a program must ask for it by name:
//
//	import _ "github.com/seeable-lab/seeable/lab/accel/malloc"
//
// Of the lab's packages only lab/cli, which is seelab, and lab/nb import it; a program that imports the others keeps the malloc that it has.
//
// What it costs: the process has one heap for all threads, which never shrinks, in huge pages where the kernel gives them, and
// reserves half of the machine's memory as address space (not as memory). posix_memalign is replaced. Results are the same to
// the last bit. It does nothing where there is no glibc and where the user tunes malloc by $GLIBC_TUNABLES.
package malloc

// int malloc_is_kept(void);
import "C"

// Kept reports whether malloc keeps the memory that is freed: false where this package does nothing.
func Kept() bool { return C.malloc_is_kept() != 0 }
