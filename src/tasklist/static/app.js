"use strict";
// The page: asks /api/task/, shows what it answered. Text goes in as textContent only.

const API = "/api/task/";
const POLL_MS = 4000;
// after this long without a person the page stops asking, so that a database can pause
const IDLE_MS = 5 * 60 * 1000;
const UNDO_MS = 10000;

const byId = (id) => document.getElementById(id);
const rows = new Map(); // id → <li>
let tasks = [];
let show = "all";
let changes = 0; // counts what this page wrote: a list that was asked for before is out of date
let lastSeen = Date.now();
let undoTimer = 0;
let deleted = null;

class Refused extends Error {}

/** Ask the server. Throws Refused with its own words for a 4xx, Error with ours for the rest. */
async function ask(method, path, fields) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: fields ? { "content-type": "application/json" } : {},
      body: fields ? JSON.stringify(fields) : undefined,
    });
  } catch {
    throw new Error("The server cannot be reached. Nothing you typed is lost; this page keeps trying.");
  }
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  if (answer.status < 500) throw new Refused(text.trim());
  throw new Error(text.trim() || `The server answered ${answer.status}.`);
}

// ---- showing

const inOrder = (a, b) => a.priority - b.priority || a.id - b.id;
const isShown = (task) => show === "all" || task.complete === (show === "done");

function render() {
  tasks.sort(inOrder);
  const wanted = tasks.filter(isShown);
  const list = byId("list");
  const focused = document.activeElement;
  for (const [id, row] of rows) {
    if (!wanted.some((task) => task.id === id) && row.dataset.editing !== "true") {
      row.remove();
      rows.delete(id);
    }
  }
  let before = list.firstElementChild;
  for (const task of wanted) {
    let row = rows.get(task.id);
    if (!row) rows.set(task.id, (row = newRow(task.id)));
    fill(row, task);
    if (row === before) before = before.nextElementSibling;
    else list.insertBefore(row, before);
  }
  // moving a row in the document takes the focus from it
  if (focused !== document.activeElement && focused?.isConnected) focused.focus();
  summarise(wanted.length);
}

function summarise(shown) {
  const done = tasks.filter((task) => task.complete).length;
  const open = tasks.length - done;
  byId("summary").textContent = tasks.length ? `${open} to do, ${done} done` : "Nothing here yet";
  const percent = tasks.length ? (100 * done) / tasks.length : 0;
  byId("ring").style.strokeDasharray = `${percent} 100`;
  byId("ring").style.opacity = percent ? 1 : 0;
  const empty = byId("empty");
  empty.hidden = shown > 0;
  if (!tasks.length) empty.textContent = "Nothing to do. Add your first task above.";
  else empty.textContent = show === "done" ? "Nothing done yet." : "All done. Well done!";
}

function newRow(id) {
  const row = byId("row").content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  return row;
}

function fill(row, task) {
  row.classList.toggle("done", task.complete);
  row.querySelector("[type=checkbox]").checked = task.complete;
  row.querySelector(".title").textContent = task.title;
  row.querySelector(".badge").textContent = task.priority;
  row.querySelector(".badge").title = `Priority ${task.priority}`;
  const name = task.title || "task without a title";
  const labels = { sooner: `Do sooner: ${name}`, later: `Do later: ${name}`, edit: `Edit: ${name}`, delete: `Delete: ${name}` };
  for (const [action, label] of Object.entries(labels)) {
    const button = row.querySelector(`.view [data-do=${action}]`);
    button.setAttribute("aria-label", `${label} (priority ${task.priority})`);
    button.title = { sooner: "Sooner", later: "Later", edit: "Edit", delete: "Delete" }[action];
  }
}

function trouble(error) {
  byId("trouble").hidden = !error;
  byId("trouble").textContent = error ? error.message : "";
}

/** Do something that may be refused; `place` shows the refusal. → whether it was done */
async function attempt(place, action) {
  try {
    place.textContent = "";
    await action();
    trouble(null);
    return true;
  } catch (error) {
    if (error instanceof Refused) place.textContent = error.message;
    else trouble(error);
    return false;
  }
}

// ---- asking

async function refresh() {
  const asked = changes;
  try {
    const fresh = await ask("GET", API);
    trouble(null);
    if (asked !== changes) return;
    tasks = fresh;
    render();
  } catch (error) {
    trouble(error);
  }
}

function keep(task) {
  changes += 1;
  tasks = tasks.filter((other) => other.id !== task.id).concat(task);
  render();
}

function forget(id) {
  changes += 1;
  tasks = tasks.filter((task) => task.id !== id);
  render();
}

/** A whole number, or the text as it is: the server then says what is allowed. */
function priorityOf(input) {
  const text = input.value.trim();
  return /^[+-]?\d+$/.test(text) ? Number(text) : text || 0;
}

const change = async (id, fields) => keep(await ask("PATCH", `${API}${id}/`, fields));

async function remove(row, task) {
  const place = row.querySelector(".refused");
  const next = row.nextElementSibling || row.previousElementSibling;
  if (!(await attempt(place, () => ask("DELETE", `${API}${task.id}/`)))) return refresh();
  forget(task.id);
  (next?.isConnected ? next.querySelector("[data-do=delete]") : byId("title")).focus();
  deleted = task;
  byId("toast-text").textContent = `Deleted “${task.title}”`;
  byId("toast").hidden = false;
  clearTimeout(undoTimer);
  undoTimer = setTimeout(() => { byId("toast").hidden = true; }, UNDO_MS);
}

// ---- what a person does

byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = byId("title");
  const sent = title.value;
  const place = byId("refused");
  if (!sent.trim()) {
    place.textContent = "Write what needs doing first.";
    title.setAttribute("aria-invalid", "true");
    title.focus();
    return;
  }
  const added = await attempt(place, async () => {
    keep(await ask("POST", API, { title: sent, priority: priorityOf(byId("priority")) }));
  });
  title.toggleAttribute("aria-invalid", false);
  if (!added && place.textContent) title.setAttribute("aria-invalid", "true");
  // what was typed while the server thought about it stays
  if (added && title.value === sent) title.value = "";
  title.focus();
});

byId("add").addEventListener("input", () => {
  byId("refused").textContent = "";
  byId("title").removeAttribute("aria-invalid");
});

document.querySelector(".filters").addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button) return;
  show = button.dataset.show;
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  render();
});

byId("list").addEventListener("change", async (event) => {
  if (event.target.type !== "checkbox") return;
  const row = event.target.closest("li");
  const complete = event.target.checked;
  const changed = await attempt(row.querySelector(".refused"), () => change(Number(row.dataset.id), { complete }));
  if (!changed) event.target.checked = !complete;
});

byId("list").addEventListener("click", async (event) => {
  const action = event.target.closest("[data-do]")?.dataset.do;
  if (!action) return;
  const row = event.target.closest("li");
  const task = tasks.find((other) => other.id === Number(row.dataset.id));
  if (action === "cancel" || !task) return edit(row, null);
  if (action === "edit") return edit(row, task);
  if (action === "delete") return remove(row, task);
  const priority = task.priority + (action === "later" ? 1 : -1);
  await attempt(row.querySelector(".refused"), () => change(task.id, { priority }));
});

byId("list").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const row = form.closest("li");
  const fields = { title: form.elements.title.value, priority: priorityOf(form.elements.priority) };
  const saved = await attempt(row.querySelector(".refused"), () => change(Number(row.dataset.id), fields));
  if (saved) edit(row, null);
});

byId("list").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest("form")) edit(event.target.closest("li"), null);
});

/** Open a row's form on a task, or close it (null). */
function edit(row, task) {
  const form = row.querySelector("form");
  row.dataset.editing = String(Boolean(task));
  form.hidden = !task;
  row.querySelector(".view").hidden = Boolean(task);
  row.querySelector(".refused").textContent = "";
  if (task) {
    form.elements.title.value = task.title;
    form.elements.priority.value = task.priority;
    form.elements.title.focus();
  } else {
    render();
    if (row.isConnected) row.querySelector("[data-do=edit]").focus();
  }
}

byId("undo").addEventListener("click", async () => {
  const { title, priority, complete } = deleted;
  const undone = await attempt(byId("refused"), async () => keep(await ask("POST", API, { title, priority, complete })));
  byId("toast").hidden = undone;
  byId("title").focus();
});

// ---- staying up to date

for (const sign of ["pointerdown", "keydown", "focus"]) {
  addEventListener(sign, () => { lastSeen = Date.now(); }, { passive: true });
}
const isWatched = () => document.visibilityState === "visible" && Date.now() - lastSeen < IDLE_MS;
setInterval(() => { if (isWatched()) refresh(); }, POLL_MS);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
addEventListener("focus", refresh);
refresh();
