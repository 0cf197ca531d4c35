"use strict";
// The symbols of a source and of an answer: which of them belong together by attention, as lines and as a heat map, and what
// else could follow at each place. Knows a record and a hypothesis of it, and nothing of where they are from.

const FAINTEST = 0.02;    // weight of a line that is drawn
const MOST_CELLS = 4000;  // of an attention table
const MOST_LINES = 6000;

class Symbols {
  // source: tokens, or null.   tokens, scores: of a hypothesis, scores also of its end.   weights: a row for each token and for
  // the end, or null.   kept: number of tokens that the reader has settled.   onOpen(position, chip): a symbol was pressed.
  constructor({ source, tokens, scores, weights, kept, onOpen }) {
    const fits = weights && source && weights.length === tokens.length + 1 && weights[0].length === source.length + 1;
    this.weights = fits ? weights : null;
    this.source = source && [...source, null];
    this.tokens = [...tokens, null];
    this.pinned = this.present = null;
    this.answerChips = this.tokens.map((token, t) => this.#answerChip(token, t, scores[t], t < kept, onOpen));
    this.sourceChips = this.weights ? this.source.map((token, s) => this.#sourceChip(token, s)) : [];
    roving(this.answerChips, { rightToLeft: direction(tokens) === "rtl" });
    roving(this.sourceChips, { rightToLeft: direction(source ?? []) === "rtl" });
  }

  // Both rows, with lines between them where there is attention.
  rows() {
    const row = (chips, label, tokens) => element("div", { className: "row", dir: direction(tokens), attributes: { role: "group", "aria-label": label } }, ...chips);
    const answer = row(this.answerChips, "Symbols of the answer", this.tokens);
    if (!this.weights || this.weights.length * this.weights[0].length > MOST_LINES) return element("div", { className: "strip" }, answer);
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("class", "lines");
    this.svg.setAttribute("aria-hidden", "true");
    const strip = element("div", { className: "strip" }, row(this.sourceChips, "Symbols of the source", this.source), this.svg, answer);
    new ResizeObserver(() => this.#draw()).observe(strip);
    return strip;
  }

  // The weights as a table, or null.
  table() {
    if (!this.weights || this.weights.length * this.weights[0].length > MOST_CELLS) return null;
    const heading = (token, scope) => element("th", { scope, textContent: visible(token), dir: "auto" });
    const columns = this.source.map((token) => heading(token, "col"));
    const rows = this.tokens.map((token, t) => {
      const head = heading(token, "row");
      const cells = this.weights[t].map((weight, s) => {
        const cell = element("td", { title: `${visible(token)} ← ${visible(this.source[s])}: ${percent(weight)}` }, element("span", { className: "hidden", textContent: percent(weight) }));
        cell.style.setProperty("--weight", weight);
        cell.addEventListener("mouseenter", () => [head, columns[s]].forEach((one) => one.classList.add("lit")));
        cell.addEventListener("mouseleave", () => [head, columns[s]].forEach((one) => one.classList.remove("lit")));
        return cell;
      });
      return element("tr", {}, head, ...cells);
    });
    const corner = element("td", { className: "corner" });
    return element("table", { className: "weights", dir: direction(this.source) },
      element("caption", { className: "hidden", textContent: "Attention weights: a row for each symbol of the answer, a column for each of the source" }),
      element("thead", {}, element("tr", {}, corner, ...columns)), element("tbody", {}, ...rows));
  }

  #answerChip(token, t, score, kept, onOpen) {
    const share = Math.exp(score ?? -Infinity);
    const label = `${named(token)}, ${percent(share)}${kept ? ", kept" : ""}. Show alternatives`;
    const chip = this.#chip(token, label, kept ? "kept" : "");
    chip.style.setProperty("--share", `${100 * share}%`);
    chip.setAttribute("aria-expanded", "false");
    chip.addEventListener("click", () => onOpen(t, chip));
    this.#lights(chip, () => this.#light({ t }));
    return chip;
  }

  #sourceChip(token, s) {
    const read = this.weights.map((row, t) => [row[s], t]).filter(([weight]) => weight >= 0.1).sort(([a], [b]) => b - a);
    const readers = read.map(([weight, t]) => `${named(this.tokens[t])} ${percent(weight)}`).join(", ");
    const chip = this.#chip(token, `${named(token)}, read by ${readers || "no symbol of the answer by much"}`, isFeature(token ?? "") ? "feature" : "");
    chip.setAttribute("aria-pressed", "false");
    chip.addEventListener("click", () => this.#pin(chip, s));  // a finger cannot hover
    this.#lights(chip, () => this.#light({ s }));
    return chip;
  }

  #chip(token, label, kind) {
    const button = element("button", { type: "button", className: `symbol ${kind}`, attributes: { "aria-label": label } });
    button.append(element("bdi", { textContent: visible(token) }));
    if (token === null) button.classList.add("end");
    return button;
  }

  #lights(chip, light) {
    for (const event of ["mouseenter", "focus"]) chip.addEventListener(event, light);
    for (const event of ["mouseleave", "blur"]) chip.addEventListener(event, () => this.#light(this.pinned));
  }

  #pin(chip, s) {
    const pressed = this.pinned?.s !== s;
    this.sourceChips.forEach((other) => other.setAttribute("aria-pressed", String(pressed && other === chip)));
    this.pinned = pressed ? { s } : null;
    this.#light({ s });
  }

  // Light up a symbol, what it belongs to, and the lines between them; nothing without one.
  #light(at) {
    this.present = at;
    if (!this.weights) return;
    const weight = (t, s) => (!at || (at.t ?? t) !== t || (at.s ?? s) !== s ? 0 : this.weights[t][s]);
    const strongest = (shares) => Math.max(0, ...shares);
    this.answerChips.forEach((chip, t) => this.#lit(chip, at?.t === t ? 1 : strongest(this.sourceChips.map((_, s) => weight(t, s)))));
    this.sourceChips.forEach((chip, s) => this.#lit(chip, at?.s === s ? 1 : strongest(this.answerChips.map((_, t) => weight(t, s)))));
    this.svg?.classList.toggle("choosing", Boolean(at));
    for (const line of this.svg?.children ?? []) line.classList.toggle("on", weight(Number(line.dataset.t), Number(line.dataset.s)) > 0);
  }

  #lit(chip, weight) {
    chip.classList.toggle("lit", weight > 0);
    chip.style.setProperty("--weight", weight);
  }

  #draw() {
    const box = this.svg.getBoundingClientRect();
    const middle = (chip) => { const at = chip.getBoundingClientRect(); return at.left + at.width / 2 - box.left; };
    const from = this.sourceChips.map(middle), to = this.answerChips.map(middle);
    const lines = this.weights.flatMap((row, t) => row.flatMap((weight, s) => (weight < FAINTEST ? [] : [this.#line(from[s], to[t], box.height, weight, t, s)])));
    this.svg.replaceChildren(...lines);
    this.#light(this.present);
  }

  #line(x1, x2, height, weight, t, s) {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", `M${x1} 0C${x1} ${height / 2} ${x2} ${height / 2} ${x2} ${height}`);
    line.style.setProperty("--weight", weight);
    Object.assign(line.dataset, { t, s });
    return line;
  }
}
