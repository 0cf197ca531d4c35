"use strict";
// The page: which models answer, what is requested, and which parts show it. Talks to models through `engine` alone.

const WAIT_MS = 120;  // after the last key

let models = [];
let examples = [];
let timer = 0;
const panels = [new Panel(engine, { name: "one", onAnswer: answered }), new Panel(engine, { name: "two", onAnswer: answered })];
const chosen = () => [models[byId("model").selectedIndex], models[byId("other").selectedIndex - 1]].filter(Boolean);

function say(text) {
  byId("message").textContent = text;
  byId("message").hidden = !text;
}

async function start() {
  try {
    models = await engine.models();
  } catch (error) {
    return say(error.message);
  }
  say("");
  byId("model").replaceChildren(...models.map((one) => new Option(one.name)));
  byId("other").replaceChildren(new Option("no other"), ...models.map((one) => new Option(one.name)));
  byId("model-choice").hidden = models.length < 2;
  choose();
}

function choose() {
  const cards = chosen(), [card] = cards;
  const features = new Set(cards.flatMap((one) => one.features));
  byId("features-field").hidden = !features.size;
  byId("known-features").replaceChildren(...Array.from(features, (name) => new Option(name)));
  document.body.classList.toggle("two", cards.length > 1);
  byId("panels").replaceChildren(...cards.map((_, i) => panels[i].root));
  cards.forEach((one, i) => (panels[i].title.textContent = cards.length > 1 ? one.name : "Answers"));
  byId("cards").replaceChildren(...cards.map((one) => cardView(one, engine.report(one))));
  byId("cards-title").textContent = cards.length > 1 ? "Models" : "Model";
  document.title = `${cards.map((one) => one.name).join(" and ")} · seqwright`;
  offerExamples(card);
  predict();
}

async function offerExamples(card) {
  byId("examples").hidden = true;
  try {
    examples = await engine.examples(card.name);
  } catch {
    examples = [];  // the page is complete without
  }
  if (card !== chosen()[0]) return;
  byId("examples").hidden = !examples.length;
  byId("examples-title").textContent = examples[0]?.trained ? "From the training data:" : "From the dev set:";
  byId("examples-list").replaceChildren(...examples.map((one) => {
    const button = element("button", { type: "button", className: "plain", textContent: [one.source, one.features].filter(Boolean).join(" · "), dir: "auto" });
    button.addEventListener("click", () => {
      byId("source").value = one.source;
      byId("features").value = one.features;
      predict();
    });
    return element("li", {}, button);
  }));
}

function request() {
  const number = (id, otherwise) => Math.min(32, Math.max(1, byId(id).valueAsNumber || otherwise));
  const asked = { sources: [byId("source").value], n_best: number("n-best", 1), beam: number("beam", 5) };
  if (!byId("features-field").hidden) asked.features = [byId("features").value];
  if (byId("prefix").value) asked.prefix = byId("prefix").value;
  return asked;
}

const forModel = (asked, card) => {
  const { features, ...rest } = models.length > 1 ? { ...asked, model: card.name } : asked;
  return card.features.length ? { features, ...rest } : rest;
};

function predict() {
  clearTimeout(timer);
  const asked = request();
  if (models.length) showCommand(forModel(asked, chosen()[0]));
  chosen().forEach((card, i) => (asked.sources[0] ? panels[i].ask(forModel(asked, card)) : panels[i].clear()));
}

function showCommand(asked) {
  const command = engine.command(asked);
  byId("use").hidden = command == null;
  byId("command").textContent = command ?? "";
}

// After each search: the reference, and the differences between two models.
function answered(panel) {
  const source = byId("source").value, features = byId("features-field").hidden ? "" : byId("features").value;
  panel.refer(examples.find((one) => one.source === source && one.features === features) ?? null);
  if (panel === panels[0] && panel.request) showCommand(panel.request);
  const [one, other] = panels.map((each) => each.best);
  const both = chosen().length > 1 && one && other;
  panels[0].compare(both ? other : null);
  panels[1].compare(both ? one : null);
  byId("difference").hidden = !both;
  if (both) byId("difference").textContent = one.text === other.text ? "Both models have the same best answer." : "The best answers differ where they are marked.";
}

byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").addEventListener("input", (event) => {
  if (event.target.id === "token") return;
  clearTimeout(timer);
  timer = setTimeout(predict, WAIT_MS);
});
byId("token").addEventListener("change", () => {
  engine.token = byId("token").value;
  start();
});
for (const id of ["model", "other"]) byId(id).addEventListener("change", choose);
for (const view of document.querySelectorAll("[name=view]")) {
  view.addEventListener("change", () => panels.forEach((panel) => {
    panel.view = view.value;
    panel.draw();
  }));
}
engine.onTokenNeeded = () => (byId("token-field").hidden = false);
new FileView(engine, () => {
  const { sources, ...asked } = request();
  return chosen().map((card) => ({ name: card.name, request: forModel(asked, card) }));
});
start();
