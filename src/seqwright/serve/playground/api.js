"use strict";
// The page of the interface: the content of openapi.json, for readers.

const lastPart = (reference) => reference.split("/").at(-1);
const anchor = (name) => `schema-${name}`;

// What values a schema allows, in words, with links to structures.
function kind(schema) {
  if (schema.$ref) return [element("a", { href: `#${anchor(lastPart(schema.$ref))}`, textContent: lastPart(schema.$ref) })];
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.flatMap((one, i) => (i ? [" or ", ...kind(one)] : kind(one)));
  if (schema.enum) return [schema.enum.map((one) => JSON.stringify(one)).join(" or ")];
  if (schema.type === "array" && schema.prefixItems) return ["[", ...schema.prefixItems.flatMap((one, i) => (i ? [", ", ...kind(one)] : kind(one))), "]"];
  if (schema.type === "array") return ["list of ", ...kind(schema.items ?? {})];
  if (schema.type === "object" && schema.additionalProperties) return ["object of ", ...kind(schema.additionalProperties)];
  const bounds = [schema.minimum != null && `at least ${schema.minimum}`, schema.maximum != null && `at most ${schema.maximum}`].filter(Boolean).join(", ");
  return [(schema.type ?? "anything") + (bounds && ` (${bounds})`)];
}

const paragraph = (text) => element("p", { className: "prose", textContent: text });

function fields(schema) {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const standard = !required.has(name) && one.default != null ? `, default ${JSON.stringify(one.default)}` : "";
    const notes = element("span", { className: "soft", textContent: required.has(name) ? ", required" : standard });
    return [element("dt", {}, element("code", { textContent: name })), element("dd", {}, ...kind(one), notes)];
  });
}

function content(title, media) {
  return Object.entries(media ?? {}).map(([type, { schema, example }]) => {
    const shown = example ? ["; such as ", element("code", { textContent: JSON.stringify(example) })] : [];
    return element("p", {}, `${title} `, element("code", { textContent: type }), ": ", ...kind(schema), ...shown);
  });
}

function operation(path, method, found) {
  const id = `${method}${path.replaceAll(/\W/g, "-")}`;
  const heading = element("h2", { id }, element("code", { textContent: `${method.toUpperCase()} ${path}` }), element("span", { className: "soft", textContent: ` ${found.summary}` }));
  const parts = [heading, found.description && paragraph(found.description), ...content("Body,", found.requestBody?.content)];
  const inQuery = found.parameters?.filter((one) => one.in === "query").map((one) => one.name) ?? [];
  if (inQuery.length) parts.push(element("p", {}, "In the query of a streamed body: ", element("code", { textContent: inQuery.join(" ") })));
  const refused = [];
  for (const [status, response] of Object.entries(found.responses)) {
    if (status === "200") parts.push(...content("Response,", response.content));
    else refused.push(element("dt", { textContent: status }), element("dd", { textContent: response.description }));
  }
  if (refused.length) parts.push(element("details", {}, element("summary", { textContent: "Problems" }), element("dl", {}, ...refused)));
  return element("section", { attributes: { "aria-labelledby": id } }, ...parts.filter(Boolean));
}

function structure(name, schema) {
  return element("section", { id: anchor(name), attributes: { "aria-labelledby": `${anchor(name)}-title` } },
    element("h3", { id: `${anchor(name)}-title`, textContent: name }), schema.description ? paragraph(schema.description) : "",
    schema.properties ? element("dl", {}, ...fields(schema)) : element("p", {}, ...kind(schema)));
}

async function show() {
  try {
    const { paths, components } = await (await fetch("/openapi.json")).json();
    byId("operations").replaceChildren(...Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, found]) => operation(path, method, found))));
    byId("schemas").replaceChildren(...Object.entries(components.schemas).map(([name, schema]) => structure(name, schema)));
  } catch {
    byId("message").textContent = "The server does not answer.";
    byId("message").hidden = false;
  }
}

show();
