"use strict";
// The card of a model: what it is, what it was trained on, how good it is.

const MOST_SYMBOLS = 80;

function facts(card) {
  const networks = card.networks > 1 ? `${card.networks} networks of ` : "";
  const layers = `${networks}encoder ${card.encoder_layers}, decoder ${card.decoder_layers} LSTM layer${card.decoder_layers === 1 ? "" : "s"} of ${card.hidden_size} units`;
  const attention = card.attention === "none" ? "no attention" : `${card.attention} attention`;
  return [
    ["Trained on", [card.pairs != null && counted(card.pairs, "pair"), card.data.length && card.data.join(", ")].filter(Boolean).join(" of ") || "not recorded"],
    ["On its dev set", [scores(card.dev), card.dev_data.join(", ") || "held out of the training data"].join("; ")],
    ["Network", [layers, attention, card.bidirectional && "both directions", card.copying && "copying"].filter(Boolean).join(", ")],
    ["Size", `${counted(card.parameters, "parameter")}, ${card.weights}`],
    ["Source", side(card.source)],
    ["Target", side(card.target)],
    card.features.length && ["Features", symbols(card.features, card.features.length)],
    card.lexicon && ["Lexicon", counted(card.lexicon, "pair")],
    ["Confidence", card.calibrated ? "calibrated on the dev set" : "not calibrated"],
  ].filter(Boolean);
}

function scores(dev) {
  const figures = [
    "dev_accuracy" in dev && `${dev.dev_accuracy.toFixed(1)} % correct`,
    "dev_ter" in dev && `${dev.dev_ter.toFixed(1)} % token errors`,
    "dev_chrf" in dev && `chrF ${dev.dev_chrf.toFixed(1)}`,
    "dev_bleu" in dev && `BLEU ${dev.dev_bleu.toFixed(1)}`,
  ].filter(Boolean);
  return figures.join(", ") || "not measured";
}

const side = (one) => symbols(one.symbols, one.n_symbols, ` (${one.tokens})`);

// The most frequent symbols, each apart from the next in any script.
function symbols(some, n, kind = "") {
  const shown = some.slice(0, MOST_SYMBOLS).flatMap((symbol) => [element("bdi", { textContent: visible(symbol) }), " "]);
  const list = element("span", { className: "alphabet" }, ...shown, n > MOST_SYMBOLS ? "…" : "");
  return element("span", {}, `${counted(n, "symbol")}${kind}`, list);
}

// The card with its heading, and the report if there is one.
function cardView(card, report) {
  const list = element("dl", {}, ...facts(card).flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", {}, value)]));
  const link = report && element("p", {}, element("a", { href: report, textContent: `Report on ${card.name}` }));
  return element("div", { className: "card" }, element("h3", { textContent: card.name }), list, ...(link ? [link] : []));
}
