"use strict";
// Answers to the lines of a file, of one model or of two beside each other, with progress, cancel, and saving. The file never
// leaves the page but as requests.

const LINES_AT_A_TIME = 64;
const MOST_LINES_OF_A_FILE = 200_000;  // their records are held until they are saved
const MOST_SHOWN = 200;

// Return the lines of a file.   Error: it is no text in UTF-8, or has too many.
async function linesOf(file) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} is not a text file in UTF-8.`);
  }
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > MOST_LINES_OF_A_FILE) throw new Error(`${file.name} has ${counted(lines.length, "line")}; up to ${grouped(MOST_LINES_OF_A_FILE)} are answered here. Use seqwright predict for more.`);
  return lines;
}

// A line is a source, or a source, a tab and its features.
function columns(line) {
  const [source, features = ""] = line.split("\t");
  return { source, features };
}

// Return a record for each line; a line that is refused has { source, problem }.
async function answeredBy(engine, some, { features: tagged, ...options }, signal) {
  const rows = some.map(columns), sources = rows.map((row) => row.source);
  const features = tagged ? { features: rows.map((row) => row.features) } : {};
  try {
    return (await engine.predict({ ...options, sources, ...features }, { signal })).answers;
  } catch (error) {
    if (!error.refused) throw error;
    if (some.length === 1) return [{ source: sources[0], problem: error.message }];
  }
  const found = [];
  for (const line of some) found.push(...(await answeredBy(engine, [line], { features: tagged, ...options }, signal)));
  return found;
}

// Yield for each line its records, one of each request, some lines at a time.
async function* answeredLines(engine, lines, requests, signal) {
  for (let i = 0; i < lines.length; i += LINES_AT_A_TIME) {
    const some = lines.slice(i, i + LINES_AT_A_TIME);
    const found = await Promise.all(requests.map((request) => answeredBy(engine, some, request, signal)));
    yield some.map((_, line) => found.map((records) => records[line]));
  }
}

const oneLine = (text) => text.replace(/[\t\n\r]/g, " ");
const decimal = (value) => (value == null ? "" : value.toFixed(4));

// The columns of `seqwright predict --tsv`.
function asRow(record) {
  if (record.problem) return [record.source, "", "", "", "", `refused: ${record.problem}`, ""].map(oneLine).join("\t");
  const links = (record.alignment ?? []).map(([source, answer]) => `${source}-${answer}`).join(" ");
  const flags = record.flags.map((flag) => flag.replaceAll(" ", "+")).join(" ");
  const further = record.n_best.slice(1).flatMap((one) => [one.text, decimal(one.score)]);
  return [record.source, record.features ?? "", record.text, decimal(record.score), decimal(record.confidence), flags, links, ...further].map(oneLine).join("\t");
}

// The columns of two models beside each other; the first row has their names.
const headOfTwo = (names) => ["source", "features", ...names.flatMap((name) => [name, `${name}: confidence`, `${name}: flags`]), "same"].map(oneLine).join("\t");

function asRowOfTwo(records) {
  const [{ source }] = records, features = records.map((one) => one.features).find(Boolean) ?? "";
  const each = records.flatMap((one) => (one.problem ? ["", "", `refused: ${one.problem}`] : [one.text, decimal(one.confidence), one.flags.join("; ")]));
  return [source, features, ...each, differ(records) ? "no" : "yes"].map(oneLine).join("\t");
}

const differ = ([one, other]) => other !== undefined && (one.problem ?? one.text) !== (other.problem ?? other.text);

class FileView {
  #engine; #requested; #models = []; #records = []; #differing = 0; #running = null; #name = "";

  // requested(): for each model that answers its name, and the request besides the sources.
  constructor(engine, requested) {
    this.#engine = engine;
    this.#requested = requested;
    byId("file").addEventListener("change", () => this.start(byId("file").files[0]));
    byId("cancel").addEventListener("click", () => this.#running?.abort());
    byId("save-tsv").addEventListener("click", () => this.#save("tsv", this.#rows()));
    byId("save-json").addEventListener("click", () => this.#save("jsonl", this.#objects()));
    this.#acceptDrops();
  }

  async start(file) {
    if (!file) return;
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    const each = this.#requested();
    this.#models = each.map((one) => one.name);
    this.#records = [];
    this.#differing = 0;
    this.#name = file.name.replace(/\.[^.]*$/, "");
    byId("file-rows").replaceChildren();
    byId("file-problem").hidden = true;
    this.#head();
    try {
      await this.#answer(await linesOf(file), each.map((one) => one.request), running);
    } catch (error) {
      if (running !== this.#running) return;
      byId("file-problem").hidden = error.name === "AbortError";
      byId("file-problem").textContent = error.message;
      if (error.name === "AbortError") byId("file-state").textContent += ", cancelled";
    }
    if (running !== this.#running) return;
    byId("cancel").hidden = byId("file-progress").hidden = true;
    byId("save").hidden = !this.#records.length;
    byId("file").value = "";  // the same file may be chosen again
  }

  async #answer(lines, requests, running) {
    byId("file-result").hidden = byId("cancel").hidden = byId("file-progress").hidden = false;
    byId("save").hidden = true;
    byId("file-table").hidden = true;
    byId("file-progress").max = Math.max(1, lines.length);
    this.#tell(0, lines.length);
    for await (const some of answeredLines(this.#engine, lines, requests, running.signal)) {
      running.signal.throwIfAborted();
      for (const records of some) {
        if (this.#records.length < MOST_SHOWN) byId("file-rows").append(this.#row(records));
        this.#records.push(records);
        this.#differing += differ(records);
      }
      byId("file-table").hidden = false;
      this.#tell(this.#records.length, lines.length);
    }
  }

  #tell(n, total) {
    byId("file-progress").value = n;
    const by = this.#models.length > 1 ? ` by ${this.#models.join(" and ")}, ${grouped(this.#differing)} differently` : "";
    byId("file-state").textContent = `${grouped(n)} of ${counted(total, "line")} answered${by}`;
    byId("file-more").hidden = n <= MOST_SHOWN;
    byId("file-more").textContent = `The first ${MOST_SHOWN} are shown; a saved file has all.`;
  }

  #head() {
    const answers = this.#models.length > 1 ? this.#models.flatMap((name) => [name, "Confidence"]) : ["Answer", "Confidence"];
    byId("file-head").replaceChildren(...["Source", ...answers, "Notes"].map((textContent) => element("th", { scope: "col", textContent })));
  }

  #row(records) {
    const cell = (className, ...inside) => element("td", { className }, element("bdi", {}, ...inside));
    const answers = records.flatMap((one, i) => [cell("word", ...this.#marked(one, records[1 - i])), cell("share", one.confidence == null ? "" : percent(one.confidence))]);
    return element("tr", {}, cell("word", records[0].source), ...answers, cell("note", this.#notes(records)));
  }

  // The answer of one model, marked where it is not that of the other; in whole where one has none.
  #marked(one, other) {
    if (!one.text || !other?.text) return [one.text ?? ""];
    return pieces(one, other).map((piece) => (piece.common ? piece.text : element("mark", { textContent: piece.text })));
  }

  // What is to be known of the answers; of both models once where it is the same.
  #notes(records) {
    const [one, ...others] = records.map((record) => record.problem ?? allInWords(record.flags).join("; "));
    if (others.every((other) => other === one)) return one;
    return [one, ...others].map((note, i) => note && `${this.#models[i]}: ${note}`).filter(Boolean).join("; ");
  }

  #rows() {
    if (this.#models.length === 1) return this.#records.map(([record]) => asRow(record));
    return [headOfTwo(this.#models), ...this.#records.map(asRowOfTwo)];
  }

  // One record a line; of two models, each with the model's name, those of one source after each other.
  #objects() {
    if (this.#models.length === 1) return this.#records.map(([record]) => JSON.stringify(record));
    return this.#records.flatMap((records) => records.map((record, i) => JSON.stringify({ model: this.#models[i], ...record })));
  }

  #save(suffix, lines) {
    const url = URL.createObjectURL(new Blob(lines.map((line) => line + "\n"), { type: "text/plain" }));
    element("a", { href: url, download: `${this.#name}-answers.${suffix}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #acceptDrops() {
    const hasFile = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
    addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      if (!hasFile(event)) return;
      event.preventDefault();
      byId("files-title").scrollIntoView({ block: "center" });
      this.start(event.dataTransfer.files[0]);
    });
  }
}
