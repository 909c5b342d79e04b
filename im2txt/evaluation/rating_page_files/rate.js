// Rating captions: the photo, its captions, and what was rated of them. Ratings are kept in the browser's storage
// after every step, and leave the page only as a file that the rater saves.
"use strict";

const { page, photos } = JSON.parse(document.getElementById("data").textContent);
const STORE = `im2txt-rate-${page}`;
const FORMAT = "im2txt ratings 1";
const SCALE = [[1, "Unrelated"], [2, "Somewhat related"], [3, "Minor errors"], [4, "No errors"]];
const element = Object.fromEntries([...document.querySelectorAll("[id]")].map((found) => [found.id, found]));
const known = new Set(photos.flatMap((photo) => photo.captions.map(([key]) => key)));

let state = { rater: "", ratings: {} };
let place = 0; // of the photo
let marked = 0; // the caption that keys rate
let unsaved = false; // rated since the last file, where the browser keeps nothing

// ---------------------------------------------------------------- keeping

function valid(ratings) {
  const fits = ([key, rating]) => known.has(key) && [1, 2, 3, 4].includes(rating);
  return Object.fromEntries(Object.entries(ratings ?? {}).filter(fits));
}

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE)) ?? {};
    state = { rater: String(kept.rater ?? ""), ratings: valid(kept.ratings) };
  } catch {
    say("This browser keeps nothing for this page: save your ratings as a file before you close it.", true);
  }
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
  } catch {
    if (!unsaved) say("This browser keeps nothing for this page: save your ratings as a file before you close it.", true);
    unsaved = true;
  }
}

function say(text, warning = false) {
  element.message.textContent = text;
  element.message.className = warning ? "warning" : "notice";
  element.message.hidden = !text;
}

// ---------------------------------------------------------------- showing

const rated = (photo) => photo.captions.filter(([key]) => key in state.ratings).length;
const finished = (photo) => rated(photo) === photo.captions.length;

function unfinished(from) {
  // The next photo that lacks ratings, beginning at a place and going round; -1 where none does.
  const places = photos.map((_, step) => (from + step) % photos.length);
  return places.find((one) => !finished(photos[one])) ?? -1;
}

function node(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function row([key, text], number) {
  const buttons = SCALE.map(([rating, label]) => {
    const button = node("button", { type: "button", onclick: () => rate(number, rating) },
      node("b", { textContent: rating }), node("span", { textContent: label }));
    button.dataset.rating = rating;
    return button;
  });
  const group = node("div", { className: "buttons" }, ...buttons);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", text);
  return node("li", {}, node("p", { className: "caption", textContent: text || "(no words)" }), group);
}

function show(number) {
  place = Math.max(0, Math.min(photos.length - 1, number));
  const photo = photos[place];
  element.photo.width = photo.width;
  element.photo.height = photo.height;
  element.photo.src = `data:image/jpeg;base64,${photo.jpeg}`;
  element.captions.replaceChildren(...photo.captions.map(row));
  marked = Math.max(0, photo.captions.findIndex(([key]) => !(key in state.ratings)));
  update();
}

function update() {
  const photo = photos[place];
  [...element.captions.children].forEach((item, number) => {
    const rating = state.ratings[photo.captions[number][0]];
    item.classList.toggle("marked", number === marked);
    item.classList.toggle("done", rating !== undefined);
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", Number(button.dataset.rating) === rating);
    }
  });
  const count = Object.keys(state.ratings).length;
  const whole = photos.filter(finished).length;
  element.bar.value = count / known.size;
  element.count.textContent = `${whole} of ${photos.length} photos, ${count} of ${known.size} sentences`;
  element.place.textContent = `${place + 1} / ${photos.length}`;
  element.before.disabled = place === 0;
  element.next.disabled = place === photos.length - 1;
  element.missing.hidden = whole === photos.length;
  element.next.classList.toggle("primary", finished(photo) && whole < photos.length);
  element.export.classList.toggle("primary", whole === photos.length);
  if (document.activeElement !== element.rater) element.rater.value = state.rater;
}

// ---------------------------------------------------------------- rating

function rate(number, rating) {
  const { captions } = photos[place];
  const before = unfinished(0);
  state.ratings[captions[number][0]] = rating;
  keep();
  const open = captions.map((_, step) => (number + step) % captions.length);
  marked = open.find((one) => !(captions[one][0] in state.ratings)) ?? number;
  update();
  if (before < 0 || unfinished(0) >= 0) return;
  say("Everything is rated. Thank you! Now save your ratings as a file.");
  element.message.scrollIntoView({ block: "center" });
}

function unrate() {
  delete state.ratings[photos[place].captions[marked][0]];
  keep();
  update();
}

function mark(number) {
  marked = Math.max(0, Math.min(photos[place].captions.length - 1, number));
  update();
  element.captions.children[marked].scrollIntoView({ block: "nearest" });
}

function go(number) {
  show(number);
  document.querySelector("main").scrollIntoView({ block: "start" });
}

const KEYS = {
  ArrowUp: () => mark(marked - 1),
  ArrowDown: () => mark(marked + 1),
  ArrowLeft: () => go(place - 1),
  ArrowRight: () => go(place + 1),
  Enter: () => go(place + 1),
  Backspace: unrate,
  Delete: unrate,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input")) return;
  if (event.key === "Enter" && event.target.matches("button, summary")) return; // it presses them
  const act = /^[1-4]$/.test(event.key) ? () => rate(marked, Number(event.key)) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// ---------------------------------------------------------------- files

function save() {
  state.rater = element.rater.value.trim();
  if (!state.rater) {
    say("Write your name first, so that your file can be told from those of others.", true);
    element.rater.focus();
    return;
  }
  keep();
  const content = { format: FORMAT, page, rater: state.rater, saved: new Date().toISOString(), ratings: state.ratings };
  const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  const name = state.rater.replace(/[^\p{L}\p{N}]+/gu, "-");
  const link = node("a", { href: url, download: `ratings-${name}.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  unsaved = false;
  const missing = known.size - Object.keys(state.ratings).length;
  say(missing ? `Saved. ${missing} sentences have no rating yet.` : "Saved. All sentences are rated.");
}

async function open(file) {
  let content;
  try {
    content = JSON.parse(await file.text());
  } catch {
    content = null;
  }
  if (content?.format !== FORMAT) return say(`${file.name} is no file that this page saved.`, true);
  if (content.page !== page) return say(`${file.name} was saved from another page, with other photos or sentences.`, true);
  const others = Object.keys(state.ratings).length && state.rater && state.rater !== content.rater;
  if (others && !confirm(`Replace the ratings of ${state.rater} by those of ${content.rater}?`)) return;
  const read = valid(content.ratings);
  state = { rater: String(content.rater ?? ""), ratings: others ? read : { ...state.ratings, ...read } };
  keep();
  show(Math.max(0, unfinished(0)));
  say(`${Object.keys(read).length} ratings of ${state.rater} were read from ${file.name}.`);
}

function restart() {
  if (!confirm("Take back all ratings and the name on this page?")) return;
  state = { rater: "", ratings: {} };
  element.rater.value = "";
  keep();
  say("");
  show(0);
}

// ---------------------------------------------------------------- start

element.rater.addEventListener("input", () => ((state.rater = element.rater.value.trim()), keep()));
element.export.addEventListener("click", save);
element.import.addEventListener("change", () => {
  if (element.import.files.length) open(element.import.files[0]);
  element.import.value = "";
});
element.restart.addEventListener("click", restart);
element.before.addEventListener("click", () => go(place - 1));
element.next.addEventListener("click", () => go(place + 1));
element.missing.addEventListener("click", () => go(Math.max(0, unfinished((place + 1) % photos.length))));
window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
window.addEventListener("storage", (event) => {
  // The same page in another tab: what was rated there counts here too.
  if (event.key === STORE) load(), update();
});

load();
element.guide.open = !Object.keys(state.ratings).length;
show(Math.max(0, unfinished(0)));
