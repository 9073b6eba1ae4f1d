#include "norm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Sums over maps [rows, channels]. A map is read once from memory, block by block, and blocks fit a core's cache. Lanes are
// the channels of a few rows beside each other, so that maps with few channels fill vectors too.

enum { BLOCK = 8192, LANES = 128, MOST_THREADS = 64 };

void (*norm_parallel)(void (*)(void*), void*, unsigned, unsigned);
int (*norm_thread)(void);
int (*norm_threads)(void);

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#define FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

static inline float wide(uint16_t bfloat16) {
  uint32_t bits = (uint32_t)bfloat16 << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#define SAME(x) (x)

// block_moments sets sum to Σ (x − x₀), x₀ the first row, and squares to Σ (x − mean)² of each lane. So a large mean costs no
// digits.
#define BLOCK_MOMENTS(name, type, load)                                                        \
  FOR_EACH_CPU static void name(const type* restrict x, int64_t rows, int64_t lanes, float* restrict sum, \
                                float* restrict squares) {                                     \
    memset(sum, 0, lanes * sizeof(float));                                                     \
    memset(squares, 0, lanes * sizeof(float));                                                 \
    for (int64_t r = 0; r < rows; r++)                                                         \
      for (int64_t i = 0; i < lanes; i++) sum[i] += load(x[r * lanes + i]) - load(x[i]);       \
    const float share = 1.0f / (float)rows;                                                    \
    for (int64_t r = 0; r < rows; r++)                                                         \
      for (int64_t i = 0; i < lanes; i++) {                                                    \
        const float d = load(x[r * lanes + i]) - load(x[i]) - sum[i] * share;                  \
        squares[i] += d * d;                                                                   \
      }                                                                                        \
  }
BLOCK_MOMENTS(block_moments_float, float, SAME)
BLOCK_MOMENTS(block_moments_bfloat16, uint16_t, wide)

// block_products sets sum to Σ a and products to Σ a·(x − mean) of each lane.
#define BLOCK_PRODUCTS(name, type, load, adjoint_type, adjoint_load)                                                     \
  FOR_EACH_CPU static void name(const type* restrict x, const adjoint_type* restrict a, int64_t rows, int64_t lanes,     \
                                const float* restrict mean, float* restrict sum, float* restrict products) {             \
    memset(sum, 0, lanes * sizeof(float));                                                                               \
    memset(products, 0, lanes * sizeof(float));                                                                          \
    for (int64_t r = 0; r < rows; r++)                                                                                   \
      for (int64_t i = 0; i < lanes; i++) {                                                                              \
        const float adjoint = adjoint_load(a[r * lanes + i]);                                                            \
        sum[i] += adjoint;                                                                                               \
        products[i] += adjoint * (load(x[r * lanes + i]) - mean[i]);                                                     \
      }                                                                                                                  \
  }
BLOCK_PRODUCTS(block_products_float, float, SAME, float, SAME)
BLOCK_PRODUCTS(block_products_bfloat16, uint16_t, wide, uint16_t, wide)
BLOCK_PRODUCTS(block_products_mixed, uint16_t, wide, float, SAME)
BLOCK_PRODUCTS(block_products_mixed_adjoint, float, SAME, uint16_t, wide)

// One pass over a map, or a map and its adjoint. Each thread has two vectors of doubles and its number of rows.
typedef struct {
  norm_map x, adjoint;
  int64_t rows, lanes, beside;  // rows of lanes, and the rows of channels that lie in one
  const float* mean;            // of each lane; NULL for moments
  double* totals;               // [threads, 2, lanes]
  int64_t counts[MOST_THREADS];
  int threads, failed;
} pass;

static void products(const pass* p, int64_t at, int64_t rows, float* sum, float* product) {
  const float *x = p->x.data, *a = p->adjoint.data;
  const uint16_t *narrow_x = p->x.data, *narrow_a = p->adjoint.data;
  if (p->x.bfloat16 && p->adjoint.bfloat16)
    block_products_bfloat16(narrow_x + at, narrow_a + at, rows, p->lanes, p->mean, sum, product);
  else if (p->x.bfloat16)
    block_products_mixed(narrow_x + at, a + at, rows, p->lanes, p->mean, sum, product);
  else if (p->adjoint.bfloat16)
    block_products_mixed_adjoint(x + at, narrow_a + at, rows, p->lanes, p->mean, sum, product);
  else
    block_products_float(x + at, a + at, rows, p->lanes, p->mean, sum, product);
}

// share is what one thread does: rows from its share of the map.
static void share(void* of) {
  pass* p = of;
  const int thread = norm_parallel == NULL ? 0 : norm_thread(), threads = norm_parallel == NULL ? 1 : norm_threads();
  if (thread >= MOST_THREADS) return;
  const int64_t workers = threads < MOST_THREADS ? threads : MOST_THREADS;
  const int64_t end = p->rows * (thread + 1) / workers, lanes = p->lanes;
  int64_t block = BLOCK / lanes;
  if (block < 1) block = 1;
  if (thread == 0) p->threads = (int)workers;
  double *first = p->totals + 2 * lanes * thread, *second = first + lanes;
  float* sums = malloc(2 * lanes * sizeof(float));
  if (sums == NULL) {
    __atomic_store_n(&p->failed, 1, __ATOMIC_RELAXED);
    return;
  }
  int64_t count = 0;
  for (int64_t from = p->rows * thread / workers; from < end; from += block) {
    const int64_t rows = end - from < block ? end - from : block;
    if (p->mean != NULL) {
      products(p, from * lanes, rows, sums, sums + lanes);
      for (int64_t i = 0; i < lanes; i++) first[i] += sums[i], second[i] += sums[lanes + i];
      continue;
    }
    if (p->x.bfloat16)
      block_moments_bfloat16((const uint16_t*)p->x.data + from * lanes, rows, lanes, sums, sums + lanes);
    else
      block_moments_float((const float*)p->x.data + from * lanes, rows, lanes, sums, sums + lanes);
    // Means and sums of squares around them of two parts, put together (Chan, Golub and LeVeque 1979).
    const double total = (double)(count + rows), weight = rows / total, between = weight * count;
    for (int64_t i = 0; i < lanes; i++) {
      const int64_t at = from * lanes + i;
      const double start = p->x.bfloat16 ? wide(((const uint16_t*)p->x.data)[at]) : ((const float*)p->x.data)[at];
      const double d = start + (double)sums[i] / rows - first[i];
      first[i] += d * weight;
      second[i] += sums[lanes + i] + d * d * between;
    }
    count += rows;
  }
  p->counts[thread] = count;
  free(sums);
}

// run makes the pass with all threads.
static int run(pass* p, int64_t rows, int64_t channels) {
  p->beside = 1;
  while (channels * p->beside < LANES && rows % (2 * p->beside) == 0) p->beside *= 2;
  p->rows = rows / p->beside, p->lanes = channels * p->beside;
  p->totals = calloc(2 * p->lanes * MOST_THREADS, sizeof(double));
  if (p->totals == NULL) return 1;
  float* mean = NULL;
  if (p->mean != NULL) {
    if ((mean = malloc(p->lanes * sizeof(float))) == NULL) return 1;
    for (int64_t i = 0; i < p->lanes; i++) mean[i] = p->mean[i % channels];
    p->mean = mean;
  }
  if (norm_parallel != NULL)
    norm_parallel(share, p, 0, 0);
  else
    share(p);
  free(mean);
  return p->failed;
}

int norm_moments(norm_map x, int64_t rows, int64_t channels, float* mean, float* variance) {
  pass p = {.x = x};
  int failed = run(&p, rows, channels);
  for (int64_t c = 0; c < channels && !failed; c++) {
    double count = 0, m = 0, squares = 0;
    for (int thread = 0; thread < p.threads; thread++) {
      const double n = (double)p.counts[thread];
      const double *first = p.totals + 2 * p.lanes * thread, *second = first + p.lanes;
      for (int64_t i = c; i < p.lanes && n > 0; i += channels) {
        const double d = first[i] - m;
        count += n;
        m += d * n / count;
        squares += second[i] + d * d * n * (count - n) / count;
      }
    }
    mean[c] = (float)m;
    variance[c] = (float)(squares / count);
  }
  free(p.totals);
  return failed;
}

int norm_products(norm_map x, norm_map adjoint, int64_t rows, int64_t channels, const float* mean, const float* variance,
                  float epsilon, float* scale, float* offset) {
  pass p = {.x = x, .adjoint = adjoint, .mean = mean};
  int failed = run(&p, rows, channels);
  for (int64_t c = 0; c < channels && !failed; c++) {
    double sum = 0, product = 0;
    for (int thread = 0; thread < p.threads; thread++)
      for (int64_t i = c; i < p.lanes; i += channels) {
        sum += p.totals[2 * p.lanes * thread + i];
        product += p.totals[2 * p.lanes * thread + p.lanes + i];
      }
    offset[c] = (float)sum;
    scale[c] = (float)(product / sqrt((double)variance[c] + epsilon));
  }
  free(p.totals);
  return failed;
}
