#include "onednn.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "norm.h"

// oneDNN 3's C interface (oneapi/dnnl/dnnl.h): handles are pointers, and a status of 0 is success.
typedef void* handle;
typedef struct {
  int arg;
  handle memory;
} exec_arg;

enum { BF16 = 2, F32 = 3, TAG_ANY = 1, CPU = 1, DIRECT = 1, FORWARD_TRAINING = 64, FORWARD_INFERENCE = 96, IN_ORDER = 1, USER_SCRATCHPAD = 1 };
enum { OUT_OF_MEMORY = 1 };
enum { QUERY_IMPL = 8, QUERY_WEIGHTS = 131, QUERY_DIFF_WEIGHTS = 132, QUERY_SCRATCHPAD = 136 };
enum { ELTWISE_RELU = 0x20, ELTWISE_SWISH = 0x2c, ELTWISE_CLIP = 0x2e };
enum { SRC = 1, DST = 17, WEIGHTS = 33, BIAS = 41, SCRATCHPAD = 80, DIFF_SRC = 129, DIFF_DST = 145, DIFF_WEIGHTS = 161 };

#define FUNCTIONS(F)                                                                                                       \
  F(int, engine_create, (handle*, int, size_t))                                                                            \
  F(int, stream_create, (handle*, handle, unsigned))                                                                       \
  F(int, memory_desc_create_with_strides, (handle*, int, const int64_t*, int, const int64_t*))                             \
  F(int, memory_desc_create_with_tag, (handle*, int, const int64_t*, int, int))                                            \
  F(int, memory_desc_equal, (handle, handle))                                                                              \
  F(int, memory_create, (handle*, handle, handle, void*))                                                                  \
  F(int, memory_destroy, (handle))                                                                                         \
  F(int, primitive_attr_create, (handle*))                                                                                 \
  F(int, primitive_attr_set_scratchpad_mode, (handle, int))                                                                \
  F(int, primitive_attr_set_post_ops, (handle, handle))                                                                    \
  F(int, post_ops_create, (handle*))                                                                                       \
  F(int, post_ops_append_sum, (handle, float, int, int))                                                                   \
  F(int, post_ops_append_eltwise, (handle, int, float, float))                                                             \
  F(int, convolution_forward_primitive_desc_create,                                                                        \
    (handle*, handle, int, int, handle, handle, handle, handle, const int64_t*, const int64_t*, const int64_t*,            \
     const int64_t*, handle))                                                                                              \
  F(int, convolution_backward_data_primitive_desc_create,                                                                  \
    (handle*, handle, int, handle, handle, handle, const int64_t*, const int64_t*, const int64_t*, const int64_t*, handle, \
     handle))                                                                                                              \
  F(int, convolution_backward_weights_primitive_desc_create,                                                               \
    (handle*, handle, int, handle, handle, handle, handle, const int64_t*, const int64_t*, const int64_t*, const int64_t*, \
     handle, handle))                                                                                                      \
  F(int, reorder_primitive_desc_create, (handle*, handle, handle, handle, handle, handle))                                 \
  F(int, primitive_desc_query, (handle, int, int, void*))                                                                  \
  F(int, primitive_create, (handle*, handle))                                                                              \
  F(int, primitive_execute, (handle, handle, int, const exec_arg*))                                                        \
  F(handle, primitive_desc_query_md, (handle, int, int))                                                                   \
  F(size_t, memory_desc_get_size, (handle))

#define DECLARE(result, name, args) static result(*dnnl_##name) args;
FUNCTIONS(DECLARE)

static handle engine;
static int version;

const char* onednn_open(const char* path) {
  // Idle threads of OpenMP would spin on the cores that XLA's own threads need.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return dlerror();
#define LOAD(result, name, args) \
  if ((dnnl_##name = dlsym(library, "dnnl_" #name)) == NULL) return "no function dnnl_" #name;
  FUNCTIONS(LOAD)
  // GNU's OpenMP, which came with it.
  norm_parallel = dlsym(library, "GOMP_parallel");
  norm_thread = dlsym(library, "omp_get_thread_num");
  norm_threads = dlsym(library, "omp_get_num_threads");
  if (norm_thread == NULL || norm_threads == NULL) norm_parallel = NULL;
  const struct { int major, minor, patch; }* (*get_version)(void) = dlsym(library, "dnnl_version");
  if (get_version == NULL) return "no function dnnl_version";
  version = get_version()->major * 10000 + get_version()->minor * 100 + get_version()->patch;
  if (version < 30000 || version >= 40000) return "it is not oneDNN 3";
  return dnnl_engine_create(&engine, CPU, 0) ? "no engine for this CPU" : NULL;
}

int onednn_version(void) { return version; }

typedef struct prepared {
  handle primitive, reorder;              // reorder brings the kernel into the layout of primitive, or out of it
  handle input, kernel, output, bias;     // descriptions of the tensors of XLA; the bias' is NULL without one
  handle packed, scratchpad;              // and of what lies between
  size_t flipped_size, packed_size, scratchpad_size;
  int64_t places, block;                  // of a kernel to turn: rows times columns, and bytes of each
  int kind;
  char implementation[64];
  int64_t id;
  struct prepared* next;                  // of the same bucket
} prepared;

// Programs may run while others are prepared: entries come before the others of their bucket, whole, and stay.
static _Atomic(prepared*) buckets[256];

static _Atomic(prepared*)* bucket(int64_t id) { return &buckets[(uint64_t)id % (sizeof buckets / sizeof *buckets)]; }

void* onednn_find(int64_t id) {
  prepared* p = atomic_load(bucket(id));
  while (p != NULL && p->id != id) p = p->next;
  return p;
}

static size_t align(size_t n) { return (n + 63) & ~(size_t)63; }

// follow is how a primitive does what follows the convolution.
static handle follow(const onednn_convolution* c) {
  handle attr, after;
  int status = dnnl_primitive_attr_create(&attr) || dnnl_primitive_attr_set_scratchpad_mode(attr, USER_SCRATCHPAD) ||
               dnnl_post_ops_create(&after) || (c->sum && dnnl_post_ops_append_sum(after, 1, 0, 0));
  if (status) return NULL;
  switch (c->activation) {
    case RELU:
      status = dnnl_post_ops_append_eltwise(after, ELTWISE_RELU, 0, 0);
      break;
    case RELU6:
      status = dnnl_post_ops_append_eltwise(after, ELTWISE_CLIP, 0, 6);
      break;
    case SILU:
      status = dnnl_post_ops_append_eltwise(after, ELTWISE_SWISH, 1, 0);
  }
  return status || dnnl_primitive_attr_set_post_ops(attr, after) ? NULL : attr;
}

void* onednn_prepare(const onednn_convolution* c, int64_t id) {
  prepared p = {.kind = c->kind, .id = id};
  int64_t input[] = {c->batch, c->inputs, c->input[0], c->input[1]};
  int64_t output[] = {c->batch, c->outputs, c->output[0], c->output[1]};
  int64_t kernel[] = {c->groups, c->outputs / c->groups, c->inputs / c->groups, c->kernel[0], c->kernel[1]};
  int64_t dilation[] = {c->dilation[0] - 1, c->dilation[1] - 1};
  int grouped = c->groups > 1, ndims = 4 + grouped;
  const int64_t *dims = grouped ? kernel : kernel + 1, *strides = grouped ? c->kernel_strides : c->kernel_strides + 1;
  int type = c->bfloat16 ? BF16 : F32;
  handle attr, fused, any, forward, pd = NULL;
  if (dnnl_memory_desc_create_with_strides(&p.input, 4, input, type, c->input_strides) ||
      dnnl_memory_desc_create_with_strides(&p.output, 4, output, type, c->output_strides) ||
      dnnl_memory_desc_create_with_strides(&p.kernel, ndims, dims, type, strides) ||
      dnnl_memory_desc_create_with_tag(&any, ndims, dims, type, TAG_ANY) || dnnl_primitive_attr_create(&attr) ||
      dnnl_primitive_attr_set_scratchpad_mode(attr, USER_SCRATCHPAD) || (fused = follow(c)) == NULL)
    return NULL;
  if (c->bias && dnnl_memory_desc_create_with_strides(&p.bias, 1, &c->outputs, F32, (int64_t[]){1})) return NULL;
  if (dnnl_convolution_forward_primitive_desc_create(&forward, engine, c->bias ? FORWARD_INFERENCE : FORWARD_TRAINING, DIRECT, p.input,
                                                     any, p.bias, p.output, c->stride, dilation, c->before, c->after, fused))
    return NULL;
  int status = 0;
  switch (c->kind) {
    case FORWARD:
      pd = forward;
      break;
    case DATA_GRADIENT:
      status = dnnl_convolution_backward_data_primitive_desc_create(&pd, engine, DIRECT, p.input, any, p.output, c->stride,
                                                                    dilation, c->before, c->after, forward, attr);
      break;
    case KERNEL_GRADIENT:
      status = dnnl_convolution_backward_weights_primitive_desc_create(
          &pd, engine, DIRECT, p.input, any, NULL, p.output, c->stride, dilation, c->before, c->after, forward, attr);
  }
  const char* name = NULL;
  if (status || dnnl_primitive_desc_query(pd, QUERY_IMPL, 0, &name) || dnnl_primitive_create(&p.primitive, pd)) return NULL;
  if (strncmp(name, "ref", 3) == 0) return NULL;
  snprintf(p.implementation, sizeof p.implementation, "%s", name);
  p.packed = dnnl_primitive_desc_query_md(pd, c->kind == KERNEL_GRADIENT ? QUERY_DIFF_WEIGHTS : QUERY_WEIGHTS, 0);
  p.scratchpad = dnnl_primitive_desc_query_md(pd, QUERY_SCRATCHPAD, 0);
  p.scratchpad_size = align(dnnl_memory_desc_get_size(p.scratchpad));
  if (!dnnl_memory_desc_equal(p.packed, p.kernel)) {
    handle from = c->kind == KERNEL_GRADIENT ? p.packed : p.kernel, to = c->kind == KERNEL_GRADIENT ? p.kernel : p.packed, rd;
    if (dnnl_reorder_primitive_desc_create(&rd, from, engine, to, engine, attr) || dnnl_primitive_create(&p.reorder, rd))
      return NULL;
    p.packed_size = align(dnnl_memory_desc_get_size(p.packed));
    size_t more = align(dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(rd, QUERY_SCRATCHPAD, 0)));
    if (more > 0) return NULL;  // no reorder of kernels was seen to want a scratchpad
  }
  if (c->kind == DATA_GRADIENT) {
    p.places = c->kernel[0] * c->kernel[1];
    p.block = kernel[0] * kernel[1] * kernel[2] * (c->bfloat16 ? 2 : 4);
    p.flipped_size = align(p.places * p.block);
  }
  prepared* kept = malloc(sizeof p);
  if (kept == NULL) return NULL;
  p.next = atomic_load(bucket(id));
  *kept = p;
  atomic_store(bucket(id), kept);
  return kept;
}

const char* onednn_implementation(void* p) { return ((prepared*)p)->implementation; }

// Each thread of XLA has a stream and memory of its own, which grows to the most that a convolution wanted.
static __thread handle stream;
static __thread char* arena;
static __thread size_t arena_size;

static bool reserve(size_t size) {
  if (size <= arena_size) return true;
  free(arena);
  arena = aligned_alloc(64, size);
  arena_size = arena == NULL ? 0 : size;
  return arena != NULL;
}

// What a tensor is to a primitive, its description, and where it lies.
typedef struct {
  int arg;
  handle description;
  void* at;
} tensor;

// run executes a primitive on up to five tensors.
static int run(handle primitive, int count, const tensor* tensors) {
  exec_arg args[5];
  int status = 0, made = 0;
  for (; made < count && status == 0; made++) {
    args[made].arg = tensors[made].arg;
    status = dnnl_memory_create(&args[made].memory, tensors[made].description, engine, tensors[made].at);
    if (status != 0) break;
  }
  if (status == 0) status = dnnl_primitive_execute(primitive, stream, count, args);
  while (made > 0) dnnl_memory_destroy(args[--made].memory);
  return status;
}

int onednn_execute(void* made, void* out, void** in) {
  const prepared* p = made;
  int status = 0;
  if (stream == NULL && (status = dnnl_stream_create(&stream, engine, IN_ORDER)) != 0) return status;
  if (!reserve(p->flipped_size + p->packed_size + p->scratchpad_size)) return OUT_OF_MEMORY;
  char *flipped = arena, *packed = flipped + p->flipped_size, *scratchpad = packed + p->packed_size;
  void* kernel = p->kind == KERNEL_GRADIENT ? out : in[1];
  if (p->kind == DATA_GRADIENT) {
    for (int64_t i = 0; i < p->places; i++)
      memcpy(flipped + i * p->block, (char*)kernel + (p->places - 1 - i) * p->block, p->block);
    kernel = flipped;
  }
  tensor plain = {SRC, p->kernel, kernel}, weights = {DST, p->packed, p->reorder ? packed : kernel};
  if (p->reorder && p->kind != KERNEL_GRADIENT) status = run(p->reorder, 2, (tensor[]){plain, weights});
  if (status != 0) return status;
  tensor spare = {SCRATCHPAD, p->scratchpad, scratchpad};
  switch (p->kind) {
    case FORWARD:
      weights.arg = WEIGHTS;
      return run(p->primitive, p->bias == NULL ? 4 : 5,
                 (tensor[]){{SRC, p->input, in[0]}, weights, {DST, p->output, out}, spare, {BIAS, p->bias, p->bias == NULL ? NULL : in[2]}});
    case DATA_GRADIENT:
      weights.arg = WEIGHTS;
      return run(p->primitive, 4, (tensor[]){{DIFF_DST, p->output, in[0]}, weights, {DIFF_SRC, p->input, out}, spare});
  }
  weights.arg = DIFF_WEIGHTS;
  status = run(p->primitive, 4, (tensor[]){{SRC, p->input, in[0]}, {DIFF_DST, p->output, in[1]}, weights, spare});
  if (status != 0 || p->reorder == NULL) return status;
  weights.arg = SRC, plain.arg = DST;
  return run(p->reorder, 2, (tensor[]){weights, plain});
}
