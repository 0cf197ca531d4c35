"use strict";
// Texts into tokens and back, and tokens into ids: data/text.py, data/subwords.py and data/vocabulary.py.

const SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"];
const FEATURE = "feature ", UNKNOWN_FEATURE = FEATURE;
const isFeature = (symbol) => symbol.startsWith(FEATURE);
const isSpace = (text) => /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/.test(text); // str.isspace

function featureSymbols(features) {
  return features.normalize("NFC").split(";").filter(Boolean).map((name) => FEATURE + name);
}

// How one side is cut into tokens and joined again.   tokens: "characters", "graphemes" or "words"; replaced by subwords, the
// pieces and scores of a unigram model, where they are given.   form: "NFC", "NFD", "NFKC", "NFKD" or "none".
class Format {
  constructor({ tokens, form, subwords }) {
    Object.assign(this, { form, subwords: subwords && new Subwords(subwords) });
    if (tokens === "graphemes" && !Intl.Segmenter) throw new Error("This browser cannot split text into graphemes.");
    this.tokens = {
      characters: (text) => Array.from(text),
      graphemes: (text) => Array.from(new Intl.Segmenter("und").segment(text), ({ segment }) => segment),
      words: (text) => text.split(" ").filter(Boolean),
      subwords: (text) => this.subwords.split(text),
    }[subwords ? "subwords" : tokens];
    this.between = tokens === "words" ? " " : "";
  }

  normalized(text) {
    return this.form === "none" ? text : text.normalize(this.form);
  }

  split(text) {
    return this.tokens(this.normalized(text));
  }

  join(tokens) {
    const joined = this.subwords ? tokens.join("").replaceAll(SPACE, " ").replace(/^ /, "") : tokens.join(this.between);
    return this.form === "none" ? joined : joined.normalize("NFC");
  }
}

const SPACE = "\u2581"; // written for U+0020 in pieces
const UNKNOWN_PENALTY = 10; // of a character in no piece, below the least score: SentencePiece's kUnkPenalty

// Segmentation by a unigram model: the pieces of the highest total score (Kudo 2018), by the Viterbi algorithm. Sums are
// rounded to float32, as SentencePiece's are, so that equal totals are equal here too.
class Subwords {
  // pieces: of the model, without control symbols.   scores: of each.
  constructor({ pieces, scores }) {
    this.scores = new Map(pieces.map((piece, i) => [piece, scores[i]]));
    this.longest = Math.max(...pieces.map((piece) => Array.from(piece).length));
    this.unknown = Math.fround(scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY);
  }

  split(text) {
    if (!text) return [];
    const characters = Array.from(SPACE + text.replaceAll(" ", SPACE)), n = characters.length;
    const totals = new Array(n + 1).fill(-Infinity), starts = new Array(n + 1), known = new Array(n + 1);
    totals[0] = 0;
    const offer = (start, end, score, isKnown) => {
      const total = Math.fround(totals[start] + score);
      if (total > totals[end]) [totals[end], starts[end], known[end]] = [total, start, isKnown];
    };
    for (let start = 0; start < n; start++) {
      let piece = "";
      for (let end = start + 1; end <= Math.min(n, start + this.longest); end++) {
        piece += characters[end - 1];
        const score = this.scores.get(piece);
        if (score !== undefined) offer(start, end, score, true);
        else if (end === start + 1) offer(start, end, this.unknown, false);
      }
    }
    const pieces = [];
    for (let end = n; end > 0; end = starts[end]) pieces.unshift([characters.slice(starts[end], end).join(""), known[end]]);
    const found = [];
    let joins = false; // adjacent unknown pieces are one
    for (const [piece, isKnown] of pieces) {
      if (joins && !isKnown) found.push(found.pop() + piece);
      else found.push(piece);
      joins = !isKnown;
    }
    return found;
  }
}

class Vocabulary {
  constructor(symbols) {
    this.names = [...SPECIAL, ...symbols];
    this.ids = new Map(symbols.map((symbol, i) => [symbol, i + SPECIAL.length]));
  }

  has(symbol) {
    return this.ids.has(symbol);
  }

  encode(tokens) {
    const unknownFeature = this.ids.get(UNKNOWN_FEATURE) ?? UNKNOWN;
    return tokens.map((token) => this.ids.get(token) ?? (isFeature(token) ? unknownFeature : UNKNOWN));
  }

  decode(ids) {
    return ids.map((id) => this.names[id]);
  }

  unknown(tokens) {
    return tokens.filter((token) => !this.has(token));
  }

  // For each id that of the same symbol in another vocabulary, -1 where it has none.
  copyMap(target) {
    const ofSpecial = (id) => (id === END || id === UNKNOWN ? id : -1); // the others differ in meaning
    return this.names.map((name, id) => (id < SPECIAL.length ? ofSpecial(id) : target.ids.get(name) ?? -1));
  }

  features() {
    return this.names.map((name, id) => id >= SPECIAL.length && isFeature(name));
  }
}
