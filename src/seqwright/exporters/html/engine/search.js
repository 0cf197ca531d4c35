"use strict";
// Beam search and forced decoding for one source, over one network or the mean of several; as search/.

const FLOOR = -1e4; // nats: lower bound of what a prefix allows, kernels/reference/constraint.py

// The networks of a model on one source, as one step function; search/ensemble.py.
class Hypotheses {
  // width: the most hypotheses at a time.   nMasked, S: of the attention weights' columns.
  constructor(networks, ids, width) {
    this.members = networks.map((network) => {
      const source = network.encode(ids), { cache, V } = network.decoder;
      const buffers = [cache.new("log probs", width * V), cache.new("weights", width * source.S)];
      return { decoder: network.decoder, source, state: network.decoder.start(source, width), buffers };
    });
    this.V = networks[0].decoder.V;
    this.S = this.members[0].source.S;
    this.nMasked = this.members[0].source.nMasked;
    this.attends = networks.every((network) => network.decoder.attention);
    [this.logProbs, this.weights] = this.members[0].buffers;
  }

  // Compute the log-probabilities (K, V) after ids (K,), and the attention weights (K, S).
  step(ids) {
    for (const { decoder, source, state, buffers } of this.members) decoder.step(ids, state, source, ...buffers);
    if (this.members.length > 1) this.#average(ids.length);
  }

  // Write the logarithm of the mean probability and the mean attention weight to the first member's buffers.
  #average(K) {
    const n = this.members.length, others = this.members.slice(1).map(({ buffers }) => buffers);
    for (let i = 0; i < K * this.V; i++) {
      let sum = this.logProbs[i];
      for (const [logProbs] of others) sum = logAddExp(sum, logProbs[i]);
      this.logProbs[i] = sum - Math.log(n);
    }
    for (let i = 0; this.attends && i < K * this.S; i++) {
      for (const [, weights] of others) this.weights[i] += weights[i];
      this.weights[i] /= n;
    }
  }

  select(parents) {
    for (const { decoder, state } of this.members) decoder.select(state, parents);
  }

  // The attention weights of hypothesis k, or null.
  weightsOf(k) {
    return this.attends ? this.weights.slice(k * this.S, (k + 1) * this.S) : null;
  }
}

// Return up to `width` candidates, best first; search/beam.py. A hypothesis that has ended leaves the beam.
// rules: minLength, maxLength, and prefix, ids that targets begin with.
function beamSearch(networks, ids, width, rules) {
  const hypotheses = new Hypotheses(networks, ids, width), { V, logProbs } = hypotheses;
  const done = [];
  let live = [{ before: null, symbol: START, total: 0 }];
  for (let length = 0; live.length; length++) {
    hypotheses.step(live.map((node) => node.symbol));
    const byModel = live.map((_, k) => permit(hypotheses, k, rules, length));
    const next = [], parents = [];
    for (const [i, total] of best(logProbs, live, V, width - done.length)) {
      const k = Math.floor(i / V), symbol = i % V;
      const weights = hypotheses.weightsOf(k);
      const node = { before: live[k], symbol, total, logProb: logProbs[i], byModel: byModel[k], weights };
      if (symbol === END) {
        done.push(candidate(node, hypotheses.nMasked));
      } else {
        next.push(node);
        parents.push(k);
      }
    }
    hypotheses.select(parents);
    live = next;
  }
  return done.sort((a, b) => b.score - a.score);
}

// Give forbidden symbols of hypothesis k, of `length` symbols, the log-probability -inf, as search/constraint.py; return
// whether the model itself would end here: false only where the maximum length forces the end.
function permit({ V, logProbs }, k, { minLength, maxLength, prefix }, length) {
  const row = logProbs.subarray(k * V, (k + 1) * V), full = length >= maxLength;
  if (!prefix.length) {
    const byModel = !full || row.every((value) => value <= row[END]);
    if (full) row.forEach((_, v) => { if (v !== END) row[v] = -Infinity; });
    else if (length < minLength) row[END] = -Infinity;
    return byModel;
  }
  const follows = (v) => (length < prefix.length ? v === prefix[length] : v > END);
  const left = prefix.length - length - 1; // symbols of the prefix after the next one
  const byModel = !full || row.every((value, v) => !follows(v) || row[END] > value);
  row.forEach((value, v) => {
    const allowed = v === END ? length >= prefix.length : follows(v) && Math.max(0, left) < maxLength - length;
    row[v] = allowed ? Math.max(value, FLOOR) : -Infinity;
  });
  return byModel;
}

// Return the n best of all continuations as [k V + symbol, total], best first; of equal ones the first. Impossible ones are
// left out.
function best(logProbs, live, V, n) {
  const found = [];
  live.forEach(({ total }, k) => {
    for (let i = k * V; i < (k + 1) * V; i++) {
      const sum = total + logProbs[i];
      if (sum === -Infinity || (found.length === n && sum <= found[n - 1][1])) continue;
      if (found.length === n) found.pop();
      let place = found.length;
      while (place && found[place - 1][1] < sum) place--;
      found.splice(place, 0, [i, sum]);
    }
  });
  return found;
}

// A finished target, search/candidate.py: its ids, log-probabilities and attention weights, of the end too.
function candidate(end, nMasked) {
  const path = [];
  for (let node = end; node.before; node = node.before) path.unshift(node);
  const logProbs = path.map((node) => node.logProb);
  return {
    ids: path.slice(0, -1).map((node) => node.symbol), logProbs, score: end.total / path.length, finished: end.byModel,
    weights: end.weights && path.map((node) => node.weights), nMasked,
  };
}

// Return the candidate that is the given target; search/forced.py.
function forced(networks, ids, target) {
  const hypotheses = new Hypotheses(networks, ids, 1);
  let node = { before: null, symbol: START, total: 0 };
  for (const symbol of [...target, END]) {
    hypotheses.step([node.symbol]);
    const logProb = hypotheses.logProbs[symbol];
    node = { before: node, symbol, total: node.total + logProb, logProb, byModel: true, weights: hypotheses.weightsOf(0) };
  }
  return candidate(node, hypotheses.nMasked);
}

// Return the n most probable symbols after a prefix, as [id, log-probability].
function following(networks, ids, prefix, n) {
  const hypotheses = new Hypotheses(networks, ids, 1);
  for (const symbol of [START, ...prefix]) hypotheses.step([symbol]);
  hypotheses.logProbs[UNKNOWN] = -Infinity; // could be copied, but names no token
  return best(hypotheses.logProbs, [{ total: 0 }], hypotheses.V, n);
}
