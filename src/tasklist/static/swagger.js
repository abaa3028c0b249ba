"use strict";
// Shows the OpenAPI document and lets a person try each operation, with nothing from another host.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

function described(pairs) {
  const list = make("dl");
  for (const [term, says] of pairs) list.append(make("dt", "", term), make("dd", "", says));
  return list;
}

function schemaText(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array") return `list of ${schemaText(schema.items)}`;
  const low = schema.minimum ?? schema.minLength;
  const high = schema.maximum ?? schema.maxLength;
  const range = high === undefined ? "" : low === undefined ? `, at most ${high} long` : `, ${low} to ${high}`;
  const standard = schema.default === undefined ? "" : `, default ${JSON.stringify(schema.default)}`;
  return (schema.type || "any") + range + standard + (schema.description ? `; ${schema.description}` : "");
}

function example(schema) {
  const fields = Object.entries(schema.properties || {});
  return JSON.stringify(Object.fromEntries(fields.map(([name, field]) => [name, field.default])), null, 2);
}

function operation(method, path, spec) {
  const box = make("details", "card");
  const head = make("summary");
  head.append(make("span", `method ${method}`, method.toUpperCase()), make("code", "", path), make("span", "says", spec.summary || ""));
  const inside = make("div", "inside");
  const answers = Object.entries(spec.responses || {}).map(([status, answer]) => [status, answer.description]);
  inside.append(described(answers), trial(method, path, spec));
  box.append(head, inside);
  return box;
}

function trial(method, path, spec) {
  const form = make("form", "try");
  const fields = (spec.parameters || []).map((parameter) => {
    const label = make("label", "", `${parameter.name} (${schemaText(parameter.schema)})`);
    const input = make("input");
    input.type = "text";
    label.append(input);
    form.append(label);
    return [parameter, input];
  });
  let body = null;
  const schema = spec.requestBody?.content["application/json"]?.schema;
  if (schema) {
    const label = make("label", "", "Body");
    body = make("textarea");
    body.value = example(schema);
    body.spellcheck = false;
    label.append(body);
    form.append(label);
  }
  const output = make("pre");
  output.hidden = true;
  output.setAttribute("role", "status");
  form.append(make("button", "primary", "Send"), output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.hidden = false;
    try {
      const answer = await fetch(target(path, fields), { method: method.toUpperCase(), body: body?.value });
      output.textContent = `${answer.status}\n${await answer.text()}`;
    } catch {
      output.textContent = "The server cannot be reached.";
    }
  });
  return form;
}

function target(path, fields) {
  const query = new URLSearchParams();
  for (const [parameter, input] of fields) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(parameter.name, input.value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function start() {
  try {
    const specification = await (await fetch("/swagger/openapi.json")).json();
    // the tasks first, then what looks after them; sort() keeps the document's order otherwise
    const paths = Object.entries(specification.paths);
    paths.sort(([one], [other]) => other.startsWith("/api/") - one.startsWith("/api/"));
    for (const [path, methods] of paths) {
      for (const [method, spec] of Object.entries(methods)) {
        document.getElementById("operations").append(operation(method, path, spec));
      }
    }
    for (const [name, schema] of Object.entries(specification.components?.schemas || {})) {
      const box = make("details", "card");
      box.append(make("summary", "", name));
      const inside = make("div", "inside");
      inside.append(described(Object.entries(schema.properties || {}).map(([key, field]) => [key, schemaText(field)])));
      box.append(inside);
      document.getElementById("schemas").append(box);
    }
  } catch (error) {
    document.getElementById("trouble").hidden = false;
    document.getElementById("trouble").textContent = `The document cannot be read: ${error.message}`;
  }
}
start();
