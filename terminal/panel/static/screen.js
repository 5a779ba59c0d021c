// The terminal's screen. Everything it says comes from the server as one view; this file only draws it
// and tells what was touched. It never keeps, shows or logs a digit of a PIN.

const PIN_DIGITS = 4;          // of the 利用者証明用電子証明書 (R14)
const SETTLE_MS = 250;         // a second tap of a hurried finger must not land on the next screen
const RETRY_MS = [300, 600, 1200, 2400, 5000];
const MOST_STEPS = 12;         // progress up to here is drawn as sheets, beyond as a bar
const MANY_CHOICES = 4;        // above: a grid, below: a column
const LONG_LABEL = 14;         // full-width characters; a long name may break anywhere
const MANY_LINES = 4;          // above: a list
const SCALES = [1.8, 1.65, 1.5, 1.35, 1.2, 1.1, 1];   // of type, largest first; 1 is the least there is
const NAMED = /^([^：:。]{1,40})(：|: )(.+)$/u;          // "name: value" reads best with the value standing out

const $ = (id) => document.getElementById(id);

let view = null;
let socket = null;
let failures = 0;
let deadline = null;           // when the time-out comes, in performance.now() terms
let span = 1;                  // milliseconds the time bar shows as full
let scale = 0;                 // which of SCALES the screen stands at

// --- elements ------------------------------------------------------------------------------------

function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in node) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function button(testid, className, press, ...children) {
  const node = element("button", { type: "button", className, "data-testid": testid }, ...children);
  node.addEventListener("click", (event) => {
    if (node.getAttribute("aria-disabled") === "true") return;
    // After a finger or mouse the focus returns to the text, so that Enter means "ok" again.
    if (event.detail > 0) $("title").focus({ preventScroll: true });
    press();
  });
  return node;
}

// Redraws a part only when what it shows has changed: keeps focus, animations and live regions calm.
const drawn = new Map();
function part(id, data, draw) {
  const key = JSON.stringify(data);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  const node = $(id);
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  draw(node);
  if (focused) node.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

// --- what is sent --------------------------------------------------------------------------------

function send(touch) {
  if (view === null || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ screen: view.screen, ...touch }));
}

const press = (key) => send({ key });
const offers = (key) => view.keys.some((offered) => offered.key === key);

function typed(event) {
  if (view === null || document.body.dataset.link !== "up") return;
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = keyOf(event);
  if (key === null) return;
  event.preventDefault();
  press(key);
}

function keyOf({ key }) {
  if (/^[0-9]$/.test(key)) {
    const chosen = view.choices.some((choice) => choice.enabled && String(choice.number) === key);
    return view.pin_length !== null || chosen ? key : null;
  }
  if (key === "Enter") return onButton() || !offers("ok") ? null : "ok";
  if (key === "Escape") return offers("cancel") ? "cancel" : null;
  if (key === "Backspace") {
    if (view.pin_length !== null && offers("clear")) return "clear";
    return offers("back") ? "back" : null;
  }
  return null;
}

// Enter on a button that was reached with Tab presses that button.
const onButton = () => document.activeElement?.matches("button:focus-visible") ?? false;

// --- what is drawn -------------------------------------------------------------------------------

function show(next) {
  const turned = view === null || view.screen !== next.screen;
  const urgent = !turned && ((next.warning && !view.warning) || next.attention.length > view.attention.length);
  if (turned || urgent) chooseLanguage(false);
  view = next;
  document.documentElement.lang = view.language;
  const body = document.body;
  body.dataset.screen = view.screen;
  body.dataset.tone = view.tone;
  body.dataset.layout = layoutOf(view);
  body.classList.toggle("illustrated", view.picture !== null);
  drawHead();
  drawAttention();
  drawText();
  part("picture", view.picture, drawPicture);
  part("choices", view.choices, drawChoices);
  part("pad", [view.pin_length !== null, view.keys.find(({ key }) => key === "clear")], drawPad);
  part("keys", [view.keys, view.pin_length !== null, view.warning], drawKeys);
  drawFocus();
  startTime(turned);
  fit(turned);
  if (turned) settle();
}

function layoutOf({ pin_length, choices }) {
  if (pin_length !== null) return "pad";
  if (choices.length === 0) return "message";
  return choices.length > MANY_CHOICES ? "grid" : "column";
}

// The largest type with which everything is on the screen at once. While a screen stays, its type
// never grows again: words that jump are hard to read.
function fit(anew) {
  if (view === null) return;
  if (anew) scale = 0;
  const main = $("screen");
  do main.style.setProperty("--scale", SCALES[scale]);
  while (!fits(main) && ++scale < SCALES.length - 1);
  main.style.setProperty("--scale", SCALES[scale]);
}

function fits(main) {
  const lines = $("title").getBoundingClientRect().height / parseFloat(getComputedStyle($("title")).lineHeight);
  return lines < 2.9 && main.scrollHeight <= main.clientHeight && main.scrollWidth <= main.clientWidth
    && [...main.querySelectorAll(".words, .tile")].every((node) =>
      node.scrollWidth <= node.clientWidth && node.scrollHeight <= node.clientHeight);
}

function settle() {
  const touchables = [$("choices"), $("pad"), $("keys"), $("services"), $("language")];
  for (const node of touchables) node.inert = true;
  setTimeout(() => { for (const node of touchables) node.inert = false; }, SETTLE_MS);
  $("screen").scrollTop = 0;
  $("text").scrollTop = 0;
  $("title").focus({ preventScroll: true });
  const main = $("screen");
  main.classList.remove("arriving");
  void main.offsetWidth;       // lets the animation start again
  main.classList.add("arriving");
}

function drawHead() {
  $("terminal").textContent = view.terminal;
  $("clock").textContent = view.clock;
  part("services", view.services, (node) => node.replaceChildren(...view.services.map(serviceKey)));
  part("language", [view.languages, view.language, offers("language")], (node) => {
    node.replaceChildren(...(offers("language") ? [languageKey()] : []));
  });
}

// Opens the list of languages; says where it is in the word that most visitors know.
function languageKey() {
  const label = view.language.startsWith("ja") ? "Language" : "Language 言語";
  return button("key-language", "language", () => chooseLanguage(true), globe(),
    element("span", { lang: "en" }, label));
}

// Each language in its own words and letters, so that whoever reads it finds it.
function chooseLanguage(open) {
  const list = $("languages");
  list.hidden = !open || view === null;
  list.replaceChildren(...(list.hidden ? [] : [
    ...view.languages.map(([code, name]) => {
      const tile = button(`language-${code}`, "tile", () => { chooseLanguage(false); send({ language: code }); },
        element("span", { className: "words", lang: code }, name));
      if (code === view.language) tile.setAttribute("aria-current", "true");
      return tile;
    }),
    button("language-close", "key", () => chooseLanguage(false), element("span", { "aria-hidden": "true" }, "×")),
  ]));
  if (open) list.querySelector("[aria-current]")?.focus();
}

// Keys that every screen has: said once more, quieter, staff.
function serviceKey({ key, label }) {
  const icon = element("span", { className: `icon ${key}`, "aria-hidden": "true" });
  const node = button(`key-${key}`, "service", () => press(key), icon, element("span", { className: "label" }, label));
  node.setAttribute("aria-label", label);
  return node;
}

const globe = () => element("span", { className: "globe", "aria-hidden": "true" });

function drawAttention() {
  part("attention", view.attention, (node) => {
    node.hidden = view.attention.length === 0;
    node.replaceChildren(...view.attention.map((line) => element("p", {}, line)));
  });
}

function drawText() {
  part("title", view.title, (node) => { node.textContent = view.title; });
  part("lines", view.lines, (node) => {
    node.replaceChildren(...view.lines.map(drawLine));
    node.classList.toggle("long", view.lines.length > MANY_LINES);
  });
  part("pin", view.pin_length, drawPin);
  part("progress", view.progress, drawProgress);
}

// In full-width characters: a Latin letter takes half the room of a kanji.
const widthOf = (text) => text.length - (text.match(/[\u0000-\u02ff]/g)?.length ?? 0) / 2;

function drawLine(line) {
  const [, name, colon, value] = NAMED.exec(line) ?? [];
  return name === undefined ? element("p", {}, ...dialled(line))
    : element("p", { className: "named" }, element("span", {}, name + colon), element("b", {}, ...enumerated(value)));
}

// A telephone number is one thing, and no line ends within it.
function dialled(line) {
  return line.split(/(\d[\d-]{6,}\d)/).map((part, index) =>
    index % 2 ? element("span", { className: "one" }, part) : part);
}

// A name or a telephone number among others stays on one line.
function enumerated(value) {
  const parts = value.match(/.+?(?:、|, |$)/gu);
  return parts.length === 1 ? parts : parts.map((part) => element("span", { className: "one" }, part));
}

function drawPin(node) {
  node.hidden = view.pin_length === null;
  node.setAttribute("aria-label", `${view.pin_length ?? 0} / ${PIN_DIGITS}`);
  node.dataset.typed = view.pin_length ?? 0;
  node.replaceChildren(...Array.from({ length: PIN_DIGITS }, (_, n) =>
    element("i", { className: n < view.pin_length ? "dot typed" : "dot" })));
}

function drawProgress(node) {
  node.hidden = view.progress === null;
  if (view.progress === null) return node.replaceChildren();
  const { done, total } = view.progress;
  node.setAttribute("aria-valuemin", 0);
  node.setAttribute("aria-valuenow", done);
  node.setAttribute("aria-valuemax", total);
  node.className = total <= MOST_STEPS ? "steps" : "bar";
  if (total <= MOST_STEPS) {
    const step = (n) => element("i", { className: n < done ? "done" : n === done ? "next" : "" });
    node.replaceChildren(...Array.from({ length: total }, (_, n) => step(n)));
  } else {
    const fill = element("i");
    fill.style.width = `${total > 0 ? (100 * done) / total : 0}%`;
    node.replaceChildren(fill);
  }
}

const pictures = new Map();
async function drawPicture(node) {
  const name = view.picture;
  node.replaceChildren();
  if (name === null) return;
  if (!pictures.has(name)) {
    pictures.set(name, fetch(`/static/pictures/${encodeURIComponent(name)}.svg`)
      .then((answer) => answer.text())
      .then((text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement));
  }
  try {
    const drawing = await pictures.get(name);
    if (view?.picture === name) node.replaceChildren(document.importNode(drawing, true));
    fit(true);
  } catch {
    pictures.delete(name);     // the line broke meanwhile: fetched anew with the next view
    drawn.delete("picture");
  }
}

function drawChoices(node) {
  node.replaceChildren(...view.choices.map((choice) => {
    const tile = button(`choice-${choice.value}`, "tile", () => send({ choose: choice.value }),
      element("span", { className: "number" }, String(choice.number)),
      element("span", { className: "words" },
        element("span", { className: widthOf(choice.label) > LONG_LABEL ? "label long" : "label" }, choice.label),
        choice.detail === null ? null : element("span", { className: "detail" }, choice.detail)),
      choice.selected === null ? null : element("span", { className: "tick", "aria-hidden": "true" }));
    if (choice.selected !== null) tile.setAttribute("aria-pressed", choice.selected);
    if (!choice.enabled) tile.setAttribute("aria-disabled", "true");
    return tile;
  }));
  node.dataset.count = view.choices.length;
}

function drawPad(node) {
  node.hidden = view.pin_length === null;
  if (node.hidden) return node.replaceChildren();
  const digit = (n) => button(`key-${n}`, "digit", () => press(String(n)), String(n));
  const clear = view.keys.find(({ key }) => key === "clear");
  node.replaceChildren(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(digit),
    clear ? functionKey(clear) : element("span"), digit(0), element("span"));
}

function functionKey({ key, label }) {
  return button(`key-${key}`, `key ${key}`, () => press(key), label);
}

// The order in which keys stand, left to right: away from the goal, then towards it.
const KEY_ORDER = ["cancel", "back", "clear", "more_time", "ok"];
function drawKeys(node) {
  const shown = view.keys.filter(({ key }) =>
    key !== "language" && !(key === "clear" && view.pin_length !== null));
  shown.sort((a, b) => KEY_ORDER.indexOf(a.key) - KEY_ORDER.indexOf(b.key));
  node.replaceChildren(...shown.map(functionKey));
  node.classList.toggle("urgent", view.warning);
}

// What two switches have reached. Of a PIN's digits only that there are some: others may look on.
function drawFocus() {
  for (const node of document.querySelectorAll(".reached")) node.classList.remove("reached");
  $("pad").classList.toggle("reached", view.focus === "digit");
  if (view.focus) document.querySelector(`[data-testid="${CSS.escape(view.focus)}"]`)?.classList.add("reached");
}

// --- time ----------------------------------------------------------------------------------------

function startTime(turned) {
  if (view.remaining_s === null) {
    deadline = null;
  } else {
    const left = view.remaining_s * 1000;
    const longer = deadline === null || performance.now() + left > deadline + 1000;
    deadline = performance.now() + left;
    if (turned || longer) span = Math.max(left, 1);
  }
  $("time").hidden = deadline === null;
  $("warning").hidden = !view.warning;
  part("warning", view.warning && view.time_left, drawWarning);
  tick();
}

// Announced once; the seconds themselves change in silence.
function drawWarning(node) {
  const [before, after] = view.time_left.split("{seconds}");
  node.replaceChildren(...(view.warning
    ? [element("p", {}, before, element("b", { id: "seconds", "aria-live": "off" }), after ?? "")] : []));
}

function tick() {
  if (deadline === null) return;
  const left = Math.max(0, deadline - performance.now());
  $("time-bar").style.transform = `scaleX(${Math.min(1, left / span)})`;
  const seconds = $("seconds");
  if (seconds) seconds.textContent = String(Math.ceil(left / 1000));
}

// --- the line to the terminal --------------------------------------------------------------------

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/screen`);
  socket.addEventListener("message", ({ data }) => {
    failures = 0;
    document.body.dataset.link = "up";
    show(JSON.parse(data));
  });
  socket.addEventListener("close", () => {
    forget();
    setTimeout(connect, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
  });
}

// Without the terminal nothing on the page is true any more, and what it says may be somebody's.
function forget() {
  document.body.dataset.link = failures === 0 && view === null ? "opening" : "down";
  view = null;
  deadline = null;
  drawn.clear();
  for (const id of ["title", "lines", "pin", "choices", "pad", "keys", "attention", "warning",
    "language", "languages", "services", "picture", "terminal", "clock", "progress"]) $(id).replaceChildren();
  for (const id of ["attention", "warning", "time", "pin", "progress", "pad", "languages"]) $(id).hidden = true;
}

document.addEventListener("keydown", typed);
addEventListener("resize", () => fit(true));
document.addEventListener("contextmenu", (event) => event.preventDefault());
setInterval(tick, 200);
connect();
