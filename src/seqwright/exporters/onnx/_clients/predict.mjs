// Answers with a model that `seqwright export --onnx` wrote, in a browser or Node.js, by onnxruntime-web.
//
//   import * as ort from "onnxruntime-web";
//   import { Model } from "./predict.mjs";
//   const model = await Model.load(ort, "DIR");        // a path, or the address of the directory
//   await model.predict(["a source", "another"]);
//
//   npm install onnxruntime-web && node predict.mjs DIR < sources.txt     one source a line; features after a tab

const PAD = 0, UNKNOWN = 1, END = 3;
const FEATURE = "feature ";                             // precedes a feature's name in the vocabulary

export class Model {
  static async load(ort, directory) {
    const rules = JSON.parse(new TextDecoder().decode(await bytes(`${directory}/model.json`)));
    const session = await ort.InferenceSession.create(await bytes(`${directory}/search.onnx`));
    return new Model(ort, rules, session);
  }

  constructor(ort, rules, session) {
    Object.assign(this, { ort, rules, session });
    this.ids = new Map(rules.source.symbols.map((symbol, id) => [symbol, id]).slice(END + 1));
    this.hasSpace = rules.target.symbols.indexOf(" ", END + 1) > END;
    this.lexicon = new Map();
    for (const [source, features, target] of rules.lexicon) {
      const key = this.key(source, features);
      if (!this.lexicon.has(key)) this.lexicon.set(key, target);
    }
  }

  // The best target of each source.   features: such as "V;PST" for each source.
  async predict(sources, { features = [], beam = 5, batch = 64 } = {}) {
    const readings = sources.map((source, i) => this.read(source, features[i] ?? ""));
    const windows = readings.flatMap((reading, r) => (typeof reading === "string" ? [] : reading.map((w) => [r, w])));
    const order = windows.map((_, i) => i).sort((a, b) => windows[a][1].ids.length - windows[b][1].ids.length);
    const found = [];
    for (let first = 0; first < order.length; first += batch) {
      const some = order.slice(first, first + batch);
      (await this.search(some.map((i) => windows[i][1]), beam)).forEach((tokens, k) => (found[some[k]] = tokens));
    }
    const answers = sources.map(() => []);
    windows.forEach(([r, window], i) => {
      answers[r].push(...found[i]);
      if (window.beforeSpace && this.hasSpace && answers[r].at(-1) !== " ") answers[r].push(" ");
    });
    return readings.map((reading, r) => (typeof reading === "string" ? reading : join(answers[r], this.rules.target)));
  }

  key(source, features) {
    return JSON.stringify([normalized(source, this.rules.source.unicode_form), ...featureSymbols(features)]);
  }

  // A known answer, or the windows of a source.
  read(source, features) {
    const { rules, ids } = this;
    const known = this.lexicon.get(this.key(source, features));
    if (known !== undefined) return known;
    let names = featureSymbols(features)
      .filter((name) => ids.has(name) || name.slice(FEATURE.length).trim())
      .map((name) => {
        const bare = FEATURE + name.slice(FEATURE.length).trim();
        return !ids.has(name) && ids.has(bare) ? bare : name;
      });
    if (rules.drop_unknown_features) names = names.filter((name) => ids.has(name));
    const before = names.map((name) => ids.get(name) ?? ids.get(FEATURE) ?? UNKNOWN);
    const tokens = split(source, rules.source);
    const isEmpty = tokens.every((token) => isSpace(token) && !ids.has(token));
    if (rules.empty_answers_empty && isEmpty && tokens.length <= rules.window) return "";
    let first = 0;
    return ends(tokens, rules.window).map((end) => {
      const some = tokens.slice(first, end);
      first = end;
      return {
        ids: [...before, ...some.map((token) => ids.get(token) ?? UNKNOWN), END],
        nFeatures: before.length,
        tokens: some,
        beforeSpace: end < tokens.length && isSpace(some.at(-1)),
      };
    });
  }

  // The tokens of the best target of each window.
  async search(windows, beam) {
    const B = windows.length, S = Math.max(...windows.map((window) => window.ids.length));
    const source = new BigInt64Array(B * S).fill(BigInt(PAD));
    windows.forEach((window, b) => window.ids.forEach((id, s) => (source[b * S + s] = BigInt(id))));
    const tensor = (data, dims) => new this.ort.Tensor("int64", data, dims);
    const found = await this.session.run({
      source: tensor(source, [B, S]),
      beam: tensor(BigInt64Array.of(BigInt(beam)), [1]),
    });
    const [, K, T] = found.ids.dims, { symbols } = this.rules.target;
    return windows.map((window, b) => {
      const n = Math.max(0, Number(found.lengths.data[b * K]) - 1);
      const ids = Array.from(found.ids.data.slice(b * K * T, b * K * T + n), Number);
      if (!found.attention) return ids.map((id) => symbols[id]);
      const columns = window.tokens.flatMap((token, i) => (this.ids.has(token) ? [] : [i]));
      return ids.map((id, t) => {                       // an unknown symbol is copied from the greatest weight
        if (id !== UNKNOWN || !columns.length) return symbols[id];
        const row = (b * K * T + t) * S + window.nFeatures;
        const weight = (i) => found.attention.data[row + i];
        return window.tokens[columns.reduce((best, i) => (weight(i) > weight(best) ? i : best))];
      });
    });
  }
}

// The end of each window of at most `most` tokens: after the last space of its second half, if there is one.
function ends(tokens, most) {
  const found = [];
  let first = 0;
  while (tokens.length - first > most) {
    let end = first + most;
    while (end > first + Math.floor(most / 2) && !isSpace(tokens[end - 1])) end--;
    first = end > first + Math.floor(most / 2) ? end : first + most;
    found.push(first);
  }
  return [...found, tokens.length];
}

const isSpace = (token) => /^[\s\x1c-\x1f\x85]+$/u.test(token) && token !== "\ufeff";
const normalized = (text, form) => (form === "none" ? text : text.normalize(form));
const featureSymbols = (features) =>
  features.normalize("NFC").split(";").filter((name) => name).map((name) => FEATURE + name);

function split(text, side) {
  text = normalized(text, side.unicode_form);
  if (side.tokens === "words") return text.split(" ").filter((word) => word);
  if (side.tokens === "graphemes")
    return Array.from(new Intl.Segmenter("und", { granularity: "grapheme" }).segment(text), (one) => one.segment);
  return side.tokens === "subwords" ? pieces(text, side) : Array.from(text);
}

function join(tokens, side) {
  let text = tokens.join(side.tokens === "words" ? " " : "");
  if (side.tokens === "subwords") text = text.replaceAll("\u2581", " ").replace(/^ /, "");
  return normalized(text, side.unicode_form === "none" ? "none" : "NFC");
}

// The most likely pieces of a text (Viterbi, Kudo 2018); neighbouring unknown characters are one piece.
function pieces(text, side) {
  if (!text) return [];
  side.scores ??= new Map(side.pieces);
  side.longest ??= Math.max(...side.pieces.map(([piece]) => Array.from(piece).length));
  side.unknown ??= Math.min(...side.scores.values()) - 10;
  const c = ["\u2581", ...Array.from(text.replaceAll(" ", "\u2581"))];
  const best = [[0, 0, true], ...c.map(() => [-Infinity, 0, true])];   // score, start of the last piece, whether known
  for (let start = 0; start < c.length; start++) {
    for (let end = start + 1; end <= Math.min(c.length, start + side.longest); end++) {
      const score = side.scores.get(c.slice(start, end).join(""));
      const total = best[start][0] + (score ?? (end === start + 1 ? side.unknown : -Infinity));
      if (total > best[end][0]) best[end] = [total, start, score !== undefined];
    }
  }
  const found = [];
  for (let end = c.length, lastKnown = true; end; ) {
    const [, start, known] = best[end], piece = c.slice(start, end).join("");
    if (found.length && !known && !lastKnown) found.push(piece + found.pop());
    else found.push(piece);
    [end, lastKnown] = [start, known];
  }
  return found.reverse();
}

async function bytes(address) {
  if (typeof process === "undefined" || /^https?:/.test(address)) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
  return new Uint8Array(await (await import("node:fs/promises")).readFile(address));
}

if (typeof process !== "undefined" && process.argv[1] && import.meta.url.endsWith("/predict.mjs")
    && process.argv[1].endsWith("predict.mjs")) {
  const ort = await import("onnxruntime-web");
  const { readFileSync } = await import("node:fs");
  ort.env.wasm.numThreads = 1;                          // more would wait actively between small products
  const rows = readFileSync(0, "utf8").split("\n").slice(0, -1).map((line) => line.split("\t"));
  const model = await Model.load(ort, process.argv[2]);
  const answers = await model.predict(rows.map((row) => row[0]), { features: rows.map((row) => row[1] ?? "") });
  console.log(answers.join("\n"));
}
