"use strict";
// Products, activations, the LSTM step and attention scores: what kernels/reference/ and nn/attention.py define.
//
// Rows are hypotheses of one source, or its symbols. Letters as in ARCHITECTURE.md: K inputs and N outputs of a product,
// R rows, H units, S source length. Activations are Float64Array, weights Float32Array; functions write only to the arrays
// that the caller passes.

// Named buffers that grow with the largest request, as nn/cache.py.
class Cache {
  #buffers = new Map();

  // Return `size` numbers of any value.
  new(name, size) {
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.length < size) this.#buffers.set(name, (buffer = new Float64Array(size)));
    return buffer;
  }
}

// The rows first..end of an array (rows, N) for products x W. Held transposed, (N, K), so that the weights of an output are
// adjacent.
class Matrix {
  constructor({ shape: [rows, N], values }, first = 0, end = rows) {
    [this.K, this.N] = [end - first, N];
    this.W = new Float32Array(this.K * N);
    for (let k = 0; k < this.K; k++) for (let n = 0; n < N; n++) this.W[n * this.K + k] = values[(first + k) * N + n];
  }

  // The array itself, (N, K), for products x Wᵀ.
  static transposed({ shape: [N, K], values }) {
    return Object.assign(Object.create(Matrix.prototype), { K, N, W: values });
  }
}

// y (R, N) = x (R, K) W. Two rows and four outputs at a time: each weight that is loaded serves two products.
function product(x, R, { K, N, W }, y) {
  const whole = N - (N % 4), pairs = R - (R % 2);
  for (let n = 0; n < whole; n += 4) {
    const w0 = n * K, w1 = w0 + K, w2 = w1 + K, w3 = w2 + K;
    for (let r = 0; r < pairs; r += 2) {
      const p = r * K, q = p + K;
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
      for (let k = 0; k < K; k++) {
        const a = x[p + k], b = x[q + k];
        let w = W[w0 + k]; a0 += a * w; b0 += b * w;
        w = W[w1 + k]; a1 += a * w; b1 += b * w;
        w = W[w2 + k]; a2 += a * w; b2 += b * w;
        w = W[w3 + k]; a3 += a * w; b3 += b * w;
      }
      const i = r * N + n, j = i + N;
      y[i] = a0; y[i + 1] = a1; y[i + 2] = a2; y[i + 3] = a3;
      y[j] = b0; y[j + 1] = b1; y[j + 2] = b2; y[j + 3] = b3;
    }
    if (pairs < R) {
      const p = pairs * K, i = pairs * N + n;
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0;
      for (let k = 0; k < K; k++) {
        const a = x[p + k];
        a0 += a * W[w0 + k]; a1 += a * W[w1 + k]; a2 += a * W[w2 + k]; a3 += a * W[w3 + k];
      }
      y[i] = a0; y[i + 1] = a1; y[i + 2] = a2; y[i + 3] = a3;
    }
  }
  for (let n = whole; n < N; n++) for (let r = 0; r < R; r++) y[r * N + n] = dot(x, r * K, W, n * K, K);
}

function dot(x, i, y, j, n) {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += x[i + k] * y[j + k];
  return sum;
}

// y[i..i + n] += x[j..j + n].
function add(y, i, x, j, n) {
  for (let k = 0; k < n; k++) y[i + k] += x[j + k];
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const tanh = (x) => 1 - 2 / (1 + Math.exp(2 * x));
const logSigmoid = (x) => -logAddExp(0, -x);

function logAddExp(a, b) {
  const top = Math.max(a, b);
  return top === -Infinity ? top : top + Math.log1p(Math.exp(-Math.abs(a - b)));
}

// Write log softmax of the n numbers from x[i] in their place.
function logSoftmax(x, i, n) {
  let top = -Infinity, sum = 0;
  for (let k = 0; k < n; k++) top = Math.max(top, x[i + k]);
  for (let k = 0; k < n; k++) sum += Math.exp(x[i + k] - top);
  const log = top + Math.log(sum);
  for (let k = 0; k < n; k++) x[i + k] -= log;
}

// One step of R LSTMs, kernels/reference/lstm.py: a (R, 4H), the sums before the activations, columns i | f | g | o;
// h (R, H) is written, c (R, H) updated.
function lstmStep(a, R, H, h, c) {
  for (let r = 0; r < R; r++) {
    for (let j = 0, at = r * 4 * H, row = r * H; j < H; j++, at++, row++) {
      c[row] = sigmoid(a[at + H]) * c[row] + sigmoid(a[at]) * tanh(a[at + 2 * H]);
      h[row] = sigmoid(a[at + 3 * H]) * tanh(c[row]);
    }
  }
}

// The attention scores of nn/attention.py, by kind. keys(p, memory, S, H, y) projects the memory (S, M), once for a source;
// queries(p, h, R, y) projects states (R, H), at each step; score(p, q, i, keys, j, H) is of one query and one key.
const SCORES = {
  dot: { // h·m
    weights: () => ({}),
    keys: (_p, memory, S, H, y) => y.set(memory.subarray(0, S * H)),
    score: (_p, q, i, keys, j, H) => dot(q, i, keys, j, H),
  },
  bilinear: { // (h Wa)·m = h·(m Waᵀ)
    weights: (named) => ({ Wa: Matrix.transposed(named("Wa")) }),
    keys: (p, memory, S, _H, y) => product(memory, S, p.Wa, y),
    score: (_p, q, i, keys, j, H) => dot(q, i, keys, j, H),
  },
  additive: { // v·tanh(h Wq + m Wk)
    weights: (named) => ({ Wq: new Matrix(named("Wq")), Wk: new Matrix(named("Wk")), v: named("v").values }),
    keys: (p, memory, S, _H, y) => product(memory, S, p.Wk, y),
    queries: (p, h, R, y) => product(h, R, p.Wq, y),
    score: (p, q, i, keys, j, H) => {
      let sum = 0;
      for (let k = 0; k < H; k++) sum += p.v[k] * tanh(q[i + k] + keys[j + k]);
      return sum;
    },
  },
};
