// The report's page: sorting and searching the cards, and laying attention maps over the photos.
// What is chosen stands in the address after '#', so that a view can be linked:
//   #find=dog&sort=2&order=worst     #image=ID&word=3
"use strict";

const gallery = document.getElementById("gallery");
const controls = document.getElementById("controls");
const count = document.getElementById("count");
const empty = Object.assign(document.createElement("p"), { className: "empty", textContent: "No photo matches." });
const rows = [...gallery.children].map((card, place) => ({
  card,
  place,
  scores: card.dataset.scores.split(",").map((score) => (score === "" ? NaN : Number(score))),
  text: [...card.querySelectorAll(".caption, li, .id")].map((part) => part.textContent).join("\n"),
}));

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
  const rank = (row) => (Number.isNaN(row.scores[sort]) ? Infinity : sign * row.scores[sort]);
  return sorted.sort((a, b) => rank(a) - rank(b) || a.place - b.place);
}

function update() {
  const { find, sort, order, truth } = controls;
  order.disabled = sort.value === "" || sort.value === "random";
  const matches = matcher(find.value);
  const sorted = ordered(sort.value, order.value);
  let shown = 0;
  for (const { card, text } of sorted) {
    card.hidden = !matches(text) || (truth.value !== "" && card.dataset.truth !== truth.value);
    shown += !card.hidden;
  }
  gallery.append(...sorted.map((row) => row.card));
  empty.remove();
  if (!shown) gallery.append(empty);
  const [some, all] = [shown, rows.length].map((number) => number.toLocaleString("en"));
  count.textContent = shown === rows.length ? `${all} photos` : `${some} of ${all} photos`;
  const name = sort.selectedOptions[0].textContent;
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
}

function light(card, word) {
  const photo = card.querySelector(".photo");
  const canvas = photo.querySelector("canvas") ?? photo.appendChild(document.createElement("canvas"));
  const words = [...card.querySelectorAll(".caption i")];
  words.forEach((element, place) => element.classList.toggle("on", place === word));
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
  const element = event.target.closest?.(".card[data-maps] .caption i");
  if (!element) return null;
  const card = element.closest(".card");
  return { card, word: [...card.querySelectorAll(".caption i")].indexOf(element) };
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

for (const { card } of rows) {
  const photo = card.querySelector(".photo:not(.unreadable)");
  if (!card.dataset.maps || !photo) continue;
  const button = { className: "play", type: "button", textContent: "▶ attention" };
  photo.append(Object.assign(document.createElement("button"), button));
}

// ---------------------------------------------------------------- start

function restore() {
  const chosen = new URLSearchParams(location.hash.slice(1));
  for (const name of ["find", "sort", "order", "truth"]) {
    if (chosen.has(name)) controls[name].value = chosen.get(name);
  }
  update();
  const linked = rows.find((row) => row.card.dataset.id === chosen.get("image"));
  if (!linked) return;
  linked.card.classList.add("linked");
  linked.card.scrollIntoView();
  if (chosen.has("word") && linked.card.dataset.maps) pin(linked.card, Number(chosen.get("word")));
}

controls.hidden = false;
controls.addEventListener("submit", (event) => event.preventDefault());
controls.addEventListener("input", () => (update(), remember()));
window.addEventListener("hashchange", restore);
restore();
