"use strict";
// The engine of a page with the model inside: what the views ask is answered by a worker in the browser. Its members are those
// of the engine of the server's page.

const pageData = (id) => document.getElementById(id).textContent;

class PageEngine {
  #worker = new Worker(URL.createObjectURL(new Blob([pageData("engine-source")], { type: "text/javascript" })));
  #asked = new Map(); // id -> { resolve, reject }
  #last = 0;
  #description = JSON.parse(pageData("description"));
  #loaded;

  constructor() {
    this.#loaded = new Promise((resolve, reject) => this.#asked.set(null, { resolve, reject }));
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#asked.get(id) ?? {};
      this.#asked.delete(id);
      if (error) reject?.(Object.assign(new Error(error), { refused: true }));
      else resolve?.(result);
    };
    this.#worker.onerror = ({ message }) => this.#asked.get(null)?.reject(new Error(message));
    this.#worker.postMessage({ data: pageData("model-data") });
  }

  async models() {
    await this.#loaded;
    return [this.#description.card];
  }

  async examples() { return this.#description.examples; }
  predict(request, { signal } = {}) { return this.#call("predict", request, signal); }
  score(request, { signal } = {}) { return this.#call("score", request, signal); }
  continue(request, { signal } = {}) { return this.#call("continue", request, signal); }
  report() { return null; }
  command() { return null; }

  #call(method, request, signal) {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      signal?.addEventListener("abort", () => {
        this.#asked.delete(id);
        this.#worker.postMessage({ cancel: id });
        reject(signal.reason);
      });
      this.#asked.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, request });
    });
  }
}

const engine = new PageEngine();
