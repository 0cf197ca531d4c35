"use strict";
// The answers of one model to one source: n-best list, flags, symbols with attention, and steering. Sends requests to an engine.

const N_ALTERNATIVES = 8;
const FLAGS = {
  unknown: (what) => `${what}: not in the training data of this model`,
  refused: () => "no answer",
  lexicon: () => "answered from the model's lexicon",
  unsure: () => "not confident enough for an answer",
  empty: () => "the source is empty, and so is its answer",
  windows: (n) => `longer than the sources of the training; answered in ${n} parts`,
  cut: () => "ended at the greatest length",
  repeats: () => "the answer repeats itself",
};
const inWords = (flag) => {
  const [, kind, what] = flag.match(/^([^:]*):?(.*)$/s);
  return kind in FLAGS ? FLAGS[kind](what) : flag;
};

// The flags of an answer in words, unknown symbols in one sentence.
function allInWords(flags) {
  const unknown = flags.filter((flag) => flag.startsWith("unknown:"));
  const others = flags.filter((flag) => !unknown.includes(flag)).map(inWords);
  return unknown.length ? [inWords(`unknown:${unknown.map((flag) => flag.slice("unknown:".length)).join(", ")}`), ...others] : others;
}

class Panel {
  #engine; #request = null; #steps = []; #answer = null; #selected = 0; #searching = null; #opening = null; #open = null;

  // onAnswer: called with this panel after each search.   view(): "lines" or "table".
  constructor(engine, { name, onAnswer }) {
    this.#engine = engine;
    this.onAnswer = onAnswer;
    const part = (tag, className, properties = {}) => (this[className] = element(tag, { className, ...properties }));
    const heading = element("h2", { id: `panel-${name}` }, part("span", "title"));
    const status = part("p", "status", { attributes: { role: "status" } });
    status.classList.add("hidden");
    this.root = element("section", { className: "panel", attributes: { "aria-labelledby": heading.id } },
      heading, status, part("p", "message", { hidden: true, attributes: { role: "alert" } }), part("p", "empty"),
      part("ol", "answers", { attributes: { "aria-label": "Answers, best first" } }),
      part("p", "confidence"), part("p", "reference"), part("ul", "flags"), part("div", "inside"));
    this.view = "lines";
    this.show(null);
  }

  get best() { return this.#answer?.n_best[0] ?? null; }
  get request() { return this.#steered(); }

  // Search for the answers to a request, from its beginning: what was settled before is forgotten.
  ask(request) {
    this.#request = request;
    this.#steps = [];
    return this.#search();
  }

  // Mark where the best answer differs from that of another model; null: mark nothing.
  compare(other) {
    const text = this.answers.querySelector(".text");
    if (!text || !this.best?.text) return;
    text.replaceChildren(...(other == null ? [this.best.text] : pieces(this.best, other).map((piece) => (piece.common ? piece.text : element("mark", { textContent: piece.text })))));
  }

  // Show the target of an example; null: there is none.
  refer(example) {
    this.reference.hidden = example == null || !this.#answer;
    if (this.reference.hidden) return;
    const { target, trained } = example;
    const place = this.#answer.n_best.findIndex((one) => one.text === target);
    const found = place === 0 ? "the first answer" : place > 0 ? `answer ${place + 1}` : "not among these answers";
    this.reference.replaceChildren(trained ? "Training data: " : "Dev set: ", element("bdi", { className: "word", textContent: target }), `, ${found}`);
  }

  show(answer) {
    this.#answer = answer;
    this.#selected = 0;
    const some = answer?.n_best ?? [];
    this.empty.hidden = Boolean(answer);
    this.empty.textContent = "Type a source, and the answers appear here.";
    this.answers.classList.remove("stale");
    this.answers.replaceChildren(...some.map((one, i) => this.#hypothesis(one, i)));
    this.confidence.hidden = answer?.confidence == null;
    if (answer?.confidence != null) this.confidence.textContent = `Confidence that the first answer is correct: ${percent(answer.confidence)}`;
    this.flags.hidden = !answer?.flags.length;
    this.flags.replaceChildren(...allInWords(answer?.flags ?? []).map((textContent) => element("li", { textContent })));
    this.reference.hidden = true;
    this.status.textContent = !answer ? "" : some.length ? `Best of ${counted(some.length, "answer")}: ${some[0].text || "empty"}` : "No answer";
    this.draw();
  }

  // Draw the symbols of the selected answer.
  draw() {
    this.#close();
    const one = this.#answer?.n_best[this.#selected];
    if (!one) return this.inside.replaceChildren();
    const settled = this.#steps.at(-1)?.tokens.length ?? 0;
    const symbols = new Symbols({
      source: this.#answer.source_tokens, tokens: one.tokens, scores: one.token_scores, weights: this.#answer.attention?.[this.#selected],
      kept: settled, onOpen: (position, chip) => this.#toggle(position, chip),
    });
    this.symbols = symbols;
    const table = this.view === "table" && symbols.table();
    if (table) symbols.weights = null;  // the rows alone: the table has the rest
    const strip = element("div", { className: "scroll" }, symbols.rows());
    this.alternatives = element("div", { className: "alternatives", hidden: true });
    this.inside.replaceChildren(...[this.#kept(), strip, this.alternatives, table && element("div", { className: "scroll", tabIndex: 0, attributes: { role: "region", "aria-label": "Attention weights" } }, table)].filter(Boolean));
  }

  #steered() {
    const step = this.#steps.at(-1);
    if (!step || !this.#request) return this.#request;
    return { ...this.#request, prefix_tokens: step.tokens, ...(step.ended && { max_length: step.tokens.length }) };
  }

  async #search() {
    this.#searching?.abort();
    this.#opening?.abort();
    const searching = (this.#searching = new AbortController());
    this.answers.classList.add("stale");
    try {
      const found = await this.#engine.predict({ ...this.#steered(), attention: true }, { signal: searching.signal });
      this.#say("");
      this.show(found.answers[0]);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#say(error.message);
      this.show(null);
      this.empty.hidden = true;
    }
    this.onAnswer(this);
  }

  clear() {
    this.#searching?.abort();
    this.#request = null;
    this.#steps = [];
    this.#say("");
    this.show(null);
    this.onAnswer(this);
  }

  #say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  #hypothesis(one, i) {
    const share = Math.exp(one.token_scores.reduce((sum, score) => sum + (score ?? -Infinity), 0));
    const text = element("span", { className: one.text ? "text" : "text none", textContent: one.text || "empty answer", dir: "auto" });
    const bar = element("span", { className: "bar" });
    bar.style.setProperty("--share", `${100 * share}%`);
    const button = element("button", { type: "button" }, text, element("span", { className: "share", textContent: percent(share) }), bar);
    button.setAttribute("aria-pressed", String(i === this.#selected));
    button.addEventListener("click", () => {
      this.#selected = i;
      this.answers.querySelectorAll("button").forEach((other, j) => other.setAttribute("aria-pressed", String(j === i)));
      this.draw();
    });
    return element("li", {}, button);
  }

  // What the reader has settled, with the way back.
  #kept() {
    if (!this.#steps.length) return element("p", { className: "soft", textContent: "Press a symbol of the answer to see what else could follow there." });
    const button = (textContent, action) => {
      const made = element("button", { type: "button", className: "plain", textContent });
      made.addEventListener("click", action);
      return made;
    };
    const undo = button("Undo", () => this.#back(this.#steps.slice(0, -1)));
    const over = button("Start over", () => this.#back([]));
    const { tokens, ended } = this.#steps.at(-1);
    const shown = element("bdi", { className: "word", textContent: tokens.map(visible).join("\u2009") || "nothing" });
    return element("p", { className: "kept-line" }, element("span", {}, ended ? "Ends after " : "Begins with ", shown), undo, this.#steps.length > 1 ? over : "");
  }

  async #back(steps) {
    const place = steps.at(-1)?.tokens.length ?? 0;
    this.#steps = steps;
    await this.#search();
    this.#focus(place);
  }

  async #choose(position, token) {
    const before = this.#answer.n_best[this.#selected].tokens.slice(0, position);
    this.#steps.push(token === null ? { tokens: before, ended: true } : { tokens: [...before, token], ended: false });
    await this.#search();
    this.#focus(position);
  }

  #focus(position) {
    this.symbols?.answerChips.at(Math.min(position, this.symbols.answerChips.length - 1))?.focus();
  }

  #close() {
    this.#opening?.abort();
    this.#open?.chip.setAttribute("aria-expanded", "false");
    this.#open = null;
    if (this.alternatives) this.alternatives.hidden = true;
  }

  async #toggle(position, chip) {
    const again = this.#open?.chip === chip;
    this.#close();
    if (again) return;
    const opening = (this.#opening = new AbortController());
    this.#open = { chip };
    chip.setAttribute("aria-expanded", "true");
    const { source, features } = this.#answer, { tokens } = this.#answer.n_best[this.#selected];
    const { model } = this.#request;
    try {
      const found = await this.#engine.continue({ source, features: features ?? "", tokens: tokens.slice(0, position), n: N_ALTERNATIVES, model }, { signal: opening.signal });
      this.#offer(found.alternatives, position, tokens[position] ?? null);
    } catch (error) {
      if (error.name !== "AbortError") this.#offer([], position, null, error.message);
    }
  }

  #offer(alternatives, position, present, problem = "") {
    const title = element("p", { className: "soft" }, `Symbol ${position + 1}, `, element("bdi", { textContent: named(present) }), ": what could be here");
    const items = alternatives.map(({ token, score }) => {
      const share = Math.exp(score), bar = element("span", { className: "bar" });
      bar.style.setProperty("--share", `${100 * share}%`);
      const button = element("button", { type: "button", attributes: { "aria-label": `${named(token)}, ${percent(share)}` } },
        element("bdi", { className: "word", textContent: visible(token) }), element("span", { className: "share", textContent: percent(share) }), bar);
      if (token === present) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => this.#choose(position, token));
      return button;
    });
    roving(items);
    const list = element("ul", {}, ...items.map((item) => element("li", {}, item)));
    this.alternatives.replaceChildren(title, problem ? element("p", { textContent: problem }) : list);
    this.alternatives.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      const { chip } = this.#open;
      this.#close();
      chip.focus();
    };
    this.alternatives.hidden = false;
  }
}
