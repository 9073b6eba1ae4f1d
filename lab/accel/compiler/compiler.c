#include "compiler.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "_cgo_export.h"

typedef struct extension {
  size_t size;
  int type;
  struct extension* next;
} extension;

typedef void* (*function)(void*);

// The table: its head, and then one function after another in an order that never changes.
typedef struct {
  size_t size;
  extension* extensions;
  struct { size_t size; void* extensions; int major, minor; } version;
  function functions[];
} api;

enum { ERROR_DESTROY = 0, ERROR_MESSAGE = 1, ERROR_GET_CODE = 2, CLIENT_COMPILE = 20, EXECUTABLE_DESTROY = 40, EXECUTABLE_SERIALIZE = 49, GET_EXECUTABLE = 51, LOAD = 56 };

// The extension for custom calls (pjrt_c_api_ffi_extension.h).
typedef struct {
  size_t size;
  const char* target;
  size_t target_size;
  void* handler;
  const char* platform;
  size_t platform_size;
  int traits;
} register_args;

typedef struct {
  extension base;
  void *type_id_register, *user_data_add;
  function register_handler;
} ffi_extension;

enum { FFI = 5 };

typedef struct { size_t size; void* extensions; void* object; } destroy_args;
typedef struct { size_t size; void* extensions; void *loaded, *executable; } executable_args;

typedef struct {
  size_t size;
  void* extensions;
  void* executable;
  const char* bytes;
  size_t bytes_size;
  void* serialized;
  void (*release)(void*);
} serialize_args;

typedef struct {
  size_t size;
  void* extensions;
  void* client;
  const char* bytes;
  size_t bytes_size;
  void* loaded;
  const char* options;
  size_t options_size;
} load_args;

static api* theirs;

static int has(int function) { return theirs->size >= offsetof(api, functions) + (function + 1) * sizeof(theirs->functions[0]); }

// failed reports whether a function of the plugin failed, and drops its error.
static int failed(void* error) {
  if (error == NULL) return 0;
  destroy_args args = {sizeof args, NULL, error};
  theirs->functions[ERROR_DESTROY](&args);
  return 1;
}

static const char* no_plugin = "it is no PJRT plugin: it lacks the function GetPjrtApi or its table";

typedef api* (*getter)(void);

// symbol loads a library and returns its function GetPjrtApi, or NULL and the error's text.
static getter symbol(const char* path, int mode, const char** wrong) {
  void* library = dlopen(path, mode | RTLD_LOCAL);
  if (library == NULL) {
    *wrong = dlerror();
    return NULL;
  }
  getter get = (getter)dlsym(library, "GetPjrtApi");
  if (get == NULL) *wrong = no_plugin;
  return get;
}

const char* compiler_probe(const char* path) {
  const char* wrong = NULL;
  symbol(path, RTLD_LAZY, &wrong);  // as go-xla loads it
  return wrong;
}

void* compiler_open(const char* path, const char** wrong) {
  getter get = symbol(path, RTLD_NOW, wrong);
  if (get == NULL) return NULL;
  theirs = get();
  if (theirs == NULL || !has(CLIENT_COMPILE)) {
    *wrong = no_plugin;
    return NULL;
  }
  return theirs;
}

const char* compiler_add(const char* target, void* handler) {
  extension* e = theirs->extensions;
  while (e != NULL && e->type != FFI) e = e->next;
  if (e == NULL || e->size < sizeof(ffi_extension) || ((ffi_extension*)e)->register_handler == NULL) return "it takes no custom calls";
  register_args args = {offsetof(register_args, traits) + sizeof args.traits, target, strlen(target), handler, "Host", 4, 0};
  return failed(((ffi_extension*)e)->register_handler(&args)) ? "it refuses custom calls" : NULL;
}

static void* compile(void* args) { return goCompile(args); }

// An error of this package's. The plugin's own begin with something else than the address of the tag.
typedef struct {
  const char* tag;
  char message[];
} our_error;

static const char tag = 0;

static our_error* ours_in(void* object) {
  our_error* error = object;
  return error != NULL && error->tag == &tag ? error : NULL;
}

void* compiler_error(const char* message) {
  size_t size = strlen(message) + 1;
  our_error* error = malloc(sizeof *error + size);
  if (error == NULL) abort();  // NULL means success
  error->tag = &tag;
  memcpy(error->message, message, size);
  return error;
}

typedef struct { size_t size; void* extensions; void* error; const char* message; size_t message_size; } message_args;
typedef struct { size_t size; void* extensions; void* error; int code; } code_args;

// The functions on errors serve this package's errors, and hand others on.
static void* error_destroy(void* args) {
  our_error* error = ours_in(((destroy_args*)args)->object);
  if (error == NULL) return theirs->functions[ERROR_DESTROY](args);
  free(error);
  return NULL;
}

static void* error_message(void* args) {
  message_args* of = args;
  our_error* error = ours_in(of->error);
  if (error == NULL) return theirs->functions[ERROR_MESSAGE](args);
  of->message = error->message;
  of->message_size = strlen(error->message);
  return NULL;
}

static void* error_code(void* args) {
  code_args* of = args;
  if (ours_in(of->error) == NULL) return theirs->functions[ERROR_GET_CODE](args);
  of->code = 12;  // unimplemented
  return NULL;
}

void* compiler_table(void) {
  api* ours = malloc(theirs->size);
  if (ours == NULL) return NULL;
  memcpy(ours, theirs, theirs->size);
  ours->functions[CLIENT_COMPILE] = compile;
  ours->functions[ERROR_DESTROY] = error_destroy;
  ours->functions[ERROR_MESSAGE] = error_message;
  ours->functions[ERROR_GET_CODE] = error_code;
  return ours;
}

void* compiler_compile(compile_args* args, char* code, size_t size) {
  const program* given = args->program;
  program rewritten = *given;
  if (code != NULL) {
    rewritten.code = code;
    rewritten.code_size = size;
    args->program = &rewritten;
  }
  void* error = theirs->functions[CLIENT_COMPILE](args);
  args->program = given;
#ifdef __GLIBC__
  // Hundreds of megabytes that compiling has freed go back to the system, but not the end of the heap, where the memory of the
  // programs will lie.
  if (code != NULL) malloc_trim(SIZE_MAX / 2);
#endif
  return error;
}

int compiler_keeps(void) { return has(LOAD); }

char* compiler_save(const compile_args* args, size_t* size) {
  executable_args of = {sizeof of, NULL, args->executable, NULL};
  if (failed(theirs->functions[GET_EXECUTABLE](&of))) return NULL;
  serialize_args s = {sizeof s, NULL, of.executable};
  char* bytes = NULL;
  if (!failed(theirs->functions[EXECUTABLE_SERIALIZE](&s))) {
    if ((bytes = malloc(s.bytes_size)) != NULL) memcpy(bytes, s.bytes, s.bytes_size);
    *size = s.bytes_size;
    s.release(s.serialized);
  }
  destroy_args gone = {sizeof gone, NULL, of.executable};
  failed(theirs->functions[EXECUTABLE_DESTROY](&gone));
  return bytes;
}

int compiler_load(compile_args* args, const char* bytes, size_t size) {
  load_args l = {sizeof l, NULL, args->client, bytes, size, NULL, NULL, 0};
  if (failed(theirs->functions[LOAD](&l))) return 0;
  args->executable = l.loaded;
  return 1;
}
