"use strict";
// The playground: what is typed is sent to /v1/predict, and its answers are shown. No other host is contacted.

const byId = (id) => document.getElementById(id);
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const percent = (share) => (share >= 0.9995 ? "100" : (100 * share).toFixed(1)) + "\u00a0%";
const visible = (token) => (token === " " ? "␣" : token.startsWith("feature ") ? token.slice(8) : token);

const WAIT_MS = 120;      // after the last key
const MOST_CELLS = 4000;  // of an attention table
const FLAGS = {
  unknown: (what) => `${what.replace(":", " ")}: not in the training data of this model`,
  refused: () => "no answer",
  lexicon: () => "answered from the model's lexicon",
  unsure: () => "not confident enough for an answer",
  empty: () => "the source is empty, and so is its answer",
  windows: (n) => `longer than the sources of the training; answered in ${n} parts`,
  cut: () => "ended at the greatest length",
  repeats: () => "the answer repeats itself",
};

let models = [];
let answer = null;
let selected = 0;
let pending = null;  // AbortController of the request that is under way
let timer = 0;

async function call(path, options = {}) {
  const token = byId("token").value;
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(options.body && { "Content-Type": "application/json" }) };
  const response = await fetch(path, { ...options, headers });
  const body = await response.json();
  if (response.status === 401) byId("token-field").hidden = false;
  if (!response.ok) throw new Error(response.status === 401 ? "This server needs a token." : body.detail);
  return body;
}

function say(text) {
  byId("message").textContent = text;
  byId("message").hidden = !text;
}

async function start() {
  try {
    models = (await call("/v1/models")).models;
  } catch (error) {
    say(error.message);
    return;
  }
  say("");
  byId("model").replaceChildren(...models.map((one) => new Option(one.name)));
  byId("model-choice").hidden = models.length < 2;
  choose();
}

function choose() {
  const card = models[byId("model").selectedIndex];
  byId("features-field").hidden = !card.features.length;
  byId("known-features").replaceChildren(...card.features.map((name) => new Option(name)));
  byId("report").hidden = !card.report;
  byId("report").href = `/models/${encodeURIComponent(card.name)}/report`;
  byId("card").replaceChildren(...facts(card).flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]));
  document.title = `${card.name} · seqwright`;
  predict();
}

function facts(card) {
  const n = (value) => value.toLocaleString("en");
  const side = (one) => `${n(one.n_symbols)} symbols (${one.tokens}): ${one.symbols.slice(0, 60).map(visible).join(" ")}${one.n_symbols > 60 ? " …" : ""}`;
  const networks = card.networks > 1 ? `${card.networks} networks, ` : "";
  const layers = `encoder ${card.encoder_layers}, decoder ${card.decoder_layers} LSTM layers of ${card.hidden_size} units`;
  return [
    ["Name", card.name],
    ["Network", `${networks}${layers}, ${card.attention === "none" ? "no" : card.attention} attention${card.copying ? ", copying" : ""}`],
    ["Parameters", `${n(card.parameters)} (${card.weights})`],
    ["Source", side(card.source)],
    ["Target", side(card.target)],
    card.data.length && ["Data", card.data.join(", ") + (card.pairs ? ` (${n(card.pairs)} pairs)` : "")],
    "dev_accuracy" in card.dev && ["Dev accuracy", `${card.dev.dev_accuracy.toFixed(1)} %`],
    "dev_ter" in card.dev && ["Dev token error rate", `${card.dev.dev_ter.toFixed(1)} %`],
    card.lexicon && ["Lexicon", `${n(card.lexicon)} pairs`],
  ].filter(Boolean);
}

function request() {
  const number = (id, otherwise) => Math.min(32, Math.max(1, byId(id).valueAsNumber || otherwise));
  const asked = { sources: [byId("source").value], n_best: number("n-best", 1), beam: number("beam", 5) };
  if (!byId("features-field").hidden) asked.features = [byId("features").value];
  if (byId("prefix").value) asked.prefix = byId("prefix").value;
  if (models.length > 1) asked.model = byId("model").value;
  return asked;
}

async function predict() {
  clearTimeout(timer);
  pending?.abort();
  const asked = request();
  const command = JSON.stringify(asked).replaceAll("'", "'\\''");
  byId("curl").textContent = `curl ${location.origin}/v1/predict --json '${command}'`;
  if (!models.length) return;
  if (!asked.sources[0]) {
    say("");
    show(null);
    return;
  }
  pending = new AbortController();
  byId("answers").classList.add("stale");
  try {
    const body = JSON.stringify({ ...asked, attention: true });
    const found = await call("/v1/predict", { method: "POST", body, signal: pending.signal });
    say("");
    show(found.answers[0]);
  } catch (error) {
    if (error.name === "AbortError") return;
    say(error instanceof TypeError ? "The server does not answer." : error.message);
    show(null);
  }
}

function show(found) {
  answer = found;
  selected = 0;
  byId("answers").classList.remove("stale");
  byId("empty").hidden = Boolean(found);
  byId("answers").replaceChildren(...(found?.n_best ?? []).map(hypothesis));
  byId("confidence").hidden = found?.confidence == null;
  if (found?.confidence != null) byId("confidence").textContent = `Confidence that the first answer is correct: ${percent(found.confidence)}`;
  byId("flags").hidden = !found?.flags.length;
  byId("flags").replaceChildren(...(found?.flags ?? []).map((flag) => {
    const [, kind, what] = flag.match(/^([^:]*):?(.*)$/s);
    return element("li", { textContent: kind in FLAGS ? FLAGS[kind](what) : flag });
  }));
  drawAttention();
}

function hypothesis(one, i) {
  const share = Math.exp(one.token_scores.reduce((sum, score) => sum + (score ?? -Infinity), 0));
  const text = element("span", { className: one.text ? "text" : "text none", textContent: one.text || "empty answer", dir: "auto" });
  const bar = element("span", { className: "bar" });
  bar.style.setProperty("--share", `${100 * share}%`);
  const button = element("button", { type: "button", title: "Show its attention weights" }, text, element("span", { className: "share", title: "Probability", textContent: percent(share) }), bar);
  button.setAttribute("aria-pressed", String(i === selected));
  button.addEventListener("click", () => {
    selected = i;
    document.querySelectorAll("#answers button").forEach((other, j) => other.setAttribute("aria-pressed", String(j === i)));
    drawAttention();
  });
  return element("li", {}, button);
}

function drawAttention() {
  const weights = answer?.attention[selected];
  const drawn = weights && weights.length * weights[0].length <= MOST_CELLS && weights[0].length === answer.source_tokens.length + 1;
  byId("attention-section").hidden = !drawn;
  if (!drawn) return;
  const heading = (token, scope) => element("th", { scope, textContent: visible(token) });
  const columns = [...answer.source_tokens, "■"].map((token) => heading(token, "col"));
  const rows = [...answer.n_best[selected].tokens, "■"].map((token, t) => {
    const head = heading(token, "row");
    const cells = weights[t].map((weight, s) => {
      const cell = element("td", { title: `${head.textContent} ← ${columns[s].textContent}: ${percent(weight)}` });
      cell.setAttribute("aria-label", percent(weight));
      cell.style.setProperty("--weight", weight);
      for (const [event, lit] of [["mouseenter", true], ["mouseleave", false]]) {
        cell.addEventListener(event, () => [head, columns[s]].forEach((one) => one.classList.toggle("lit", lit)));
      }
      return cell;
    });
    return element("tr", {}, head, ...cells);
  });
  byId("attention").replaceChildren(element("thead", {}, element("tr", {}, element("td", { className: "corner" }), ...columns)), element("tbody", {}, ...rows));
}

byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").addEventListener("input", (event) => {
  if (event.target.id === "token") return;
  clearTimeout(timer);
  timer = setTimeout(predict, WAIT_MS);
});
byId("token").addEventListener("change", start);
byId("model").addEventListener("change", choose);
start();
