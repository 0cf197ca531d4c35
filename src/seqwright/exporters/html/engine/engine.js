"use strict";
// The engine of a page with the model inside: what the views ask is answered by a worker in the browser. Its members are those
// of the engine of the server's page.

const pageData = (id) => document.getElementById(id).textContent;

class PageEngine {
  #worker = new Worker(URL.createObjectURL(new Blob([pageData("engine-source")], { type: "text/javascript" })));
  #asked = new Map(); // id -> { resolve, reject }; requests wait in the worker until the model is loaded
  #last = 0;
  #failure = null;
  #description = JSON.parse(pageData("description"));

  constructor() {
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      if (id === null) return this.#fail(error);
      const { resolve, reject } = this.#asked.get(id) ?? {};
      this.#asked.delete(id);
      if (error) reject?.(Object.assign(new Error(error), { refused: true }));
      else resolve?.(result);
    };
    this.#worker.onerror = ({ message }) => this.#fail(message);
    this.#worker.postMessage({ data: pageData("model-data") });
  }

  async models() { return [this.#description.card]; }
  async examples() { return this.#description.examples; }
  predict(request, { signal } = {}) { return this.#call("predict", request, signal); }
  score(request, { signal } = {}) { return this.#call("score", request, signal); }
  continue(request, { signal } = {}) { return this.#call("continue", request, signal); }
  report() { return null; }
  command() { return null; }

  #fail(message) {
    this.#failure = new Error(message);
    for (const { reject } of this.#asked.values()) reject(this.#failure);
    this.#asked.clear();
  }

  #call(method, request, signal) {
    signal?.throwIfAborted();
    if (this.#failure) return Promise.reject(this.#failure);
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
