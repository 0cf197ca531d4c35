"use strict";
// What the flags of an answer state: unknown symbols and repetition; inference/answer.py and inference/repetition.py.

// Distinct symbols as one word each: a feature as feature:NAME, one that cannot be printed as code points.
function spelled(symbols) {
  const code = (one) => `U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const codes = (word) => Array.from(word, code).join(" ");
  return [...new Set(symbols)].map((symbol) => (isFeature(symbol) ? symbol.replace(" ", ":") : symbol))
    .map((word) => (/[\p{C}\p{Z}]/u.test(word) ? codes(word) : word));
}

// Whether a phrase, or a token, follows itself more often than in the source.
function repeats(text, tokens, source) {
  const words = (one) => one.split(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter(Boolean);
  const runs = (some, read, size, least) => longestRun(some, size) >= least && longestRun(some, size) > longestRun(read, size);
  const phrases = [[1, 4], [2, 3], [3, 3], [4, 3]];
  return phrases.some(([size, least]) => runs(words(text), words(source), size, least)) || runs(tokens, Array.from(source), 1, 6);
}

// How often, at most, `size` items follow themselves: 1 where none does, 0 where there are fewer.
function longestRun(items, size) {
  let longest = Math.min(1, Math.floor(items.length / size));
  for (let start = 0; start < size; start++) {
    for (let i = start + size, run = 1; i + size <= items.length; i += size) {
      run = items.slice(i, i + size).every((item, j) => item === items[i - size + j]) ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}
