"use strict";
// The engine: everything that the page requests from models, answered by the server that the page is from.
//
// Another page with the same views brings an engine of its own: an object with these members. Requests and responses are
// those of the HTTP interface (openapi.json); methods that get { signal } stop when it is aborted, with an AbortError, and
// reject with an Error whose message is shown to the reader; error.refused: because of the request, so that other sources may do.
//
//   models()            -> [card, ...], the default first
//   examples(name)      -> [{ source, features, target, trained }, ...], maybe none
//   predict(request, { signal })   -> { answers: [record, ...] }; request.attention adds source_tokens and attention
//   score(request, { signal })     -> { answers: [record, ...] }
//   continue(request, { signal })  -> { alternatives: [{ token, score }, ...] }: the next token after request.tokens
//   report(card)        -> address of the report on a model, or null
//   command(request)    -> how a program sends this request, or null
//   onTokenNeeded       -> called where the server wants a token, which is then set as .token; others leave it alone

class ServerEngine {
  token = "";
  onTokenNeeded = () => {};

  async models() { return (await this.#call("/v1/models")).models; }
  async examples(name) { return (await this.#call(`/v1/models/${encodeURIComponent(name)}/examples`)).examples; }
  predict(request, { signal } = {}) { return this.#post("/v1/predict", request, signal); }
  score(request, { signal } = {}) { return this.#post("/v1/score", request, signal); }
  continue(request, { signal } = {}) { return this.#post("/v1/continue", request, signal); }
  report(card) { return card.report ? `/models/${encodeURIComponent(card.name)}/report` : null; }

  command(request) {
    return `curl ${location.origin}/v1/predict --json '${JSON.stringify(request).replaceAll("'", "'\\''")}'`;
  }

  #post(path, request, signal) {
    return this.#call(path, { method: "POST", body: JSON.stringify(request), headers: { "Content-Type": "application/json" }, signal });
  }

  async #call(path, { headers = {}, ...options } = {}) {
    const authorization = this.token && { Authorization: `Bearer ${this.token}` };
    for (let attempt = 0; ; attempt++) {
      const response = await this.#fetch(path, { ...options, headers: { ...headers, ...authorization } });
      const body = await response.json();
      if (response.ok) return body;
      const wait = Number(response.headers.get("Retry-After"));
      if (wait && attempt < ATTEMPTS) {
        await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
        options.signal?.throwIfAborted();
        continue;
      }
      if (response.status !== 401) throw Object.assign(new Error(body.detail), { refused: response.status === 422 });
      this.onTokenNeeded();
      throw new Error("This server needs a token.");
    }
  }

  async #fetch(path, options) {
    try {
      return await fetch(path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server does not answer.", { cause: error });
    }
  }
}

const ATTEMPTS = 5;  // of a request that a busy server refuses

const engine = new ServerEngine();
