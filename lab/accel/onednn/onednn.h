// What oneDNN 3 and PJRT lay down in their C interfaces, as far as this package uses it.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FORWARD, DATA_GRADIENT, KERNEL_GRADIENT };
enum { NO_ACTIVATION, RELU, RELU6, SILU };

// A convolution, of bfloat16 or of floats. Strides are those of its three tensors, in elements: of input and output by batch, channel,
// row and column, of the kernel by group, output channel, input channel, row and column. Channels are of all groups.
typedef struct {
  int64_t kind, bfloat16;
  int64_t batch, groups, inputs, outputs;
  int64_t input[2], kernel[2], output[2];
  int64_t stride[2], dilation[2], before[2], after[2];
  int64_t input_strides[4], kernel_strides[5], output_strides[4];
  // Of a forward convolution: with a bias of floats for each output channel, added to what the output held, and through an
  // activation at the end.
  int64_t bias, sum, activation;
} onednn_convolution;

// onednn_open loads the library. It returns the error's text, or NULL.
const char* onednn_open(const char* path);

// onednn_version is the library's, as major·10000 + minor·100 + patch.
int onednn_version(void);

// onednn_prepare makes what computes c, for onednn_find to find by its id, from then on. It returns NULL if oneDNN has nothing
// better than its reference for c.
void* onednn_prepare(const onednn_convolution* c, int64_t id);
void* onednn_find(int64_t id);

// onednn_implementation names the kernel of what onednn_prepare made.
const char* onednn_implementation(void* prepared);

// onednn_execute computes out from in. A data gradient takes the output's gradient and the kernel turned by 180°, a kernel
// gradient the input and the output's gradient, a forward convolution the input, the kernel and the bias, if it has one. It
// returns oneDNN's status, 0 for success.
int onednn_execute(void* prepared, void* out, void** in);

// onednn_handler is the function of a custom call: a convolution, or what BatchNorm sums (norm.h).
enum { ONEDNN_CONVOLUTION, ONEDNN_MOMENTS, ONEDNN_PRODUCTS };
void* onednn_handler(int of);
