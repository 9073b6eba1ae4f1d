#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "norm.h"
#include "onednn.h"

// A part of what may follow a structure.
typedef struct extension {
  size_t size;
  int type;
  struct extension* next;
} extension;

// XLA's interface to foreign functions (xla/ffi/api/c_api.h).
typedef struct {
  size_t size;
  extension* extensions;
  int major, minor;
} ffi_version;

typedef struct {
  extension base;
  struct { size_t size; ffi_version version; uint32_t traits; }* metadata;
} ffi_metadata;

typedef struct {
  size_t size;
  extension* extensions;
  const char* message;
  int code;
} ffi_error_args;

typedef struct {
  size_t size;
  extension* extensions;
  ffi_version version;
  void* internal;
  void* (*error_create)(ffi_error_args*);
} ffi_api;

typedef struct {
  size_t size;
  extension* extensions;
  int type;
  void* data;
  int64_t rank;
  int64_t* dims;
} ffi_buffer;

typedef struct {
  int type;
  void* value;
} ffi_scalar;

typedef struct {
  size_t size;
  extension* extensions;
  int64_t count;
  int* types;
  void** values;
} ffi_values;

typedef struct {
  size_t size;
  extension* extensions;
  int64_t count;
  int* types;
  void** names;
  void** values;
} ffi_attributes;

typedef struct {
  size_t size;
  extension* extensions;
  const ffi_api* api;
  void* context;
  int stage;
  ffi_values args, results;
  ffi_attributes attributes;
} ffi_call;

enum { FFI_METADATA = 1, FFI_EXECUTE = 3, FFI_INTERNAL = 13, FFI_BF16 = 16, FFI_MAJOR = 0, FFI_MINOR = 1 };

// executes reports whether a custom call is to compute; else it reports its version, or there is nothing to do.
static int executes(ffi_call* c) {
  if (c->extensions != NULL && c->extensions->type == FFI_METADATA) {
    ffi_version* version = &((ffi_metadata*)c->extensions)->metadata->version;
    version->major = FFI_MAJOR;
    version->minor = FFI_MINOR;
    return 0;
  }
  return c->stage == FFI_EXECUTE;
}

static void* fail(ffi_call* c, const char* message) {
  ffi_error_args error = {sizeof error, NULL, message, FFI_INTERNAL};
  return c->api->error_create(&error);
}

// map_of is a buffer [..., channels].
static norm_map map_of(const ffi_buffer* b, int64_t* rows, int64_t* channels) {
  *rows = 1, *channels = b->dims[b->rank - 1];
  for (int64_t i = 0; i < b->rank - 1; i++) *rows *= b->dims[i];
  return (norm_map){b->data, b->type == FFI_BF16};
}

// moments is a custom call of x to mean and variance.
static void* moments(ffi_call* c) {
  if (!executes(c)) return NULL;
  ffi_buffer **in = (ffi_buffer**)c->args.values, **out = (ffi_buffer**)c->results.values;
  int64_t rows, channels;
  norm_map x = map_of(in[0], &rows, &channels);
  return norm_moments(x, rows, channels, out[0]->data, out[1]->data) ? fail(c, "BatchNorm: out of memory") : NULL;
}

// products is a custom call of x, mean, variance and adjoint to the gradients of scale and offset. Its attribute is ε.
static void* products(ffi_call* c) {
  if (!executes(c)) return NULL;
  ffi_buffer **in = (ffi_buffer**)c->args.values, **out = (ffi_buffer**)c->results.values;
  int64_t rows, channels;
  norm_map x = map_of(in[0], &rows, &channels), adjoint = map_of(in[3], &rows, &channels);
  float epsilon = *(float*)((ffi_scalar*)c->attributes.values[0])->value;
  int failed = norm_products(x, adjoint, rows, channels, in[1]->data, in[2]->data, epsilon, out[0]->data, out[1]->data);
  return failed ? fail(c, "BatchNorm: out of memory") : NULL;
}

// call is XLA's custom call: two buffers to one, with a bias three, and with a sum a fourth, in place of which XLA has put the
// result. Its only attribute names what onednn_prepare made.
static void* call(ffi_call* c) {
  if (!executes(c)) return NULL;
  void *in[4], *out = ((ffi_buffer*)c->results.values[0])->data;
  for (int64_t i = 0; i < c->args.count && i < 4; i++) in[i] = ((ffi_buffer*)c->args.values[i])->data;
  if (c->args.count == 4 && in[3] != out) return fail(c, "a sum without its first term");
  void* prepared = onednn_find(*(int64_t*)((ffi_scalar*)c->attributes.values[0])->value);
  if (prepared == NULL) return fail(c, "a convolution that was not prepared");
  int status = onednn_execute(prepared, out, in);
  if (status == 0) return NULL;
  char message[160];
  snprintf(message, sizeof message, "oneDNN's %s failed with status %d; $SEEABLE_ONEDNN=off does without oneDNN",
           onednn_implementation(prepared), status);
  return fail(c, message);
}

void* onednn_handler(int of) {
  static void* (*const handlers[])(ffi_call*) = {[ONEDNN_CONVOLUTION] = call, [ONEDNN_MOMENTS] = moments, [ONEDNN_PRODUCTS] = products};
  return handlers[of];
}
