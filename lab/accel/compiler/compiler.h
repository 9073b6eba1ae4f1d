// What PJRT lays down in its C interface (pjrt_c_api.h, which only ever grows at its end), as far as this package uses it.
#pragma once

#include <stddef.h>

typedef struct {
  size_t size;
  void* extensions;
  char* code;
  size_t code_size;
  const char* format;
  size_t format_size;
} program;

typedef struct {
  size_t size;
  void* extensions;
  void* client;
  const program* program;
  const char* options;
  size_t options_size;
  void* executable;
} compile_args;

// compiler_probe loads a library for the life of the process. It returns what keeps it from being a PJRT plugin, or NULL.
const char* compiler_probe(const char* path);

// compiler_open loads a plugin and returns its table of functions, or NULL and the error's text.
void* compiler_open(const char* path, const char** wrong);

// compiler_add makes a function known as a custom call. It returns the error's text, or NULL.
const char* compiler_add(const char* target, void* handler);

// compiler_table is a copy of the plugin's table that compiles by goCompile, or NULL without memory.
void* compiler_table(void);

// compiler_compile compiles as the plugin does, with another program if code is not NULL. It returns PJRT's error, or NULL.
void* compiler_compile(compile_args* args, char* code, size_t size);

// compiler_error is an error of PJRT with a message, which it copies.
void* compiler_error(const char* message);

// compiler_keeps reports whether the plugin can write compiled programs.
int compiler_keeps(void);

// compiler_save writes what was compiled: bytes to be freed, or NULL where the plugin cannot.
char* compiler_save(const compile_args* args, size_t* size);

// compiler_load sets the executable of args to what compiler_save wrote. It returns 0 where the plugin does not take it.
int compiler_load(compile_args* args, const char* bytes, size_t size);
