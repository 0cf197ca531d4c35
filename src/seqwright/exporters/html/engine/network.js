"use strict";
// A network: encoder and decoder for one source and its hypotheses, as models/encoder.py, decoder.py and seq2seq.py.
//
// What does not change from step to step is computed once for a source: the projections of the memory by the attention score
// and by Wc, and the products of the conditioning vector.

const PAD = 0, UNKNOWN = 1, START = 2, END = 3; // data/vocabulary.py

class Network {
  // spec: a ModelSpec.   weights: name -> { shape, values }.   copyMap (V,): target ids, -1 for none.   features (V,): 1 for
  // symbols that are features.
  constructor(spec, weights, { copyMap, features }) {
    Object.assign(this, { spec, copyMap, features, cache: new Cache() });
    this.H = spec.hidden_size;
    this.M = spec.bidirectional ? 2 * this.H : this.H;
    this.directions = spec.bidirectional ? ["forward", "backward"] : [spec.reversed_source ? "backward" : "forward"];
    this.encoder = new Encoder(this, (name) => weights[`encoder.${name}`]);
    this.decoder = new Decoder(this, (name) => weights[`decoder.${name}`]);
  }

  // Return what the decoder reads of a source of ids; a later call overwrites it.
  encode(ids) {
    const n = this.spec.sum_features ? 1 + ids.findLastIndex((id) => this.features[id]) : 0;
    const source = this.encoder.encode(ids.slice(n));
    source.nMasked = n; // ids that the decoder cannot attend to
    source.copyable = this.spec.copying ? ids.slice(n).map((id) => this.copyMap[id]) : null;
    source.conditioning = this.#conditioning(source, ids.slice(0, n));
    this.decoder.prepare(source);
    return source;
  }

  // The conditioning vector (P,): last hidden state, sum of the features' embeddings, or both.
  #conditioning({ h }, ids) {
    const D = this.spec.embedding_size, sum = new Float64Array(this.spec.sum_features ? D : 0);
    for (const id of this.spec.sum_features ? ids : []) add(sum, 0, this.encoder.embedding.values, id * D, D);
    return Float64Array.of(...(this.spec.peeky ? h.at(-1) : []), ...sum);
  }
}

// E[id] Wx + b of each symbol, computed where it first occurs; as nn/embedded_lstm.py.
class SymbolTable {
  #rows = [];

  // Wx: the rows of an LSTM's input weights that multiply the embedding.
  constructor(embedding, Wx, b) {
    Object.assign(this, { embedding, Wx, b });
  }

  row(id) {
    return (this.#rows[id] ??= this.#computed(id));
  }

  #computed(id) {
    const { K, N } = this.Wx, y = new Float64Array(N);
    product(this.embedding.values.subarray(id * K, (id + 1) * K), 1, this.Wx, y);
    add(y, 0, this.b, 0, N);
    return y;
  }
}

class Encoder {
  constructor(network, named) {
    const { spec, H, directions, cache } = network, D = spec.embedding_size;
    Object.assign(this, { spec, H, M: network.M, directions, cache, embedding: named("embedding.W") });
    this.layers = Array.from({ length: spec.encoder_layers }, (_, layer) => directions.map((direction) => {
      const part = (name) => named(`lstm.${layer}.${direction}.${name}`);
      const Wx = new Matrix(part("Wx")), b = part("b").values;
      return { Wx, b, Wh: new Matrix(part("Wh")), table: layer ? null : new SymbolTable(this.embedding, Wx, b) };
    }));
    this.bridge = {};
    for (const state of spec.bidirectional ? spec.bridge : "") {
      this.bridge[state] = { W: new Matrix(named(`bridge.${state}.W`)), b: named(`bridge.${state}.b`).values };
    }
  }

  // Return S, the memory (S, M), and the decoder's initial states: h and c, a vector (H,) for each of its layers.
  encode(ids) {
    const S = ids.length, h = [], c = [];
    let memory = null;
    this.layers.forEach((weights, layer) => {
      const out = this.cache.new(`states.${layer}`, S * this.M);
      const ends = weights.map((p, n) => this.#lstm(p, ids, memory, this.directions[n] === "backward", out, n * this.H));
      memory = out;
      if (layer < this.spec.encoder_layers - this.spec.decoder_layers) return;
      h.push(this.#crossed("h", ends));
      c.push(this.#crossed("c", ends));
    });
    return { S, memory, h, c };
  }

  // Write the states of one direction to columns of out (S, M); return its final state.
  #lstm(p, ids, x, reverse, out, column) {
    const { H, M } = this, S = ids.length, h = new Float64Array(H), c = new Float64Array(H);
    const a = this.cache.new("encoder.gates", 4 * H), inputs = this.cache.new("encoder.inputs", S * 4 * H);
    if (x) product(x, S, p.Wx, inputs);
    for (let n = 0; n < S; n++) {
      const t = reverse ? S - 1 - n : n;
      product(h, 1, p.Wh, a);
      add(a, 0, x ? inputs : p.table.row(ids[t]), x ? t * 4 * H : 0, 4 * H);
      if (x) add(a, 0, p.b, 0, 4 * H);
      lstmStep(a, 1, H, h, c);
      out.set(h, t * M + column);
    }
    return { h, c };
  }

  // The decoder's initial h or c (H,), from the final states of the directions.
  #crossed(state, ends) {
    const y = new Float64Array(this.H);
    if (!this.spec.bridge.includes(state)) return y;
    if (!this.spec.bidirectional) return ends[0][state];
    const { W, b } = this.bridge[state];
    product(Float64Array.of(...ends[0][state], ...ends[1][state]), 1, W, y);
    add(y, 0, b, 0, this.H);
    return y;
  }
}

class Decoder {
  constructor(network, named) {
    const { spec, H, M, cache } = network, D = spec.embedding_size;
    Object.assign(this, { spec, H, M, cache, V: spec.target_vocab_size });
    const embedding = named("embedding.W");
    this.layers = Array.from({ length: spec.decoder_layers }, (_, layer) => {
      const part = (name) => named(`lstm.${layer}.${name}`);
      return { Wx: layer ? new Matrix(part("Wx")) : null, b: part("b").values, Wh: new Matrix(part("Wh")) };
    });
    this.table = new SymbolTable(embedding, new Matrix(named("lstm.0.Wx"), 0, D), named("lstm.0.b").values);
    this.conditioned = { gates: new Matrix(named("lstm.0.Wx"), D) };
    if (spec.attention !== "none") {
      const part = (name) => named(`attention.${name}`), score = SCORES[spec.attention];
      this.attention = {
        ...score, p: score.weights(part), bc: part("bc").values, distance: part("distance")?.values,
        ofContext: new Matrix(part("Wc"), 0, M), ofState: new Matrix(part("Wc"), M),
      };
    }
    const output = spec.tied ? Matrix.transposed(embedding) : new Matrix(named("affine.W"), 0, H);
    this.affine = { b: named("affine.b").values, W: output };
    if (!spec.tied) this.conditioned.logits = new Matrix(named("affine.W"), H);
    if (spec.copying) this.copying = { W: named("copying.W").values, b: named("copying.b").values[0] };
  }

  // Compute what all steps for a source share.
  prepare(source) {
    const { H, V, attention } = this, { S, memory, conditioning } = source;
    source.gates = this.cache.new("conditioned.gates", 4 * H);
    product(conditioning, 1, this.conditioned.gates, source.gates);
    source.logits = this.cache.new("conditioned.logits", V);
    source.logits.fill(0);
    if (conditioning.length) product(conditioning, 1, this.conditioned.logits, source.logits);
    add(source.logits, 0, this.affine.b, 0, V);
    if (this.copying) source.gate = this.copying.b + dot(conditioning, 0, this.copying.W, H, conditioning.length);
    if (!attention) return;
    source.keys = this.cache.new("keys", S * H);
    attention.keys(attention.p, memory, S, H, source.keys);
    source.values = this.cache.new("values", S * H); // m Wc, so that Σ weights (m Wc) is the context's share
    product(memory, S, attention.ofContext, source.values);
  }

  // Return the initial state of one hypothesis, with buffers for `width` of them.
  start(source, width) {
    const { H } = this, rows = (name, layer) => this.cache.new(`${name}.${layer}`, width * H);
    const state = { t: 0, h: source.h.map((_, layer) => rows("h", layer)), c: source.c.map((_, layer) => rows("c", layer)) };
    source.h.forEach((one, layer) => state.h[layer].set(one));
    source.c.forEach((one, layer) => state.c[layer].set(one));
    return state;
  }

  // Let row k of the state continue hypothesis parents[k].
  select(state, parents) {
    const { H } = this;
    for (const part of [state.h, state.c]) {
      part.forEach((rows, layer) => {
        const before = this.cache.new("before", rows.length);
        before.set(rows);
        parents.forEach((parent, k) => { for (let j = 0; j < H; j++) part[layer][k * H + j] = before[parent * H + j]; });
      });
    }
  }

  // Write the log-probabilities (K, V) of the symbols after ids (K,), and the attention weights (K, S); advance the state.
  step(ids, state, source, logProbs, weights) {
    const { H, V, cache } = this, K = ids.length;
    const a = cache.new("gates", K * 4 * H), inputs = cache.new("inputs", K * 4 * H);
    this.layers.forEach(({ Wx, b, Wh }, layer) => {
      product(state.h[layer], K, Wh, a);
      if (layer) product(state.h[layer - 1], K, Wx, inputs);
      for (let k = 0; k < K; k++) {
        add(a, k * 4 * H, layer ? inputs : this.table.row(ids[k]), layer ? k * 4 * H : 0, 4 * H);
        add(a, k * 4 * H, layer ? b : source.gates, 0, 4 * H);
      }
      lstmStep(a, K, H, state.h[layer], state.c[layer]);
    });
    let x = state.h.at(-1);
    if (this.attention) x = this.#attend(x, K, state.t, source, weights);
    product(x, K, this.affine.W, logProbs);
    for (let k = 0; k < K; k++) {
      add(logProbs, k * V, source.logits, 0, V);
      for (const id of [PAD, UNKNOWN, START]) logProbs[k * V + id] = -Infinity; // never generated
      logSoftmax(logProbs, k * V, V);
      if (this.copying) this.#mix(logProbs, k, source.gate + dot(x, k * H, this.copying.W, 0, H), weights, source);
    }
    state.t++;
  }

  // Return h̃ (K, H) = tanh([context, h] Wc + bc) for h (K, H) at target position t, and write the weights (K, S).
  #attend(h, K, t, { S, keys, values }, weights) {
    const { H, attention } = this, { p, distance } = attention, farthest = distance ? distance.length >> 1 : 0;
    let q = h;
    if (attention.queries) attention.queries(p, h, K, (q = this.cache.new("queries", K * H)));
    const out = this.cache.new("attention", K * H);
    product(h, K, attention.ofState, out);
    for (let k = 0; k < K; k++) {
      for (let s = 0; s < S; s++) {
        const bias = distance ? distance[farthest + Math.max(-farthest, Math.min(farthest, s - t))] : 0;
        weights[k * S + s] = attention.score(p, q, k * H, keys, s * H, H) + bias;
      }
      logSoftmax(weights, k * S, S);
      for (let s = 0; s < S; s++) {
        const weight = (weights[k * S + s] = Math.exp(weights[k * S + s]));
        for (let j = 0; j < H; j++) out[k * H + j] += weight * values[s * H + j];
      }
      for (let j = 0; j < H; j++) out[k * H + j] = tanh(out[k * H + j] + attention.bc[j]);
    }
    return out;
  }

  // Mix generating and copying in row k, kernels/reference/copying.py: p = w softmax + γ C, γ = σ(gate), w = 1 - γ Σ C.
  #mix(logProbs, k, gate, weights, { S, copyable }) {
    const { V } = this, copied = this.cache.new("copied", V);
    copied.fill(0);
    let total = 0;
    for (let s = 0; s < S; s++) {
      if (copyable[s] < 0) continue;
      copied[copyable[s]] += weights[k * S + s];
      total += weights[k * S + s];
    }
    const logGamma = logSigmoid(gate), logW = logAddExp(logSigmoid(-gate), logGamma + Math.log(Math.max(1 - total, 0)));
    for (let v = 0, i = k * V; v < V; v++, i++) {
      logProbs[i] += logW;
      if (copied[v] > 0) logProbs[i] = logAddExp(logProbs[i], Math.log(copied[v]) + logGamma);
    }
  }
}
