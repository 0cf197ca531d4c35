"use strict";
// The worker: loads the model and answers requests one source at a time, so that one that is no longer wanted can be dropped.
//
// Receives { data } once, then { id, method, request } and { cancel: id }; sends { id, result } or { id, error }, with an id of
// null where the model cannot be loaded.

const OPTIONS = ["model", "sources", "features", "beam", "n_best", "prefix", "prefix_tokens", "max_length", "attention"];
const waiting = new Map();
const turns = new MessageChannel(); // between sources, so that messages that have arrived are read first
const turn = () => new Promise((resolve) => { turns.port1.onmessage = resolve; turns.port2.postMessage(null); });
let predictor = null, isBusy = false;

const METHODS = {
  *predict({ sources, features, beam, n_best, prefix = "", prefix_tokens: tokens = [], max_length: maxLength }) {
    const options = { beam, nBest: n_best, prefix: predictor.prefix(predictor.formats.target.split(prefix), tokens), maxLength };
    for (const [i, source] of sources.entries()) yield predictor.predict(source, features?.[i] ?? "", options);
  },
  *score({ sources, targets, features }) {
    for (const [i, source] of sources.entries()) yield predictor.score(source, features?.[i] ?? "", targets[i]);
  },
  *continue({ source, features = "", tokens = [], n = 10 }) {
    yield predictor.following(source, features, tokens, n);
  },
};

async function answered(id, { method, request }) {
  const refused = method === "predict" && Object.keys(request).find((name) => !OPTIONS.includes(name));
  if (refused) throw new Error(`${refused}: this page has no such option; use seqwright predict`);
  const found = [];
  for (const one of METHODS[method](request)) {
    found.push(one);
    await turn();
    if (!waiting.has(id)) return null;
  }
  return method === "continue" ? { alternatives: found[0] } : { answers: found };
}

async function work() {
  if (isBusy) return;
  isBusy = true;
  await turn();
  while (predictor && waiting.size) {
    const [[id, asked]] = waiting;
    try {
      postMessage({ id, result: await answered(id, asked) });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
    waiting.delete(id);
    await turn();
  }
  isBusy = false;
}

onmessage = async ({ data: { data, cancel, id, method, request } }) => {
  if (data !== undefined) {
    try {
      predictor = await loaded(data);
    } catch (error) {
      postMessage({ id: null, error: error.message });
    }
  } else if (cancel !== undefined) {
    waiting.delete(cancel);
  } else {
    waiting.set(id, { method, request });
  }
  work();
};
