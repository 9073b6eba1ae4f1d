// XLA allocates all that a program needs for its intermediate results at once, and frees it at the end of each run. glibc
// gives such memory back to the kernel, which must then bring it in again page by page and full of zeros: a third of the
// time of a training step. Here malloc keeps what it has, in one heap of large pages. It does nothing where the user tunes
// malloc by $GLIBC_TUNABLES, and where there is no glibc.

#include <stdlib.h>

#ifdef __GLIBC__
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// Where the kernel commits no more memory than there is, address space is not free to reserve.
static int commits_strictly(void) {
  FILE* f = fopen("/proc/sys/vm/overcommit_memory", "r");
  int mode = f == NULL ? 2 : fgetc(f) - '0';
  if (f != NULL) fclose(f);
  return mode == 2;
}

static bool kept;

// It runs before there are threads, each of which would start a heap of its own.
__attribute__((constructor)) static void keep_heap(void) {
  if (getenv("GLIBC_TUNABLES") != NULL) return;
  kept = true;
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  if (commits_strictly()) return;
  // Room for the heap to grow into, which costs address space only: of no page of it has been made use.
  size_t size = (size_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
  char* room = malloc(size);
  if (room == NULL) return;
  const uintptr_t large = 2 << 20;
  char* from = (char*)(((uintptr_t)room + large - 1) & ~(large - 1));
  madvise(from, room + size - from, MADV_HUGEPAGE);
  free(room);
}

// glibc aligns memory by taking more than asked for and freeing what lies before and behind. Small allocations settle there, and
// then the buffer that a program has freed is too small for the same buffer of its next run: the heap grew to twice what was in
// use. In place of glibc's function, this one takes some more the first time that a large size is asked for, and whenever a buffer
// comes to lie higher than any before, so that the next ones fit in its place.
int posix_memalign(void** memory, size_t alignment, size_t size) {
  enum { LARGE = 1 << 20, MORE = 1 << 16, SIZES = 64 };
  static atomic_uintptr_t highest;
  static atomic_size_t sizes[SIZES];
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void* found;
  if (!kept || size < LARGE) {
    found = memalign(alignment, size);
  } else {
    bool known = atomic_exchange(&sizes[size / 64 % SIZES], size) == size;
    found = memalign(alignment, known ? size : size + MORE);
    if (known && (uintptr_t)found > atomic_load(&highest)) {
      free(found);
      found = memalign(alignment, size + MORE);
    }
    if ((uintptr_t)found > atomic_load(&highest)) atomic_store(&highest, (uintptr_t)found);
  }
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

int malloc_is_kept(void) { return kept; }
#else
int malloc_is_kept(void) { return 0; }
#endif
