"use strict";
// The model in the page: a description in JSON and arrays, compressed; exporters/payload.py writes it.

// Return the description and a function that returns an array by name.   data: base64 of a zlib stream of the length of the
// description (uint32), the description, and the arrays that it lists as [name, type, shape, position], little-endian.
async function unpacked(data) {
  if (!globalThis.DecompressionStream) throw new Error("This browser is too old for this page, which needs one of 2023.");
  const packed = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const description = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const types = { int8: Int8Array, int32: Int32Array, int64: BigInt64Array, float32: Float32Array };
  const arrays = new Map(description.arrays.map(([name, type, shape, position]) => {
    const n = shape.reduce((product, size) => product * size, 1), Type = types[type];
    const begin = 4 + length + position;
    return [name, { shape, values: new Type(buffer.slice(begin, begin + n * Type.BYTES_PER_ELEMENT)) }];
  }));
  return [description, (name) => arrays.get(name)];
}

// The weights of a network by name, as float32: 8-bit codes times the scale of their column or, for `rows`, of their row, as
// models/int8.py.
function floats(names, rows, array) {
  const found = {};
  for (const name of names) {
    const { shape, values } = array(name), scales = array(`${name}.scales`)?.values, weight = name.replace(/^\d+\./, "");
    const [N, byRow] = [shape.at(-1), rows.includes(weight)];
    const scaled = scales ? new Float32Array(values) : values;
    for (let i = 0; scales && i < scaled.length; i++) scaled[i] *= scales[byRow ? Math.floor(i / N) : i % N];
    found[weight] = { shape, values: scaled };
  }
  return found;
}

// Return the predictor for the model.
async function loaded(data) {
  const [{ networks, source, target, limits, lexicon, calibration }, array] = await unpacked(data);
  const symbols = { source: new Vocabulary(source.symbols), target: new Vocabulary(target.symbols) };
  const maps = { copyMap: symbols.source.copyMap(symbols.target), features: symbols.source.features() };
  const formats = { source: new Format(source), target: new Format(target) };
  const entries = new Map();
  for (const [text, target, features] of lexicon) {
    const key = JSON.stringify([formats.source.normalized(text), ...featureSymbols(features)]);
    entries.set(key, [...new Set([...(entries.get(key) ?? []), target])]);
  }
  return new Predictor({
    networks: networks.map(({ spec, weights, rows }) => new Network(spec, floats(weights, rows, array), maps)),
    ...symbols, formats, limits, lexicon: entries,
    reader: new Reader(formats.source, symbols.source, networks[0].spec, limits),
    confidence: calibration && new Confidence(calibration, array("ngrams")?.values, array("counts")?.values),
  });
}
