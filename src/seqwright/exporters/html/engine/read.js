"use strict";
// Sources as the encoder receives them: tokens, and the windows of ids into which long ones are split; inference/reading.py.

const MOST_TOKENS = 1 << 16, MOST_CELLS = 1 << 24, SHORTEST_WINDOW = 50; // data/limits.py

class Reader {
  // spec: a ModelSpec.   limits: of the training's pairs, data/limits.py.
  constructor(format, vocabulary, spec, limits) {
    const dropsUnknownFeatures = !vocabulary.has(UNKNOWN_FEATURE) && (spec.copying || spec.sum_features);
    Object.assign(this, { format, vocabulary, limits, dropsUnknownFeatures });
  }

  // A source in tokens and in windows of ids; at most maxTokens each.
  read(text, features, maxTokens = this.#window()) {
    const names = this.#features(features), tokens = this.format.split(text);
    const kept = [...names.keys()].filter((i) => this.vocabulary.has(names[i]) || !this.dropsUnknownFeatures);
    const before = this.vocabulary.encode(kept.map((i) => names[i]));
    const windows = split(tokens, maxTokens).map(([first, end]) => ({
      ids: [...before, ...this.vocabulary.encode(tokens.slice(first, end)), END], features: kept, first, end,
    }));
    return { text, given: features, features: names, tokens, unknown: this.vocabulary.unknown([...names, ...tokens]), windows };
  }

  // The symbol of each feature, without the spaces around its name if only that symbol is known.
  #features(features) {
    return features.split(";").flatMap((name) => {
      const given = featureSymbols(name), stripped = featureSymbols(name.trim());
      return !this.vocabulary.unknown(given).length || this.vocabulary.unknown(stripped).length ? given : stripped;
    });
  }

  #window() {
    const { longest_source: source, longest_target: target } = this.limits;
    return Math.max(Math.min(2 * (source || target), MOST_TOKENS), SHORTEST_WINDOW);
  }
}

// The [first, end] of each window: after the last space of its second half, or where it is full.
function split(tokens, maxTokens) {
  const found = [];
  let first = 0;
  while (tokens.length - first > maxTokens) {
    let end = first + maxTokens;
    for (let i = first + Math.floor(maxTokens / 2); i < first + maxTokens; i++) if (isSpace(tokens[i])) end = i + 1;
    found.push([first, end]);
    first = end;
  }
  return [...found, [first, tokens.length]];
}
