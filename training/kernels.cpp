// The operations between the matrix products of a transformer block, forward and backward, each in one pass over
// memory, on one thread. kernels.py documents the shapes and has the same operations in PyTorch. Compilers vectorize
// these loops.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

struct bf16 { uint16_t bits; };

inline float read(float x) { return x; }
inline float read(bf16 x) {
  uint32_t bits = uint32_t(x.bits) << 16;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
inline void write(float& to, float x) { to = x; }
inline void write(bf16& to, float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  to.bits = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // rounds to nearest, ties to even
}

// e^x with a relative error of about 2e-7 for x from -87 to 88: 2^n times a polynomial on [-ln2/2, ln2/2]
inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  float n = std::nearbyintf(x * 1.44269504f);
  float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666669f + r * (0.0416666418f + r * (0.00833345205f + r * 0.00139304355f)))));
  int32_t bits = (int32_t(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, 4);
  return p * scale;
}
inline float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

// Copies the row to `held` as float32 -> the factor that gives it unit rms
template <class X>
inline float rms_scale(const X* row, float* held, int64_t n, float eps) {
  float sum = 0;
  for (int64_t i = 0; i < n; i++) {
    held[i] = read(row[i]);
    sum += held[i] * held[i];
  }
  return 1.0f / std::sqrt(sum / float(n) + eps);
}

// out = residual + x / rms(x) * weight * factor; residual and factor may be null
template <class X, class O>
void norm_forward(const X* x, const float* residual, const float* weight, const float* factor, O* out, float* rstd,
                  int64_t batch, int64_t rows, int64_t width, float eps) {
  std::vector<float> gain(width), held(width);
  for (int64_t b = 0; b < batch; b++) {
    for (int64_t i = 0; i < width; i++) gain[i] = factor ? weight[i] * factor[b * width + i] : weight[i];
    for (int64_t r = b * rows; r < (b + 1) * rows; r++) {
      const X* row = x + r * width;
      O* to = out + r * width;
      float scale = rms_scale(row, held.data(), width, eps);
      rstd[r] = scale;
      if (residual) {
        const float* add = residual + r * width;
        for (int64_t i = 0; i < width; i++) write(to[i], add[i] + held[i] * scale * gain[i]);
      } else {
        for (int64_t i = 0; i < width; i++) write(to[i], held[i] * scale * gain[i]);
      }
    }
  }
}

// Adds to grad_weight; grad_factor may be null
template <class X, class O>
void norm_backward(const O* grad, const X* x, const float* rstd, const float* weight, const float* factor, X* grad_x,
                   float* grad_factor, float* grad_weight, int64_t batch, int64_t rows, int64_t width) {
  std::vector<float> gain(width), column(width), unit(width), push(width);
  for (int64_t b = 0; b < batch; b++) {
    for (int64_t i = 0; i < width; i++) gain[i] = factor ? weight[i] * factor[b * width + i] : weight[i];
    std::fill(column.begin(), column.end(), 0.0f);
    for (int64_t r = b * rows; r < (b + 1) * rows; r++) {
      const X* row = x + r * width;
      const O* from = grad + r * width;
      X* to = grad_x + r * width;
      float scale = rstd[r], dot = 0;
      for (int64_t i = 0; i < width; i++) {
        float g = read(from[i]);
        unit[i] = read(row[i]) * scale;
        push[i] = g * gain[i];
        column[i] += g * unit[i];
        dot += push[i] * unit[i];
      }
      float mean = dot / float(width);
      for (int64_t i = 0; i < width; i++) write(to[i], scale * (push[i] - unit[i] * mean));
    }
    if (grad_factor)
      for (int64_t i = 0; i < width; i++) grad_factor[b * width + i] = column[i] * weight[i];
    for (int64_t i = 0; i < width; i++) grad_weight[i] += factor ? column[i] * factor[b * width + i] : column[i];
  }
}

template <class T>
void swiglu_forward(const T* __restrict a, const T* __restrict b, T* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    float x = read(a[i]);
    write(out[i], x * sigmoid(x) * read(b[i]));
  }
}

template <class T>
void swiglu_backward(const T* __restrict grad, const T* __restrict a, const T* __restrict b, T* __restrict grad_a,
                     T* __restrict grad_b, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    float g = read(grad[i]), x = read(a[i]), s = sigmoid(x);
    write(grad_a[i], g * read(b[i]) * s * (1.0f + x * (1.0f - s)));
    write(grad_b[i], g * x * s);
  }
}

// x [batch, rows, heads * d] -> out [batch, heads, rows, d]: each head normalized to unit rms, scaled by weight, its
// halves rotated; cos, sin [batch or 1, rows, d / 2]
template <class T>
void rope_forward(const T* x, const float* weight, const float* cos, const float* sin, int64_t per_batch, T* out, float* rstd,
                  int64_t batch, int64_t rows, int64_t heads, int64_t d, float eps) {
  int64_t half = d / 2;
  std::vector<float> held(d);
  for (int64_t b = 0; b < batch; b++)
    for (int64_t r = 0; r < rows; r++) {
      const float* c = cos + b * per_batch + r * half;
      const float* s = sin + b * per_batch + r * half;
      for (int64_t h = 0; h < heads; h++) {
        int64_t at = (b * rows + r) * heads + h;
        const T* row = x + at * d;
        T* to = out + ((b * heads + h) * rows + r) * d;
        float scale = rms_scale(row, held.data(), d, eps);
        rstd[at] = scale;
        for (int64_t i = 0; i < half; i++) {
          float even = held[i] * scale * weight[i], odd = held[i + half] * scale * weight[i + half];
          write(to[i], even * c[i] - odd * s[i]);
          write(to[i + half], even * s[i] + odd * c[i]);
        }
      }
    }
}

template <class T>
void rope_backward(const T* grad, const T* x, const float* rstd, const float* weight, const float* cos, const float* sin,
                   int64_t per_batch, T* grad_x, float* grad_weight, int64_t batch, int64_t rows, int64_t heads, int64_t d) {
  int64_t half = d / 2;
  std::vector<float> unit(d), push(d);
  for (int64_t b = 0; b < batch; b++)
    for (int64_t r = 0; r < rows; r++) {
      const float* c = cos + b * per_batch + r * half;
      const float* s = sin + b * per_batch + r * half;
      for (int64_t h = 0; h < heads; h++) {
        int64_t at = (b * rows + r) * heads + h;
        const T* row = x + at * d;
        const T* from = grad + ((b * heads + h) * rows + r) * d;
        T* to = grad_x + at * d;
        float scale = rstd[at], dot = 0;
        for (int64_t i = 0; i < half; i++) {
          float u = read(from[i]), v = read(from[i + half]);
          push[i] = u * c[i] + v * s[i];
          push[i + half] = v * c[i] - u * s[i];
        }
        for (int64_t i = 0; i < d; i++) {
          unit[i] = read(row[i]) * scale;
          grad_weight[i] += push[i] * unit[i];
          push[i] *= weight[i];
          dot += push[i] * unit[i];
        }
        float mean = dot / float(d);
        for (int64_t i = 0; i < d; i++) write(to[i], scale * (push[i] - unit[i] * mean));
      }
    }
}

// Rows are padded to whole vectors in a buffer: the remainder of a row would cost as much as the rest of it.
constexpr int64_t LANES = 16;
inline int64_t whole(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

template <class T>
inline void unpack(const T* from, T* buffer, float* to, int64_t n, float rest) {
  std::memcpy(buffer, from, n * sizeof(T));
  int64_t end = whole(n);
  for (int64_t i = 0; i < end; i++) to[i] = read(buffer[i]);
  for (int64_t i = n; i < end; i++) to[i] = rest;
}

template <class T>
inline void pack(const float* from, T* buffer, T* to, int64_t n) {
  int64_t end = whole(n);
  for (int64_t i = 0; i < end; i++) write(buffer[i], from[i]);
  std::memcpy(to, buffer, n * sizeof(T));
}

// softmax of scores [batch, rows, width] * scale + mask [batch, width]; mask may be null
template <class T>
void softmax_forward(const T* scores, const float* mask, T* out, int64_t batch, int64_t rows, int64_t width, float scale) {
  int64_t end = whole(width);
  std::vector<float> x(end), add(end, 0.0f);
  std::vector<T> buffer(end);
  for (int64_t b = 0; b < batch; b++) {
    if (mask) std::memcpy(add.data(), mask + b * width, width * sizeof(float));
    for (int64_t r = b * rows; r < (b + 1) * rows; r++) {
      unpack(scores + r * width, buffer.data(), x.data(), width, -1e30f);
      float most = -1e30f, sum = 0;
      for (int64_t i = 0; i < end; i++) {
        x[i] = x[i] * scale + add[i];
        most = x[i] > most ? x[i] : most;
      }
      for (int64_t i = 0; i < end; i++) {
        x[i] = x[i] - most < -80.0f ? 0.0f : fast_exp(x[i] - most);
        sum += x[i];
      }
      float part = 1.0f / sum;
      for (int64_t i = 0; i < end; i++) x[i] *= part;
      pack(x.data(), buffer.data(), out + r * width, width);
    }
  }
}

template <class T>
void softmax_backward(const T* grad, const T* probabilities, T* out, int64_t rows, int64_t width, float scale) {
  int64_t end = whole(width);
  std::vector<float> g(end), p(end);
  std::vector<T> buffer(end);
  for (int64_t r = 0; r < rows; r++) {
    unpack(grad + r * width, buffer.data(), g.data(), width, 0.0f);
    unpack(probabilities + r * width, buffer.data(), p.data(), width, 0.0f);
    float dot = 0;
    for (int64_t i = 0; i < end; i++) dot += g[i] * p[i];
    for (int64_t i = 0; i < end; i++) g[i] = scale * p[i] * (g[i] - dot);
    pack(g.data(), buffer.data(), out + r * width, width);
  }
}

}  // namespace

#define NORM(name, X, O)                                                                                                    \
  extern "C" void norm_forward_##name(const X* x, const float* residual, const float* weight, const float* factor, O* out,  \
                                      float* rstd, int64_t batch, int64_t rows, int64_t width, float eps) {                 \
    norm_forward(x, residual, weight, factor, out, rstd, batch, rows, width, eps);                                          \
  }                                                                                                                         \
  extern "C" void norm_backward_##name(const O* grad, const X* x, const float* rstd, const float* weight,                   \
                                       const float* factor, X* grad_x, float* grad_factor, float* grad_weight,              \
                                       int64_t batch, int64_t rows, int64_t width) {                                        \
    norm_backward(grad, x, rstd, weight, factor, grad_x, grad_factor, grad_weight, batch, rows, width);                     \
  }
NORM(f32_f32, float, float)
NORM(f32_bf16, float, bf16)
NORM(bf16_f32, bf16, float)
NORM(bf16_bf16, bf16, bf16)

#define SAME(name, T)                                                                                                       \
  extern "C" void swiglu_forward_##name(const T* a, const T* b, T* out, int64_t n) { swiglu_forward(a, b, out, n); }        \
  extern "C" void swiglu_backward_##name(const T* grad, const T* a, const T* b, T* grad_a, T* grad_b, int64_t n) {          \
    swiglu_backward(grad, a, b, grad_a, grad_b, n);                                                                         \
  }                                                                                                                         \
  extern "C" void rope_forward_##name(const T* x, const float* weight, const float* cos, const float* sin,                  \
                                      int64_t per_batch, T* out, float* rstd, int64_t batch, int64_t rows, int64_t heads,   \
                                      int64_t d, float eps) {                                                               \
    rope_forward(x, weight, cos, sin, per_batch, out, rstd, batch, rows, heads, d, eps);                                    \
  }                                                                                                                         \
  extern "C" void rope_backward_##name(const T* grad, const T* x, const float* rstd, const float* weight, const float* cos, \
                                       const float* sin, int64_t per_batch, T* grad_x, float* grad_weight, int64_t batch,   \
                                       int64_t rows, int64_t heads, int64_t d) {                                            \
    rope_backward(grad, x, rstd, weight, cos, sin, per_batch, grad_x, grad_weight, batch, rows, heads, d);                  \
  }                                                                                                                         \
  extern "C" void softmax_forward_##name(const T* scores, const float* mask, T* out, int64_t batch, int64_t rows,           \
                                         int64_t width, float scale) {                                                      \
    softmax_forward(scores, mask, out, batch, rows, width, scale);                                                          \
  }                                                                                                                         \
  extern "C" void softmax_backward_##name(const T* grad, const T* probabilities, T* out, int64_t rows, int64_t width,       \
                                          float scale) {                                                                    \
    softmax_backward(grad, probabilities, out, rows, width, scale);                                                         \
  }
SAME(f32, float)
SAME(bf16, bf16)
