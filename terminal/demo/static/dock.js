// The dock: every device of the terminal as a thing to touch. It shows what the rig says and sends what
// the hand does; it decides nothing. A refused act comes back in words and is shown as a note.

const KEYS = [
  ["7"], ["8"], ["9"], ["cancel", "取消", "cancel"],
  ["4"], ["5"], ["6"], ["back", "戻る", "back"],
  ["1"], ["2"], ["3"], ["clear", "訂正", "clear"],
  ["0"], ["call_staff", "呼出", "staff"], ["repeat", "もう一度", "repeat"], ["ok", "確認", "ok"],
  ["language", "言語", "language"], ["slower", "ゆっくり", "slower"], ["volume", "音量", "volume"],
  ["more_time", "＋時間", "more time"],
];
const MONEY = [10, 50, 100, 500, 1000];
const NOTE_FROM = 1000;
const RETRY_MS = 1000;
const TOAST_MS = 6000;
const FADE_S = 0.008;          // ends of tones are rounded, or they click

const $ = (id) => document.getElementById(id);

let socket = null;
let personas = [];
let sounds = {};
let state = null;

// --- elements ------------------------------------------------------------------------------------

function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in node) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const english = (text) => element("small", { lang: "en" }, text);

function button(testid, className, act, ...children) {
  const node = element("button", { type: "button", className, "data-testid": testid }, ...children);
  node.addEventListener("click", () => send(typeof act === "function" ? act() : act));
  return node;
}

const drawn = new Map();
function part(id, data, draw) {
  const key = JSON.stringify(data);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  draw($(id));
}

// --- what the hand does --------------------------------------------------------------------------

function send(act) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(act));
}

function furnish() {
  $("keypad").replaceChildren(...KEYS.map(([key, label, name]) =>
    button(`key-${key}`, label ? `key ${key}` : "key digit", { act: "press_key", key },
      ...(label ? [label, english(name)] : [key]))));
  $("coins").replaceChildren(...MONEY.map((yen) =>
    button(`coin-${yen}`, yen >= NOTE_FROM ? "bill" : `coin y${yen}`, { act: "drop_money", yen },
      element("b", {}, String(yen)), element("span", {}, "円"))));
  $("switches").replaceChildren(
    button("button-next", "switch", { act: "press_button", button: "next" }, "次へ", english("next")),
    button("button-choose", "switch", { act: "press_button", button: "choose" }, "決定", english("choose")),
    toggle("headphones", "イヤホン", "headphones", () => ({ act: "set_headphones", in_use: !state.headphones })),
    button("button-call_staff", "switch", { act: "press_button", button: "call_staff" }, "係員を呼ぶ", english("call staff")),
    button("button-supervisor", "switch", { act: "press_button", button: "supervisor" }, "係員キー", english("supervisor key")),
    toggle("cover", "カバー", "cover", () => ({ act: "set_cover", is_open: !state.cover_open })),
    toggle("paper", "用紙", "paper", () => ({ act: "set_paper", out: !state.paper_out })),
    toggle("line", "回線", "line", () => ({ act: "set_line", cut: !state.line_cut })));
  for (const [id, act] of [["take-sheets", "take_sheets"], ["take-receipt", "take_receipt"],
    ["take-change", "take_change"], ["pull", "remove_card"]]) {
    $(id).addEventListener("click", () => send({ act }));
  }
}

function toggle(name, label, text, act) {
  const node = button(name, "switch toggle", act, label, english(text), element("output", {}));
  node.id = name;
  return node;
}

// --- what is seen --------------------------------------------------------------------------------

const FLASHES = { off: "消灯", steady: "点灯", slow: "ゆっくり点滅", quick: "点滅" };

function show({ state: next, pictures, receipt }) {
  state = next;
  for (const lamp of document.querySelectorAll(".lamp")) light(lamp, state.lights[lamp.dataset.light]);
  part("cards", [personas, state.card, state.another], drawCards);
  part("reader-bed", [state.card, state.another], drawReader);
  part("sheets", [pictures, state.sheets_in_tray > 0], (node) => drawSheets(node, pictures));
  part("receipt", [receipt, state.receipt_in_slot], (node) => drawReceipt(node, receipt));
  $("pull").disabled = state.card === null;
  $("take-sheets").disabled = state.sheets_in_tray === 0;
  $("take-receipt").disabled = !state.receipt_in_slot;
  $("take-change").disabled = state.change_yen === 0;
  $("sheet-count").textContent = state.sheets_in_tray;
  $("held").textContent = state.held_yen;
  $("change").textContent = state.change_yen;
  $("slot").textContent = state.slot_open ? "投入口 開" : "投入口 閉";
  $("slot").dataset.open = state.slot_open;
  set("cover", state.cover_open, "開", "閉");
  set("paper", state.paper_out, "なし", "あり");
  set("line", state.line_cut, "切断", "接続");
  set("headphones", state.headphones, "接続", "なし");
  part("display", state.display, (node) => { node.textContent = state.display.join("\n"); });
  part("saying", state.saying, (node) => {
    node.replaceChildren(...state.saying.map((words) => element("span", {}, words)));
  });
  hear(state.sound);
}

function set(id, on, onText, offText) {
  const node = $(id);
  node.setAttribute("aria-pressed", on);
  node.querySelector("output").textContent = on ? onText : offText;
}

// All lamps flash in step, whenever each of them began: their rhythm is tied to the page's clock.
function light(lamp, flash = "off") {
  if (lamp.dataset.flash === flash) return;
  lamp.dataset.flash = flash;
  lamp.style.animationDelay = `-${performance.now() % 2000}ms`;
  lamp.title = FLASHES[flash] ?? flash;
}

// Cards of people, who have a PIN, and then what else is laid on readers.
function drawCards(node) {
  const others = personas.findIndex(({ pin }) => !pin);
  const tiles = personas.map(drawCard);
  const byRule = personas.findIndex(({ rule }) => rule);
  if (others > 0) tiles.splice(others, 0, element("h3", {}, "ほかのカード ", english("other cards")));
  if (byRule > 0) tiles.splice(byRule, 0, element("h3", {}, "規則ごとの人々 ", english("somebody on each side of every rule")));
  node.replaceChildren(...tiles);
}

const ANOTHER = "other-another";

function drawCard(card) {
  const there = card.persona === ANOTHER ? state.another : state.card === card.persona;
  const tile = button(`card-${card.persona}`, there ? "card gone" : card.pin ? "card" : "card other",
    { act: "insert_card", persona: card.persona },
    element("i", { className: "chip", "aria-hidden": "true" }),
    element("b", {}, card.name),
    element("span", { className: "pin" }, card.pin ? `PIN ${card.pin}` : ""),
    ...(card.rule ? [element("span", { className: card.passes ? "rule" : "rule against" }, card.rule)] : []),
    element("span", { className: "note" }, card.note_ja ?? ""),
    element("small", { lang: "en" }, [card.city, card.note_en].filter(Boolean).join(" · ")));
  tile.title = [card.note_ja, card.note_en].filter(Boolean).join("\n");
  tile.disabled = there || (card.persona === ANOTHER && state.card === null);
  return tile;
}

function drawReader(node) {
  const card = personas.find(({ persona }) => persona === state.card);
  node.dataset.card = state.card ?? "";
  node.replaceChildren(...(state.card === null ? [] : [element("div", { className: "card lying" },
    element("i", { className: "chip", "aria-hidden": "true" }),
    element("b", {}, card?.name ?? state.card), element("small", { lang: "en" }, card?.city ?? "")),
    ...(state.another ? [element("div", { className: "card lying on-top" },
      element("i", { className: "chip", "aria-hidden": "true" }), element("b", {}, "もう1枚"))] : [])]));
}

function drawSheets(node, pictures) {
  node.classList.toggle("taken", state.sheets_in_tray === 0);
  node.replaceChildren(...pictures.map((mark, index) =>
    paper(`sheet-${index + 1}`, `/demo/sheets/${index + 1}.png?${mark}`, `${index + 1}枚目`)));
}

function drawReceipt(node, mark) {
  node.classList.toggle("taken", !state.receipt_in_slot);
  node.replaceChildren(...(mark === null ? [] : [paper("receipt", `/demo/receipt.png?${mark}`, "領収書")]));
}

function paper(testid, src, alt) {
  const node = element("button", { type: "button", className: "paper", "data-testid": testid },
    element("img", { src, alt }));
  node.addEventListener("click", () => {
    $("enlarged-picture").src = src;
    $("enlarged-picture").alt = alt;
    $("enlarged").showModal();
  });
  return node;
}

function toast(words) {
  const note = element("p", {}, words);
  $("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

// --- what is heard -------------------------------------------------------------------------------

let audio = null;
let playing = null;            // {name, gain, again}

// Browsers allow sound only after a touch: the first one anywhere on the page opens it.
document.addEventListener("pointerdown", () => {
  audio ??= new AudioContext();
  audio.resume();
  if (playing === null && state !== null) hear(state.sound, true);
});

function hear(name, anew = false) {
  $("sound").textContent = name ?? "―";
  $("buzzer").dataset.sound = name ?? "";
  if (!anew && playing?.name === name) return;
  silence();
  if (name !== null && audio !== null && !muted()) start(name);
}

const muted = () => $("mute").getAttribute("aria-pressed") === "true";

function silence() {
  if (playing === null) return;
  clearTimeout(playing.again);
  playing.gain.disconnect();
  playing = null;
}

// A sound that is still there when its tones are over is one that repeats.
function start(name) {
  const tones = sounds[name] ?? [];
  const gain = audio.createGain();
  gain.gain.value = 0.2;
  gain.connect(audio.destination);
  let at = audio.currentTime + 0.02;
  for (const [hz, ms, loudness] of tones) {
    if (hz > 0) tone(gain, hz, at, ms / 1000, loudness);
    at += ms / 1000;
  }
  const length = tones.reduce((sum, [, ms]) => sum + ms, 0);
  playing = { name, gain, again: length > 0 ? setTimeout(() => hear(name, true), length) : null };
}

function tone(output, hz, at, seconds, loudness) {
  const source = new OscillatorNode(audio, { type: "triangle", frequency: hz });
  const shape = new GainNode(audio, { gain: 0 });
  shape.gain.setValueAtTime(0, at);
  shape.gain.linearRampToValueAtTime(loudness, at + FADE_S);
  shape.gain.setValueAtTime(loudness, at + Math.max(seconds - FADE_S, FADE_S));
  shape.gain.linearRampToValueAtTime(0, at + seconds);
  source.connect(shape).connect(output);
  source.start(at);
  source.stop(at + seconds);
}

$("mute").addEventListener("click", () => {
  $("mute").setAttribute("aria-pressed", !muted());
  if (muted()) silence();
  else if (state !== null) hear(state.sound, true);
});

// --- the line to the rig -------------------------------------------------------------------------

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/demo/ws`);
  socket.addEventListener("open", () => { $("gone").hidden = true; });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if ("hello" in message) ({ personas, sounds } = message.hello);
    if ("state" in message) show(message);
    if ("refused" in message) toast(message.refused);
  });
  socket.addEventListener("close", () => {
    $("gone").hidden = false;
    silence();
    setTimeout(connect, RETRY_MS);
  });
}

furnish();
connect();
