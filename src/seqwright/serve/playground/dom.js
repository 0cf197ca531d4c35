"use strict";
// What every view uses: elements, and how values are written.

const byId = (id) => document.getElementById(id);

// An element with properties; attributes that are no properties go into `attributes`.
function element(tag, { attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A share of one; what is too small to be written is not none.
function percent(share) {
  if (share > 0 && share < 0.0005) return "<\u20090.1\u00a0%";
  return (share >= 0.9995 ? "100" : (100 * share).toFixed(share < 0.0995 ? 1 : 0)) + "\u00a0%";
}
const grouped = (number) => number.toLocaleString("en");
const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

const END = "■";
const BLANKS = { " ": "␣", "\t": "⇥", "\u00a0": "⍽" };
const isFeature = (token) => token.startsWith("feature ");

// Conjoining jamo by block: where it begins, and the letters that are shown alone.
const JAMO = [
  [0x1100, "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"],
  [0x1161, "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"],
  [0x11a8, "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"],
];
const jamo = (token) => token.length === 1 && JAMO.map(([first, letters]) => letters[token.charCodeAt(0) - first]).find(Boolean);

// A token as it is shown alone: blanks have a sign, a part of a syllable is a letter of its own, and a combining mark has
// something to combine with.
function visible(token) {
  if (token === null) return END;
  if (jamo(token)) return jamo(token);
  if (token in BLANKS) return BLANKS[token];
  if (isFeature(token)) return token.slice("feature ".length);
  return /^\p{M}/u.test(token) ? `\u25cc${token}` : token;
}
const named = (token) => (token === null ? "the end" : token === " " ? "space" : visible(token));

// The direction in which a row of tokens is read: that of its first letter.
function direction(tokens) {
  const letter = tokens.filter((token) => token !== null && !isFeature(token)).join("").match(/\p{L}/u);
  const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
  return letter && rightToLeft.test(letter[0]) ? "rtl" : "ltr";
}

// Let the arrow keys move the focus among items, of which only one is reached by Tab.
function roving(items, { at = 0, rightToLeft = false } = {}) {
  items.forEach((item, i) => {
    item.tabIndex = i === at ? 0 : -1;
    item.addEventListener("focus", () => items.forEach((other) => (other.tabIndex = other === item ? 0 : -1)));
    item.addEventListener("keydown", (event) => {
      const [back, on] = rightToLeft ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
      const to = { [back]: i - 1, [on]: i + 1, Home: 0, End: items.length - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      items[Math.max(0, Math.min(items.length - 1, to))].focus();
    });
  });
}
