// The report's page: sorting and searching the cards, and laying attention maps over the photos.
// What is chosen stands in the address after '#', so that a view can be linked:
//   #find=dog&sort=2&order=worst     #image=ID&word=3     #image=ID&strip=1
"use strict";

const gallery = document.getElementById("gallery");
const controls = document.getElementById("controls");
const count = document.getElementById("count");
const empty = make("p", { className: "empty", textContent: "No photo matches." });
const primary = Number(controls.versus.dataset.primary);
const rows = [...gallery.children].map((card, place) => {
  const scores = numbers(card.dataset.scores);
  return {
    card,
    place,
    scores,
    differences: numbers(card.dataset.others).map((other, metric) => scores[metric] - other),
    differs: !card.querySelector(".other.same"),
    text: [...card.querySelectorAll(".caption, li, .id")].map((part) => part.textContent).join("\n"),
  };
});
const byId = new Map(rows.map((row) => [row.card.dataset.id, row]));

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function numbers(list = "") {
  return list ? list.split(",").map((score) => (score === "" ? NaN : Number(score))) : [];
}

// ---------------------------------------------------------------- sorting and searching

function matcher(query) {
  // Every word of the query has to begin some word of the card: "cat" finds "cats", not "located".
  const escaped = query.trim().split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const patterns = escaped.map((word) => new RegExp(`(?<![\\p{L}\\p{N}])${word}`, "iu"));
  return (text) => patterns.every((pattern) => pattern.test(text));
}

function ordered(sort, order) {
  const sorted = [...rows];
  if (sort === "random") {
    const keys = new Map(rows.map((row) => [row, Math.random()]));
    return sorted.sort((a, b) => keys.get(a) - keys.get(b));
  }
  if (sort === "") return sorted;
  const sign = order === "worst" ? 1 : -1;
  const value = (row) => (sort.startsWith("d") ? row.differences[sort.slice(1)] : row.scores[sort]);
  const rank = (row) => (Number.isNaN(value(row)) ? Infinity : sign * value(row));
  return sorted.sort((a, b) => rank(a) - rank(b) || a.place - b.place);
}

function comparedBy(sort) {
  // Two systems are compared by the score that is sorted by, or else by the primary one.
  const metric = parseInt(sort.replace("d", ""));
  return metric < rows[0]?.differences.length ? metric : primary;
}

function versusMatcher(versus, metric) {
  const matchers = {
    ahead: (row) => row.differences[metric] > 0,
    behind: (row) => row.differences[metric] < 0,
    different: (row) => row.differs,
  };
  return matchers[versus] ?? (() => true);
}

function update() {
  const { find, sort, order, truth, versus } = controls;
  order.disabled = sort.value === "" || sort.value === "random";
  const metric = comparedBy(sort.value);
  const [matches, versusMatches] = [matcher(find.value), versusMatcher(versus.value, metric)];
  const sorted = ordered(sort.value, order.value);
  let shown = 0;
  for (const row of sorted) {
    const { card, text } = row;
    card.hidden = !matches(text) || !versusMatches(row) || (truth.value !== "" && card.dataset.truth !== truth.value);
    shown += !card.hidden;
  }
  gallery.append(...sorted.map((row) => row.card));
  empty.remove();
  if (!shown) gallery.append(empty);
  const [some, all] = [shown, rows.length].map((number) => number.toLocaleString("en"));
  const by = ["ahead", "behind"].includes(versus.value) ? `, by ${sort.querySelector(`[value="${metric}"]`).textContent}` : "";
  count.textContent = (shown === rows.length ? `${all} photos` : `${some} of ${all} photos`) + by;
  const name = sort.selectedOptions[0]?.dataset.metric;
  for (const mark of gallery.querySelectorAll(".marks div")) {
    mark.classList.toggle("sorted", mark.firstChild.textContent === name);
  }
}

function remember() {
  const chosen = [...new FormData(controls)].filter(([name, value]) => value && value !== "best");
  history.replaceState(null, "", "#" + new URLSearchParams(chosen));
}

// ---------------------------------------------------------------- attention

function draw(canvas, card, word) {
  // One pixel a region, black where the model did not look; the browser smooths it over the photo.
  const [height, width] = card.dataset.grid.split(",").map(Number);
  const bytes = atob(card.dataset.maps).slice(word * height * width, (word + 1) * height * width);
  const map = new ImageData(width, height);
  for (let region = 0; region < bytes.length; region++) {
    map.data[4 * region + 3] = 200 * (1 - bytes.charCodeAt(region) / 255);
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(map, 0, 0);
  return canvas;
}

function light(card, word) {
  const photo = card.querySelector(".photo");
  const canvas = photo.querySelector("canvas") ?? photo.appendChild(document.createElement("canvas"));
  const words = [...card.querySelectorAll(".caption i")];
  words.forEach((element, place) => element.classList.toggle("on", place === word));
  card.querySelectorAll(".frame").forEach((frame, place) => frame.setAttribute("aria-pressed", place === word));
  photo.classList.toggle("lit", word in words);
  if (word in words) draw(canvas, card, word);
}

function play(card) {
  // Shows one word after the other; whatever else is done with this card ends it.
  const words = card.querySelectorAll(".caption i").length;
  let word = 0;
  stop(card);
  light(card, 0);
  card.timer = setInterval(() => (++word < words ? light(card, word) : stop(card, true)), 650);
}

function stop(card, dark = false) {
  clearInterval(card.timer);
  if (dark) light(card, -1);
}

function pin(card, word) {
  card.pinned = card.pinned === word ? -1 : word;
  light(card, card.pinned);
}

function at(event) {
  const element = event.target.closest?.(".card[data-maps] .caption i, .frame");
  if (!element) return null;
  const card = element.closest(".card");
  return { card, word: [...card.querySelectorAll(element.matches("i") ? ".caption i" : ".frame")].indexOf(element) };
}

function fillStrip(strip) {
  // The card's photo once more for each word, under that word's map; a press shows it on the photo above.
  const card = strip.closest(".card");
  const photo = card.querySelector(".photo img");
  const frames = [...card.querySelectorAll(".caption i")].map(({ textContent }, word) => {
    const image = Object.assign(photo.cloneNode(), { alt: "" });
    const view = make("span", {}, image, draw(document.createElement("canvas"), card, word));
    const frame = make("button", { className: "frame", type: "button" }, view, textContent);
    frame.setAttribute("aria-pressed", card.pinned === word);
    return frame;
  });
  strip.append(make("div", {}, ...frames));
}

gallery.addEventListener("pointerover", (event) => {
  const found = event.pointerType === "mouse" && at(event);
  if (found) stop(found.card), light(found.card, found.word);
});
gallery.addEventListener("pointerout", (event) => {
  const found = event.pointerType === "mouse" && at(event);
  if (found) light(found.card, found.card.pinned ?? -1);
});
gallery.addEventListener("click", (event) => {
  const found = at(event);
  if (found) stop(found.card), pin(found.card, found.word);
  if (event.target.matches(".play")) play(event.target.closest(".card"));
});
gallery.addEventListener("toggle", ({ target }) => target.open && !target.querySelector("div") && fillStrip(target), true);

for (const { card } of rows) {
  const photo = card.querySelector(".photo:not(.unreadable)");
  if (!card.dataset.maps || !photo) continue;
  photo.append(make("button", { className: "play", type: "button", textContent: "▶ attention" }));
  card.append(make("details", { className: "strip" }, make("summary", { textContent: "Attention, word by word" })));
}

// ---------------------------------------------------------------- links

function show(card) {
  if (card.hidden) controls.reset(), update();
  gallery.querySelector(".linked")?.classList.remove("linked");
  card.classList.add("linked");
  card.scrollIntoView();
  requestAnimationFrame(() => card.scrollIntoView()); // once more: cards on the way have got their true heights
}

function restore() {
  const chosen = new URLSearchParams(location.hash.slice(1));
  for (const name of ["find", "sort", "order", "truth", "versus"]) {
    if (chosen.has(name)) controls[name].value = chosen.get(name);
  }
  update();
  const linked = byId.get(chosen.get("image"));
  if (!linked) return;
  const { card } = linked;
  if (card.dataset.maps && chosen.has("word")) pin(card, Number(chosen.get("word")));
  if (chosen.has("strip")) card.querySelector(".strip")?.setAttribute("open", "");
  show(card);
}

for (const link of document.querySelectorAll(".thumb")) {
  const { card } = byId.get(new URLSearchParams(link.hash.slice(1)).get("image"));
  const photo = card.querySelector(".photo img");
  if (photo) link.prepend(photo.cloneNode());
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // those open it elsewhere
  event.preventDefault();
  if (link.hash !== location.hash) history.pushState(null, "", link.hash);
  restore();
  if (link.matches(".end")) controls.scrollIntoView();
});

controls.hidden = false;
controls.addEventListener("submit", (event) => event.preventDefault());
controls.addEventListener("input", () => (update(), remember()));
window.addEventListener("hashchange", restore);
restore();
