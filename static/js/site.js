// Enhancement only: every page works without it.

// After a form came back with errors, keyboard and screen reader start at the summary.
document.querySelector("[data-focus]")?.focus();

// How much of a text still fits. Counted as the server does: a line end is one character.
for (const text of document.querySelectorAll("[data-limit]")) {
  const left = document.createElement("p");
  left.className = "hint";
  left.setAttribute("aria-live", "polite");
  const count = () => {
    const typed = [...text.value.normalize("NFC").trim()].length;
    left.textContent = text.dataset.left.replace("{count}", text.dataset.limit - typed);
  };
  text.after(left);
  text.addEventListener("input", count);
  count();
}

// The map is one stop of the Tab key instead of hundreds: arrow keys move to the next place that way. What a place
// says stands below the map too, for those who see it under a mouse, a finger or the focus.
const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
const enliven = (map) => {
  const places = [...map.querySelectorAll("a")];
  const frame = map.parentElement; // A drawing that listens for focus would become a stop itself.
  const said = document.createElement("p");
  said.className = "hexmap-said";
  said.setAttribute("aria-hidden", "true"); // Screen readers have read it at the place itself.
  map.after(said);
  const say = (place) => (said.textContent = place?.querySelector("title")?.textContent.trim() ?? "");
  const centre = (place) => {
    const box = place.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const choose = (chosen) => places.forEach((place) => place.setAttribute("tabindex", place === chosen ? 0 : -1));
  choose(places[0]);
  for (const hint of frame.querySelectorAll("[hidden]")) hint.removeAttribute("hidden");
  frame.addEventListener("pointerover", (event) => say(event.target.closest("a.hex") ?? document.activeElement));
  frame.addEventListener("pointerleave", () => say(document.activeElement));
  frame.addEventListener("focusout", () => say(null));
  frame.addEventListener("focusin", (event) => {
    if (!places.includes(event.target)) return;
    choose(event.target);
    say(event.target);
  });
  frame.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    if (!way || !places.includes(event.target)) return;
    const [x, y] = centre(event.target);
    let best = null;
    let least = Infinity;
    for (const place of places) {
      const [dx, dy] = centre(place).map((at, axis) => at - [x, y][axis]);
      const ahead = dx * way[0] + dy * way[1];
      const aside = Math.abs(dx * way[1] + dy * way[0]);
      const cost = ahead + 2 * aside;
      if (ahead > 1 && aside <= 2 * ahead && cost < least) [best, least] = [place, cost];
    }
    event.preventDefault();
    best?.focus();
  });
};
const enlivenMaps = () => document.querySelectorAll("[data-arrow-keys]").forEach(enliven);
enlivenMaps();
document.addEventListener("newmap", enlivenMaps); // A search has brought another one.
