"use strict";
// Where two sequences differ.

// Return for each element of a whether it is in the longest common subsequence of a and b.
function shared(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const found = [];
  for (let i = 0, j = 0; i < a.length; ) {
    if (j < b.length && a[i] === b[j]) { found.push(true); i++; j++; }
    else if (j < b.length && length[i][j + 1] > length[i + 1][j]) j++;
    else { found.push(false); i++; }
  }
  return found;
}

// What a reader calls characters; of tokens between spaces, the tokens and the spaces.
const characters = (text) => Array.from(new Intl.Segmenter().segment(text), (one) => one.segment);
const units = (text, tokens) => (tokens.length > 1 && tokens.join(" ") === text ? text.split(/( )/) : characters(text));

// The pieces of an answer { text, tokens }, each with whether another one has it too; parts next to each other are one piece.
function pieces(one, other) {
  const own = units(one.text, one.tokens), common = shared(own, units(other.text, other.tokens)), found = [];
  own.forEach((text, i) => {
    const same = common[i] || text === " ";
    if (found.at(-1)?.common === same) found.at(-1).text += text;
    else found.push({ text, common: same });
  });
  return found;
}
