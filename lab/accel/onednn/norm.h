// The sums of BatchNorm in training, for which oneDNN has no function without the rest of BatchNorm: XLA fuses that with what
// stands beside it.
#pragma once

#include <stdint.h>

// A map, of bfloat16 or of floats.
typedef struct {
  const void* data;
  int bfloat16;
} norm_map;

// norm_moments sets mean and (biased) variance of each channel of x [rows, channels]. It returns 0, or 1 without memory.
int norm_moments(norm_map x, int64_t rows, int64_t channels, float* mean, float* variance);

// norm_products sets offset to Σ adjoint and scale to Σ adjoint·(x − mean)/√(variance + ε) of each channel.
int norm_products(norm_map x, norm_map adjoint, int64_t rows, int64_t channels, const float* mean, const float* variance,
                  float epsilon, float* scale, float* offset);

// OpenMP's functions of the library that oneDNN runs on, or NULL for one thread.
extern void (*norm_parallel)(void (*)(void*), void*, unsigned, unsigned);
extern int (*norm_thread)(void);
extern int (*norm_threads)(void);
