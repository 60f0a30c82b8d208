// What a person would notice on the page that is open. Each measure returns a list of sentences.
(() => {
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const TARGET = 24;

  const style = (element, pseudo) => getComputedStyle(element, pseudo);
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const named = (element) => {
    const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    const sign = element.id ? `#${element.id}` : element.getAttribute("class") ?? "";
    return `<${element.localName} ${sign}> ${words}`;
  };
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const ancestors = function* (element) {
    for (let each = element; each && each !== document.documentElement; each = each.parentElement) yield each;
  };
  const scrolls = (element) => ["auto", "scroll"].includes(style(element).overflowX);
  const isHiddenFromEyes = (element) =>
    [...ancestors(element)].some((each) => {
      const { clipPath, position } = style(each);
      const box = each.getBoundingClientRect();
      return (
        clipPath === "inset(50%)" ||
        (["absolute", "fixed"].includes(position) && (box.right <= 0 || box.bottom + scrollY <= 0))
      );
    });

  // What a box that scrolls shows of a line; nothing is drawn of what is scrolled out of it.
  const shown = (parent, box) => {
    let { top, bottom } = box;
    for (const each of ancestors(parent)) {
      if (!scrolls(each)) continue;
      const frame = each.getBoundingClientRect();
      top = Math.max(top, frame.top);
      bottom = Math.min(bottom, frame.bottom);
    }
    return new DOMRect(box.left, top, box.width, Math.max(0, bottom - top));
  };

  // Text as it is drawn: one box for each line of each piece of text.
  const lines = function* () {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest("svg, option, script, noscript") || !seen(parent)) continue;
      if (isHiddenFromEyes(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const whole of range.getClientRects()) {
        const box = shown(parent, whole);
        if (box.width > 1 && box.height > 1) yield { parent, box };
      }
    }
  };

  // Nothing wider than the window, unless it scrolls in a region of its own with a name, which the
  // keyboard reaches.
  function sideways() {
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
      const wide = all("body *").filter(
        (each) =>
          each.getBoundingClientRect().right > width + 1 &&
          !isHiddenFromEyes(each) &&
          ![...ancestors(each.parentElement)].some(scrolls),
      );
      found.push(`scrolls sideways: ${wide.slice(-2).map(named).join("; ") || "cannot tell why"}`);
    }
    for (const region of all("body *").filter(scrolls)) {
      if (region.scrollWidth <= region.clientWidth + 1 || region.localName === "textarea") continue;
      const name = region.getAttribute("aria-label") ?? region.getAttribute("aria-labelledby");
      if (region.tabIndex !== 0 || !name || !["region", "group"].includes(region.getAttribute("role"))) {
        found.push(`scrolls by itself without a name or out of the keyboard's reach: ${named(region)}`);
      }
    }
    return found;
  }

  // Text that is cut off by its box or by the window, or that lies on other text.
  function unreadable() {
    const found = new Set();
    const drawn = [...lines()];
    const width = document.documentElement.clientWidth;
    for (const { parent, box } of drawn) {
      const chain = [...ancestors(parent)];
      if (chain.some(scrolls)) continue;
      if (box.left < -1 || box.right > width + 1) found.add(`runs out of the window: ${named(parent)}`);
      for (const each of chain) {
        const { overflowX, overflowY } = style(each);
        const frame = each.getBoundingClientRect();
        const cutX = ["hidden", "clip"].includes(overflowX) && (box.right > frame.right + 2 || box.left < frame.left - 2);
        const cutY = ["hidden", "clip"].includes(overflowY) && (box.bottom > frame.bottom + 4 || box.top < frame.top - 4);
        if (cutX || cutY) found.add(`is cut off: ${named(parent)}`);
      }
    }
    drawn.sort((one, other) => one.box.top - other.box.top);
    drawn.forEach((one, index) => {
      for (const other of drawn.slice(index + 1)) {
        if (other.box.top >= one.box.bottom) break;
        if (one.parent === other.parent) continue;
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = one.box.bottom - other.box.top;
        // Boxes of letters reach above and below what is drawn, so a touch is no overlap.
        if (across > 2 && down > 0.45 * Math.min(one.box.height, other.box.height)) {
          found.add(`lies on other text: ${named(one.parent)} | ${named(other.parent)}`);
        }
      }
    });
    return [...found];
  }

  // WCAG 2.5.8 with its exceptions: a link within a sentence, enough room around, the same link
  // elsewhere on the page, the browser's own look.
  function targets() {
    const area = (element) => {
      const box = element.getBoundingClientRect();
      return { element, box, x: box.left + box.width / 2, y: box.top + box.height / 2 };
    };
    const controls = all(CONTROLS).filter((each) => !isHiddenFromEyes(each)).map(area);
    const isSmall = ({ box }) => box.width < TARGET - 0.01 || box.height < TARGET - 0.01;
    const isInSentence = ({ element }) => {
      if (style(element).display !== "inline") return false;
      const block = [...ancestors(element.parentElement)].find((each) => style(each).display !== "inline");
      const links = [...block.querySelectorAll("a, button")].map((each) => each.textContent).join("");
      return block.textContent.replace(/\s/g, "").length > links.replace(/\s/g, "").length + 2;
    };
    const hasRoom = (one) =>
      controls.every((other) => {
        if (other === one || other.element.contains(one.element) || one.element.contains(other.element)) return true;
        if (isSmall(other)) return Math.hypot(one.x - other.x, one.y - other.y) >= TARGET;
        const x = Math.max(other.box.left, Math.min(one.x, other.box.right));
        const y = Math.max(other.box.top, Math.min(one.y, other.box.bottom));
        return Math.hypot(one.x - x, one.y - y) >= TARGET / 2;
      });
    const address = ({ element }) => element.getAttribute("href");
    const hasTwin = (one) =>
      address(one) && controls.some((other) => address(other) === address(one) && !isSmall(other));
    return controls
      .filter((each) => isSmall(each) && !isInSentence(each) && !hasTwin(each) && !hasRoom(each))
      .map(({ element, box }) => `${box.width.toFixed(1)} by ${box.height.toFixed(1)} px: ${named(element)}`);
  }

  const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const isClear = (colour) => colour === "none" || colour === "transparent" || rgb(colour)[3] === 0;
  const luminance = (colour) => {
    const [r, g, b] = rgb(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const hasBorder = (element) =>
    ["Top", "Right", "Bottom", "Left"].every((side) => {
      const its = style(element);
      return !["none", "hidden"].includes(its[`border${side}Style`]) && parseFloat(its[`border${side}Width`]) >= 1;
    });

  // With forced colours backgrounds and shadows are gone: borders, lines and words must do.
  function forced() {
    const found = [];
    const paper = style(document.body).backgroundColor;
    for (const each of all("button, .button")) {
      if (isHiddenFromEyes(each)) continue;
      const isLine = style(each).textDecorationLine.includes("underline");
      if (!hasBorder(each) && !isLine) found.push(`a button without a border: ${named(each)}`);
    }
    for (const each of all("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")) {
      if (!isHiddenFromEyes(each) && !hasBorder(each)) found.push(`a field without a border: ${named(each)}`);
    }
    for (const each of all(".badge")) {
      if (!each.textContent.trim()) found.push(`a badge without a word: ${named(each)}`);
      if (!hasBorder(each)) found.push(`a badge without a border: ${named(each)}`);
    }
    for (const place of all("svg a")) {
      const shape = place.querySelector("use, path, polygon, rect, circle");
      const mark = place.querySelector("text");
      const fill = shape && style(shape).fill;
      const stroke = shape && style(shape).stroke;
      if (!place.querySelector("title") && !place.getAttribute("aria-label")) {
        found.push(`a place without a name: ${named(place)}`);
      }
      if (shape && (isClear(stroke) || contrast(stroke, paper) < 3) && (isClear(fill) || contrast(fill, paper) < 3)) {
        found.push(`a place that cannot be told from the paper: ${named(place)}`);
      }
      if (mark?.textContent.trim() && contrast(style(mark).fill, isClear(fill) ? paper : fill) < 4.5) {
        found.push(`a number that does not stand out from its place: ${named(place)}`);
      }
    }
    // One of each kind, focused by script after a key was pressed, counts as focused by keyboard.
    const kinds = new Map(all(CONTROLS).filter((each) => !isHiddenFromEyes(each)).map((each) => [
      `${each.namespaceURI} ${each.localName} ${each.type ?? ""} ${each.getAttribute("class") ?? ""}`, each,
    ]));
    for (const each of kinds.values()) {
      document.activeElement.blur();
      const before = ring(each);
      each.focus({ preventScroll: true });
      const isDrawn = each.namespaceURI.endsWith("svg") && ring(each).drawn !== before.drawn;
      if (document.activeElement === each && !ring(each).outlined && !isDrawn) {
        found.push(`no outline on focus: ${named(each)}`);
      }
    }
    return found;
  }

  // How a control shows that it has the focus.
  function ring(element) {
    const its = style(element);
    const width = parseFloat(its.outlineWidth);
    const outlined = its.outlineStyle !== "none" && width >= 2 && !isClear(its.outlineColor);
    const shapes = [...element.querySelectorAll("use, path, polygon")].map((each) => style(each).stroke + style(each).strokeWidth);
    const drawn = [
      outlined ? `${its.outlineStyle} ${its.outlineWidth} ${its.outlineColor}` : "",
      its.boxShadow === "none" ? "" : its.boxShadow,
      ...shapes,
    ].join(" | ");
    return { outlined, drawn, isBare: !outlined && its.boxShadow === "none" };
  }

  // Whoever asks for less motion gets none: no animation, no transition, no gliding to a place.
  function motion() {
    const found = [];
    if (style(document.documentElement).scrollBehavior === "smooth") found.push("glides to places on the page");
    if (document.getAnimations().length) found.push("something moves");
    const seconds = (text) => Math.max(...text.split(",").map((each) => parseFloat(each) * (each.includes("ms") ? 0.001 : 1)));
    for (const each of document.querySelectorAll("body, body *")) {
      for (const pseudo of [null, "::before", "::after"]) {
        const its = style(each, pseudo);
        const moves = its.animationName !== "none" && seconds(its.animationDuration) > 0.01;
        if (moves || seconds(its.transitionDuration) > 0.01) found.push(`moves: ${named(each)}`);
      }
      if (found.length > 5) break;
    }
    return found;
  }

  // Where the focus is, after a key: what is there, whether it shows, and what lies on it.
  function remember() {
    window.plainRings ??= new WeakMap();
    for (const each of document.querySelectorAll(`${CONTROLS}, [tabindex]`)) {
      if (each !== document.activeElement && !window.plainRings.has(each)) window.plainRings.set(each, ring(each).drawn);
    }
  }
  function focus() {
    const element = document.activeElement;
    if (!element || element === document.body || element === document.documentElement) return ["the focus is nowhere"];
    (window.visited ??= new Set()).add(element);
    const found = [];
    const name = named(element);
    const now = ring(element);
    const before = window.plainRings?.get(element);
    // What had the focus from the start was never seen without it.
    if (before === undefined ? now.isBare : now.drawn === before) {
      found.push(`does not show that it has the focus: ${name}`);
    }
    const box = [...element.getClientRects()].find((each) => each.width && each.height);
    if (!box) return [...found, `has no size: ${name}`];
    // Of a large thing, such as a field for a letter, the part around the caret is enough.
    const isTall = box.height > innerHeight || element.localName === "textarea";
    if (box.right <= 0 || box.left >= innerWidth || box.bottom <= 0 || box.top >= innerHeight) {
      return [...found, `is out of sight: ${name}`];
    }
    if (!isTall && (box.top < -1 || box.bottom > innerHeight + 1)) found.push(`is half out of sight: ${name}`);
    const at = [Math.max(box.left, 0) + Math.min(box.width, innerWidth) / 2, Math.max(box.top, 0) + Math.min(box.height, innerHeight) / 2];
    const top = document.elementFromPoint(...at.map((each, axis) => Math.min(each, (axis ? innerHeight : innerWidth) - 1)));
    const isOwn = top && (element.contains(top) || top.contains(element) || [...(element.labels ?? [])].some((each) => each.contains(top)));
    if (!isOwn) found.push(`is covered by ${top ? named(top) : "nothing"}: ${name}`);
    return found;
  }

  // Controls that had no turn since this was asked last; of radio buttons one stands for its group.
  function unvisited() {
    const visited = window.visited ?? new Set();
    window.visited = new Set();
    const groups = new Set([...visited].map((each) => each.type === "radio" && each.name));
    return all(CONTROLS)
      .filter((each) => !each.disabled && each.tabIndex >= 0 && !visited.has(each) && !groups.has(each.name))
      .map(named);
  }

  return { unvisited, sideways, unreadable, targets, forced, motion, remember, focus };
})()
