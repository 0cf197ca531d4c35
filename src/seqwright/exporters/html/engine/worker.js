"use strict";
// The worker: loads the model and answers requests.
//
// Receives { data } once, then { id, method, request } and { cancel: id }; sends { id, result } or { id, error }, with an id of
// null where the model cannot be loaded.

const WITHOUT_EFFECT = ["model", "attention"]; // there is one model, and records always have attention weights
const waiting = new Map(); // id -> { steps, size }: a generator of METHODS, and its number of sources
const turns = new MessageChannel();
const turn = () => new Promise((resolve) => { turns.port1.onmessage = resolve; turns.port2.postMessage(null); });
let predictor = null, isBusy = false;

// Each yields after a source and returns the result.
const METHODS = {
  *predict({ sources, features, beam, n_best: nBest, prefix = "", prefix_tokens: tokens = [], max_length: maxLength, ...others }) {
    const refused = Object.keys(others).find((name) => !WITHOUT_EFFECT.includes(name));
    if (refused) throw new Error(`${refused}: this page has no such option; use seqwright predict`);
    const options = { beam, nBest, prefix: predictor.prefix(predictor.formats.target.split(prefix), tokens), maxLength };
    return { answers: yield* each(sources, (source, i) => predictor.predict(source, features?.[i] ?? "", options)) };
  },
  *score({ sources, targets, features }) {
    return { answers: yield* each(sources, (source, i) => predictor.score(source, features?.[i] ?? "", targets[i])) };
  },
  *continue({ source, features = "", tokens = [], n = 10 }) {
    return { alternatives: predictor.following(source, features, tokens, n) };
  },
};

function* each(sources, answer) {
  const answers = [];
  for (const [i, source] of sources.entries()) {
    answers.push(answer(source, i));
    yield;
  }
  return answers;
}

// Answer one source of the shortest request after the other, and read the messages that have arrived in between: what is
// typed does not wait for a file, and what is cancelled ends.
async function work() {
  if (isBusy) return;
  isBusy = true;
  for (await turn(); predictor && waiting.size; await turn()) {
    const [id, { steps }] = [...waiting].reduce((first, one) => (one[1].size < first[1].size ? one : first));
    try {
      const { done, value } = steps.next();
      if (!done) continue;
      postMessage({ id, result: value });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
    waiting.delete(id);
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
    waiting.set(id, { steps: METHODS[method](request), size: request.sources?.length ?? 1 });
  }
  work();
};
