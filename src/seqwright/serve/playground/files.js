"use strict";
// Answers to the lines of a file, with progress, cancel, and saving. The file never leaves the page but as requests.

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

// Yield a record for each line, some at a time; a line that is refused has { source, problem }.
async function* answeredLines(engine, lines, request, signal) {
  const { features: _, ...options } = request;
  const answered = async (some) => {
    const rows = some.map(columns), sources = rows.map((row) => row.source);
    const features = request.features ? { features: rows.map((row) => row.features) } : {};
    try {
      return (await engine.predict({ ...options, sources, ...features }, { signal })).answers;
    } catch (error) {
      if (!error.refused) throw error;
      if (some.length === 1) return [{ source: sources[0], problem: error.message }];
    }
    const found = [];
    for (const line of some) found.push(...(await answered([line])));
    return found;
  };
  for (let i = 0; i < lines.length; i += LINES_AT_A_TIME) yield await answered(lines.slice(i, i + LINES_AT_A_TIME));
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

class FileView {
  #engine; #request; #records = []; #running = null; #name = "";

  // request(): what to ask besides the sources.
  constructor(engine, request) {
    this.#engine = engine;
    this.#request = request;
    byId("file").addEventListener("change", () => this.start(byId("file").files[0]));
    byId("cancel").addEventListener("click", () => this.#running?.abort());
    byId("save-tsv").addEventListener("click", () => this.#save("tsv", asRow));
    byId("save-json").addEventListener("click", () => this.#save("jsonl", JSON.stringify));
    this.#acceptDrops();
  }

  async start(file) {
    if (!file) return;
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#records = [];
    this.#name = file.name.replace(/\.[^.]*$/, "");
    byId("file-rows").replaceChildren();
    byId("file-problem").hidden = true;
    try {
      await this.#answer(await linesOf(file), running);
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

  async #answer(lines, running) {
    byId("file-result").hidden = byId("cancel").hidden = byId("file-progress").hidden = false;
    byId("save").hidden = true;
    byId("file-table").hidden = true;
    byId("file-progress").max = Math.max(1, lines.length);
    this.#tell(0, lines.length);
    for await (const some of answeredLines(this.#engine, lines, this.#request(), running.signal)) {
      running.signal.throwIfAborted();
      for (const record of some) {
        if (this.#records.length < MOST_SHOWN) byId("file-rows").append(this.#row(record));
        this.#records.push(record);
      }
      byId("file-table").hidden = false;
      this.#tell(this.#records.length, lines.length);
    }
  }

  #tell(n, total) {
    byId("file-progress").value = n;
    byId("file-state").textContent = `${grouped(n)} of ${counted(total, "line")} answered`;
    byId("file-more").hidden = n <= MOST_SHOWN;
    byId("file-more").textContent = `The first ${MOST_SHOWN} are shown; a saved file has all.`;
  }

  #row(record) {
    const cell = (text, className = "") => element("td", { className }, element("bdi", { textContent: text }));
    const notes = record.problem ? [record.problem] : record.flags.map(inWords);
    const confidence = record.confidence == null ? "" : percent(record.confidence);
    return element("tr", {}, cell(record.source, "word"), cell(record.text ?? "", "word"), cell(confidence, "share"), cell(notes.join("; "), "note"));
  }

  #save(suffix, form) {
    const url = URL.createObjectURL(new Blob(this.#records.map((record) => form(record) + "\n"), { type: "text/plain" }));
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
