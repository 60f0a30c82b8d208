// Enhancement only: without it the form is sent by its button. With it a choice is applied at once, in place: focus and
// scroll stay where they are, the address says what is shown, and the number found is said politely.

const form = document.querySelector("form.search-form");
const start = () => location.pathname + location.search;
const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
form.after(said);
form.dataset.live = "";

// What the address of the form as it is now would be; what does not narrow is left out, as the server does.
function address() {
  const given = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...given]) {
    const first = form.elements[name].options?.[0]?.value ?? "";
    if (!value.trim() || value === first) given.delete(name);
  }
  const query = given.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

// Put the form as an address says: somebody went back or forth.
function read(search) {
  const given = new URLSearchParams(search);
  for (const control of form.elements) {
    if (control.type === "checkbox") control.checked = given.has(control.name);
    else if (control.name) control.value = given.get(control.name) ?? control.options?.[0]?.value ?? "";
  }
}

// Take over what stands behind the form, and the link that clears it.
function show(page) {
  const fresh = page.querySelector("form.search-form");
  const after = [];
  for (let next = fresh.nextSibling; next; next = next.nextSibling) after.push(next);
  while (said.nextSibling) said.nextSibling.remove();
  said.after(...after.map((node) => document.importNode(node, true)));
  form.querySelector(".search-form__send a")?.remove();
  const clear = fresh.querySelector(".search-form__send a");
  if (clear) form.querySelector(".search-form__send").append(document.importNode(clear, true));
  document.dispatchEvent(new Event("newmap"));
  said.textContent = document.querySelector("#found").textContent;
}

let shown = start();
let asked = null;

// `way` is what becomes of the history: "push" for a choice, "replace" while somebody types, "keep" when they went back.
// Only a press of the button may lead to another page, as from a postcode to its constituency.
async function load(target, { way, mayLeave = false }) {
  asked?.abort();
  if (target === shown && !mayLeave) return done();
  const own = (asked = new AbortController());
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(target, { signal: own.signal });
    const isElsewhere = new URL(answer.url).pathname !== form.getAttribute("action");
    if (isElsewhere && !mayLeave) return done();
    if (isElsewhere || !answer.ok) return location.assign(isElsewhere ? answer.url : target);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (way === "push") history.pushState(null, "", target);
    if (way === "replace") history.replaceState(null, "", target);
    shown = target;
    done();
  } catch (error) {
    // Whatever went wrong, the page itself can say it; a search that was overtaken says nothing.
    if (error.name !== "AbortError") location.assign(target);
  }
}

function done() {
  form.removeAttribute("aria-busy");
}

let pause;
let isTyping = false;
form.addEventListener("input", (event) => {
  if (event.target.type !== "search") return;
  clearTimeout(pause);
  // Of somebody who types only the first stop is a step to go back over.
  pause = setTimeout(() => {
    load(address(), { way: isTyping ? "replace" : "push" });
    isTyping = true;
  }, 500);
});
form.addEventListener("change", (event) => {
  if (event.target.type === "search") return;
  clearTimeout(pause);
  isTyping = false;
  load(address(), { way: "push" });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(pause);
  isTyping = false;
  load(address(), { way: address() === shown ? "keep" : "push", mayLeave: true });
});
addEventListener("popstate", () => {
  if (start() === shown) return; // A link within the page.
  clearTimeout(pause);
  isTyping = false;
  read(location.search);
  load(start(), { way: "keep" });
});
