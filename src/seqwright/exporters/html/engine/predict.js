"use strict";
// From a text to an answer, as inference/: reading, windows, search, spelling of copied symbols, flags and confidence.
//
// Limits: the options of a search are beam, n_best, a prefix and a maximum length; the worker refuses all others.

const NO_ANSWER = "no answer can meet the constraints: nothing is allowed by all of them";
const NOT_STEERED = "this page does not steer answers to sources longer than those of the training";

class Predictor {
  constructor(model) {
    Object.assign(this, model); // networks, source, target, formats, reader, limits, lexicon, confidence: see model.js
  }

  // The record of the answer to one source, as `seqwright predict --json` and with source_tokens and attention.
  // prefix: ids that the answer begins with.   maxLength: the most tokens, by default as in the training.
  predict(text, features, { beam = 5, nBest: n = 1, prefix = [], maxLength }) {
    if (maxLength < prefix.length) throw new Error(NO_ANSWER);
    const known = this.#lookedUp(text, features, prefix, maxLength).slice(0, n);
    const reading = this.reader.read(text, features);
    if (known.length) return this.#record(reading, known, { flags: ["lexicon"], confidence: 1 });
    const flags = spelled(reading.unknown).map((word) => `unknown:${word}`);
    if (this.#isEmpty(reading, prefix)) return this.#emptyRecord(reading, flags);
    if (reading.windows.length > 1) flags.push(`windows:${reading.windows.length}`);
    const depends = prefix.length || maxLength !== undefined;
    if (depends && reading.windows.length > 1) throw new Error(NOT_STEERED);
    const found = reading.windows.map((window) => {
      const rules = { prefix, ...this.#lengths(window.ids.length, prefix, maxLength) };
      return beamSearch(this.networks, window.ids, Math.max(beam, n), rules).slice(0, n);
    });
    const hypotheses = combined(found, n).map((parts) => this.#hypothesis(parts, reading));
    if (!hypotheses[0].finished) flags.push("cut");
    if (this.formats.target.subwords && repeats(hypotheses[0].text, hypotheses[0].tokens, text)) flags.push("repeats");
    return this.#record(reading, hypotheses, { flags, confidence: this.#confidence(hypotheses[0], reading) });
  }

  // The record of a given target.
  score(text, features, target) {
    const reading = this.reader.read(text, features, Infinity), [window] = reading.windows, tokens = this.formats.target.split(target);
    const copied = this.networks[0].spec.copying ? reading.unknown : [];
    const ids = this.target.encode(tokens).map((id, t) => (id === UNKNOWN && !copied.includes(tokens[t]) ? PAD : id));
    const hypothesis = this.#decoded(forced(this.networks, window.ids, ids), reading, window);
    const flags = spelled(reading.unknown).map((word) => `unknown:${word}`);
    for (const word of spelled(tokens.filter((_, t) => ids[t] === PAD))) flags.push(`unknown-target:${word}`);
    return this.#record(reading, [{ ...hypothesis, text: target, tokens }], { flags, confidence: null });
  }

  // The most probable tokens after the beginning of a target, null for its end.
  following(text, features, tokens, n) {
    const [window] = this.reader.read(text, features, Infinity).windows;
    const found = following(this.networks, window.ids, this.prefix(tokens), n);
    return found.map(([id, score]) => ({ token: id === END ? null : this.target.decode([id])[0], score }));
  }

  // The ids that targets begin with which begin with all the given tokens.
  prefix(...given) {
    const [never] = this.target.unknown(given.flat());
    if (never !== undefined) throw new Error(`prefix: '${never}' is not in the vocabulary of targets; no training target has it`);
    const longest = given.reduce((some, others) => (others.length > some.length ? others : some));
    if (given.some((tokens) => tokens.some((token, t) => token !== longest[t]))) throw new Error(NO_ANSWER);
    return this.target.encode(longest);
  }

  // The least and greatest numbers of target tokens for a source of n ids; data/limits.py and inference/searcher.py.
  #lengths(n, prefix, maxLength) {
    const { longest_target: longest, ratio, shortest_target: shortest } = this.limits;
    const usual = Math.min(2 * longest, rounded(1.5 * ratio * n)) + 5;
    const most = Math.min(usual, MOST_TOKENS, Math.floor(MOST_CELLS / Math.max(1, n)));
    const least = n > 1 ? Math.min((shortest + 1) >> 1, most) : 0;
    if (maxLength !== undefined) return { minLength: Math.min(least, maxLength), maxLength };
    return { minLength: least, maxLength: Math.max(most, least, prefix.length) };
  }

  // The targets of a source in the lexicon that begin with the prefix; inference/known_answers.py.
  #lookedUp(text, features, prefix, maxLength = Infinity) {
    const key = JSON.stringify([this.formats.source.normalized(text), ...featureSymbols(features)]);
    const begins = (ids) => prefix.every((id, t) => ids[t] === id) && ids.every((id) => id > END);
    return (this.lexicon.get(key) ?? []).map((target) => ({ text: target, tokens: this.formats.target.split(target) }))
      .filter(({ tokens }) => tokens.length <= maxLength && (!prefix.length || begins(this.target.encode(tokens))))
      .map((one) => ({ ...one, score: 0, logProbs: [...one.tokens, END].map(() => 0), finished: true, links: null, alignment: null }));
  }

  // Whether the answer is empty because the source is.
  #isEmpty({ windows, tokens }, prefix) {
    if (!this.limits.shortest_source || windows.length > 1 || prefix.length) return false;
    return tokens.every((token) => isSpace(token) && !this.source.has(token));
  }

  #emptyRecord(reading, flags) {
    const attends = this.networks[0].spec.attention !== "none", columns = reading.features.length + reading.tokens.length + 1;
    const alignment = attends ? [Float64Array.from({ length: columns }, (_, s) => Number(s === columns - 1))] : null;
    const empty = { text: "", tokens: [], score: 0, logProbs: [0], links: attends ? [] : null, alignment };
    return this.#record(reading, [empty], { flags: [...flags, "empty"], confidence: reading.tokens.every(isSpace) ? 1 : 0 });
  }

  #confidence(hypothesis, { tokens, unknown }) {
    if (!this.confidence) return null;
    const ids = [...this.source.encode(tokens), END];
    return this.confidence.of(hypothesis.logProbs, this.confidence.factor(ids, unknown.filter(isFeature).length));
  }

  // The candidates for the windows of a source as one hypothesis; inference/hypotheses.py.
  #hypothesis(candidates, reading) {
    const parts = candidates.map((one, i) => this.#decoded(one, reading, reading.windows[i]));
    if (parts.length === 1) return parts[0];
    const tokens = [], logProbs = [], links = [];
    parts.forEach((part, i) => {
      for (const [s, t] of part.links ?? []) links.push([s, tokens.length + t]);
      tokens.push(...part.tokens);
      logProbs.push(...part.logProbs.slice(0, -1));
      const atSpace = i + 1 < parts.length && isSpace(reading.tokens[reading.windows[i].end - 1]);
      if (!atSpace || tokens.at(-1) === " " || !this.target.has(" ")) return;
      tokens.push(" ");
      logProbs.push(0);
    });
    logProbs.push(sum(parts.map((part) => part.logProbs.at(-1))));
    return {
      text: this.formats.target.join(tokens), tokens, logProbs, score: sum(logProbs) / logProbs.length,
      finished: parts.every((part) => part.finished), alignment: null, links: parts[0].links && links,
    };
  }

  // A candidate for one window as text, with unknown symbols that were copied spelled out; inference/copying.py.
  #decoded({ ids, logProbs, score, finished, weights, nMasked }, reading, { ids: read, features, first, end }) {
    const tokens = this.target.decode(ids);
    const found = { tokens, score, logProbs, finished, alignment: null, links: null };
    if (!weights) return { ...found, text: this.formats.target.join(tokens) };
    const n = features.length, at = (t, s) => (s < nMasked ? 0 : weights[t][s - nMasked]); // s: of the window's ids
    const strongest = (t, columns) => columns.reduce((best, s) => (at(t, s) > at(t, best) ? s : best), columns[0]);
    const own = Array.from({ length: end - first }, (_, i) => n + i), unknown = own.filter((s) => read[s] === UNKNOWN);
    ids.forEach((id, t) => {
      if (id === UNKNOWN && unknown.length) tokens[t] = reading.tokens[first + strongest(t, unknown) - n];
    });
    const links = own.length ? ids.map((_, t) => [first + strongest(t, own) - n, t]) : [];
    const F = reading.features.length, width = F + reading.tokens.length + 1;
    const places = [...features, ...own.map((s) => F + s - n), width - 1];
    const alignment = reading.windows.length > 1 ? null : weights.map((_, t) => {
      const row = new Float64Array(width);
      places.forEach((column, s) => { row[column] = at(t, s); });
      return row;
    });
    return { ...found, text: this.formats.target.join(tokens), alignment, links };
  }

  #record({ text, given, features, tokens }, hypotheses, { flags, confidence }) {
    const finite = (value) => (Number.isFinite(value) ? value : null);
    const nBest = hypotheses.map(({ text: answer, tokens: own, score, logProbs, links }) => ({
      text: answer, tokens: own, score: finite(score), token_scores: logProbs.map(finite), alignment: links,
    }));
    const decimals = (row) => Array.from(row, (weight) => Math.round(1e4 * weight) / 1e4);
    return {
      source: text, ...(given && { features: given }), ...nBest[0], confidence, flags, n_best: nBest,
      source_tokens: [...features, ...tokens],
      attention: hypotheses.map(({ alignment }) => alignment && alignment.map(decimals)),
    };
  }
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

// Round half to even, as Python does.
function rounded(x) {
  const below = Math.floor(x), part = x - below;
  return part > 0.5 || (part === 0.5 && below % 2) ? below + 1 : below;
}

// The n combinations of one candidate of each window with the least loss of score, by best-first search; inference/windows.py.
function combined(found, n) {
  const chains = new Map(), queue = [{ loss: 0, ranks: found.map(() => 0) }], seen = new Set();
  while (queue.length && chains.size < n) {
    queue.sort((a, b) => a.loss - b.loss || a.ranks.map((rank, i) => rank - b.ranks[i]).find(Boolean));
    const { loss, ranks } = queue.shift(), parts = ranks.map((rank, i) => found[i][rank]);
    const key = JSON.stringify(parts.map((part) => part.ids));
    if (!chains.has(key)) chains.set(key, parts);
    ranks.forEach((rank, i) => {
      const worse = ranks.with(i, rank + 1);
      if (n === 1 || !found[i][rank + 1] || seen.has(String(worse))) return;
      seen.add(String(worse));
      queue.push({ loss: loss + found[i][rank].score - found[i][rank + 1].score, ranks: worse });
    });
  }
  return [...chains.values()];
}
