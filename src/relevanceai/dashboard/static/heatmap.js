// A heat map of n x n values on a canvas: colours, labels, thumbnails, zoom, keyboard.
//
// createHeatmap(el, {n, label(i), thumb(i), getTile(level, y, x), exact(i, j), lo, hi, vmin, vmax,
//                    name, tileSize, onPick, onHover, onReady})
//   -> {fit, zoom, show(i, j), setData, toPNG, destroy}
//
// getTile resolves to a Uint16Array: rows of one tile of the full matrix (level 0), 0 standing for
// `lo`, 65534 for `hi`, 65535 for a value that is missing. exact(i, j) is the number itself, or null
// where only the tile is known. thumb(i) is an address or null. Nothing is fetched in here.

const STOPS = [
  "03051a", "20122e", "3f1b43", "611f53", "841e5a", "a8185a", "cb1b4f",
  "e43841", "f06043", "f4865e", "f6a981", "f7ccaf", "faebdd",
];
const LEVELS = 512;
const FULL_SCALE = 65534;
const MISSING = 65535;
const MAX_TILES = 256;
const HALF_LINE = 7;
const CELLS_DRAWN_SINGLY = 64;

/** The rocket colours as [red, green, blue], from dark (low) to light (high). */
function rocket() {
  const stops = STOPS.map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const colours = [];
  for (let level = 0; level < LEVELS; level += 1) {
    const place = (level / (LEVELS - 1)) * (stops.length - 1);
    const at = Math.min(Math.floor(place), stops.length - 2);
    const share = place - at;
    colours.push(stops[at].map((low, c) => Math.round(low + (stops[at + 1][c] - low) * share)));
  }
  return colours;
}

const COLOURS = rocket();

function element(name, className, parent) {
  const made = document.createElement(name);
  made.className = className;
  parent.append(made);
  return made;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** A number with so many decimals; what rounds to nothing has no sign. */
const fixed = (value, decimals) => value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1");

/** The number of a cluster that has no other name, for where there is little room. */
const numberOf = (name) => /^cluster-(\d+)$/.exec(name)?.[1];

export function createHeatmap(el, given) {
  let options = { tileSize: 256, name: "Heat map", ...given };
  let tiles = new Map();
  let thumbs = new Map();
  let view = { x: 0, y: 0, span: options.n };
  let cursor = null;
  let hovered = null;
  let picked = null;
  let frame = 0;
  let isReady = false;
  let spoken = 0;
  let layout = null;
  const pointers = new Map();
  let gesture = null;
  const alive = new AbortController();

  const canvas = element("canvas", "hm-canvas", el);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "heat map");
  canvas.setAttribute("aria-label", `${options.name}. Arrow keys move, Enter picks a pair.`);
  const tip = element("div", "hm-tip", el);
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  const live = element("div", "visually-hidden", el);
  live.setAttribute("role", "status");
  const retry = element("button", "hm-retry", el);
  retry.type = "button";
  retry.textContent = "Load the missing part again";
  retry.hidden = true;
  const context = canvas.getContext("2d");
  const family = getComputedStyle(el).fontFamily;

  // ------------------------------------------------------------ numbers and colours

  const low = () => options.vmin ?? options.lo;
  const high = () => options.vmax ?? options.hi;

  function colourOf(value) {
    const place = (value - low()) / (high() - low() || 1);
    return COLOURS[Math.round(clamp(place, 0, 1) * (LEVELS - 1))];
  }

  function decoded(code) {
    return code === MISSING ? NaN : options.lo + (code / FULL_SCALE) * (options.hi - options.lo);
  }

  function valueAt(i, j) {
    const exact = options.exact?.(i, j);
    if (typeof exact === "number") return exact;
    const size = options.tileSize;
    const tile = tiles.get(`${Math.floor(i / size)},${Math.floor(j / size)}`);
    if (!tile?.codes) return null;
    return decoded(tile.codes[(i % size) * tile.width + (j % size)]);
  }

  function said(value) {
    if (value === null) return "loading";
    return Number.isFinite(value) ? fixed(value, 3) : "not a number";
  }

  // ------------------------------------------------------------ tiles and thumbnails

  function wanted() {
    const size = options.tileSize;
    const last = Math.ceil(options.n / size) - 1;
    const keys = [];
    const until = (from) => Math.min(Math.floor((from + view.span - 1e-9) / size), last);
    for (let y = Math.floor(view.y / size); y <= until(view.y); y += 1) {
      for (let x = Math.floor(view.x / size); x <= until(view.x); x += 1) keys.push([y, x]);
    }
    return keys;
  }

  function request(y, x) {
    const key = `${y},${x}`;
    if (tiles.has(key)) return;
    const size = options.tileSize;
    const tile = {
      codes: null,
      image: null,
      failed: false,
      height: Math.min(size, options.n - y * size),
      width: Math.min(size, options.n - x * size),
    };
    tiles.set(key, tile);
    const mine = tiles;
    options.getTile(0, y, x).then(
      (codes) => {
        if (mine !== tiles) return;
        if (codes.length !== tile.height * tile.width) tile.failed = true;
        else tile.codes = codes;
        if (tiles.size > MAX_TILES) forget();
        draw();
      },
      () => {
        tile.failed = true;
        draw();
      },
    );
  }

  function forget() {
    const visible = new Set(wanted().map(([y, x]) => `${y},${x}`));
    for (const key of tiles.keys()) {
      if (tiles.size <= MAX_TILES) break;
      if (!visible.has(key)) tiles.delete(key);
    }
  }

  function imageOf(tile) {
    const range = `${low()},${high()}`;
    if (tile.image && tile.range === range) return tile.image;
    const image = document.createElement("canvas");
    image.width = tile.width;
    image.height = tile.height;
    const pixels = new ImageData(tile.width, tile.height);
    tile.codes.forEach((code, at) => {
      const colour = code === MISSING ? [128, 128, 128] : colourOf(decoded(code));
      pixels.data.set([...colour, 255], at * 4);
    });
    image.getContext("2d").putImageData(pixels, 0, 0);
    tile.image = image;
    tile.range = range;
    return image;
  }

  function thumbOf(i) {
    if (thumbs.has(i)) return thumbs.get(i);
    const address = options.thumb?.(i);
    const image = address ? new Image() : null;
    if (image) {
      image.decoding = "async";
      image.addEventListener("load", draw, { once: true });
      image.src = address;
    }
    thumbs.set(i, image);
    return image;
  }

  // ------------------------------------------------------------ where things stand

  function measure() {
    const width = el.clientWidth;
    const names = Array.from({ length: Math.min(options.n, 1000) }, (_, i) => options.label(i));
    const numbers = names.map(numberOf);
    const isNumbered = numbers.every((number) => number !== undefined);
    const guess = (width - 80) / view.span;
    const hasThumbs = guess >= 26 && options.thumb?.(0) !== undefined && thumbOf(0) !== null;
    const thumb = hasThumbs ? Math.round(clamp(guess - 6, 18, 44)) : 0;
    const isShort = isNumbered && width < 460;
    context.font = `600 12px ${family}`;
    const widest = (texts) => Math.max(...texts.map((text) => context.measureText(text).width));
    const longest = widest(names);
    const beside = isShort ? widest(numbers) : Math.min(longest, width * 0.24);
    const gutter = beside + (thumb ? thumb + 12 : 8) + 2;
    const plot = Math.max(40, Math.floor(width - gutter - 2));
    const cell = plot / view.span;
    const isFlat = longest <= cell - 4;
    const digits = isNumbered && !isFlat;
    const below = isFlat || digits ? 18 : Math.min(longest, 90) + 6;
    const top = cell < 2 * HALF_LINE ? HALF_LINE + 1 : 2; // room for a name beside a thin row
    return {
      width, gutter, plot, cell, thumb, isShort, isFlat, digits,
      across: digits ? widest(numbers) + 8 : isFlat ? 0 : 13,
      top,
      scale: top + plot + (thumb ? thumb + 6 : 0) + below + 16,
      height: top + plot + (thumb ? thumb + 6 : 0) + below + 16 + 30,
    };
  }

  const shortened = (i) => numberOf(options.label(i)) ?? options.label(i);

  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left - layout.gutter;
    const y = event.clientY - box.top - layout.top;
    if (x < 0 || y < 0 || x >= layout.plot || y >= layout.plot) return null;
    const at = (offset, from) => clamp(Math.floor(from + offset / layout.cell), 0, options.n - 1);
    return [at(y, view.y), at(x, view.x)];
  }

  const left = (j) => layout.gutter + Math.round((j - view.x) * layout.cell);
  const upper = (i) => layout.top + Math.round((i - view.y) * layout.cell);

  // ------------------------------------------------------------ drawing

  function draw() {
    if (!frame) frame = requestAnimationFrame(paint);
  }

  function paint() {
    frame = 0;
    if (!el.clientWidth || !options.n) return;
    layout = measure();
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const wide = Math.round(layout.width * ratio);
    const tall = Math.round(layout.height * ratio);
    if (canvas.width !== wide || canvas.height !== tall) {
      canvas.width = wide;
      canvas.height = tall;
      canvas.style.height = `${layout.height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    const style = getComputedStyle(el);
    const ink = style.color;
    const soft = style.getPropertyValue("--muted").trim() || ink;
    const accent = style.getPropertyValue("--accent").trim() || ink;

    for (const [y, x] of wanted()) request(y, x);
    context.save();
    context.beginPath();
    context.rect(layout.gutter, layout.top, layout.plot, layout.plot);
    context.clip();
    if (view.span <= CELLS_DRAWN_SINGLY) paintCells();
    else paintTiles();
    mark(picked, accent, 3);
    mark(hovered ?? (document.activeElement === canvas ? cursor : null), ink, 2);
    context.restore();
    paintNames(ink, soft);
    paintScale(soft, ink);
    retry.hidden = ![...tiles.values()].some((tile) => tile.failed);
    canvas.classList.toggle("zoomed", view.span < options.n);
    if (!isReady && wanted().every(([y, x]) => tiles.get(`${y},${x}`)?.codes)) {
      isReady = true;
      options.onReady?.();
    }
  }

  function hatch(x, y, width, height) {
    context.fillStyle = "#80808040";
    context.fillRect(x, y, width, height);
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = "#808080";
    context.beginPath();
    for (let d = -height; d < width; d += 7) {
      context.moveTo(x + d, y + height);
      context.lineTo(x + d + height, y);
    }
    context.stroke();
    context.restore();
  }

  function paintCells() {
    const gap = layout.cell >= 24 ? 1 : 0;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const decimals = layout.cell >= 30 ? 2 : 0;
    const size = clamp(layout.cell * 0.26, 10, 15);
    context.font = `${size}px ${family}`;
    const until = (from) => Math.min(Math.ceil(from + view.span), options.n);
    for (let i = Math.floor(view.y); i < until(view.y); i += 1) {
      for (let j = Math.floor(view.x); j < until(view.x); j += 1) {
        const value = valueAt(i, j);
        const [x, y] = [left(j), upper(i)];
        const [width, height] = [left(j + 1) - x - gap, upper(i + 1) - y - gap];
        if (value === null || !Number.isFinite(value)) {
          hatch(x, y, width, height);
          continue;
        }
        const colour = colourOf(value);
        context.fillStyle = `rgb(${colour.join(" ")})`;
        context.fillRect(x, y, width, height);
        if (decimals) {
          const light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
          context.fillStyle = light > 140 ? "#14040f" : "#ffffff";
          context.fillText(fixed(value, decimals), x + width / 2, y + height / 2 + 0.5);
        }
      }
    }
  }

  function paintTiles() {
    const size = options.tileSize;
    context.imageSmoothingEnabled = layout.cell < 1;
    for (const [y, x] of wanted()) {
      const tile = tiles.get(`${y},${x}`);
      const box = [left(x * size), upper(y * size)];
      const width = left(x * size + tile.width) - box[0];
      const height = upper(y * size + tile.height) - box[1];
      if (tile.codes) context.drawImage(imageOf(tile), ...box, width, height);
      else if (tile.failed) hatch(...box, width, height);
    }
  }

  function mark(pair, colour, width) {
    if (!pair) return;
    const [i, j] = pair;
    const cell = Math.max(layout.cell, 7);
    const nudge = (cell - layout.cell) / 2;
    const [x, y] = [left(j) - nudge, upper(i) - nudge];
    context.lineWidth = width + 2;
    context.strokeStyle = "#ffffff";
    context.strokeRect(x + 1, y + 1, cell - 3, cell - 3);
    context.lineWidth = width;
    context.strokeStyle = colour === "#ffffff" ? "#000000" : colour;
    context.strokeRect(x + 1, y + 1, cell - 3, cell - 3);
  }

  function paintThumb(i, x, y) {
    const image = thumbOf(i);
    if (!image?.complete || !image.naturalWidth) return;
    const size = layout.thumb;
    const scale = Math.min(size / image.naturalWidth, size / image.naturalHeight);
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    context.save();
    context.beginPath();
    context.roundRect(x, y, size, size, 6);
    context.clip();
    context.fillStyle = "#ffffff";
    context.fillRect(x, y, size, size);
    context.drawImage(image, x + (size - width) / 2, y + (size - height) / 2, width, height);
    context.restore();
  }

  function fitted(text, room) {
    if (context.measureText(text).width <= room) return text;
    let cut = text;
    while (cut && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
    return `${cut}…`;
  }

  function paintNames(ink, soft) {
    const { gutter, plot, cell, thumb, top } = layout;
    const step = Math.max(1, Math.ceil(13 / cell));
    const at = hovered ?? cursor;
    const until = (from) => Math.min(Math.ceil(from + view.span), options.n);
    context.textBaseline = "middle";
    const write = (i, name, isOn) => {
      context.font = `${isOn ? "600 " : ""}12px ${family}`;
      context.fillStyle = isOn ? ink : soft;
      return name;
    };
    for (let i = Math.floor(view.y); i < until(view.y); i += 1) {
      const middle = top + (i + 0.5 - view.y) * cell;
      if (i % step || middle < top || middle > top + plot) continue;
      const name = write(i, layout.isShort ? shortened(i) : options.label(i), at?.[0] === i);
      context.textAlign = "right";
      const room = gutter - (thumb ? thumb + 12 : 8);
      context.fillText(fitted(name, room), room, middle);
      if (thumb) paintThumb(i, gutter - thumb - 6, middle - thumb / 2);
    }
    const stride = Math.max(1, Math.ceil(layout.across / cell));
    const foot = top + plot + 6 + (thumb ? thumb + 4 : 0);
    for (let j = Math.floor(view.x); j < until(view.x); j += 1) {
      const middle = gutter + (j + 0.5 - view.x) * cell;
      if (j % stride || middle < gutter || middle > gutter + plot) continue;
      if (thumb) paintThumb(j, middle - thumb / 2, top + plot + 6);
      const name = write(j, layout.digits ? shortened(j) : options.label(j), at?.[1] === j);
      context.save();
      context.translate(middle, foot);
      if (layout.isFlat || layout.digits) {
        context.textAlign = "center";
        context.fillText(name, 0, 8);
      } else {
        context.rotate(-Math.PI / 2);
        context.textAlign = "right";
        context.fillText(fitted(name, 90), 0, 0);
      }
      context.restore();
    }
  }

  function paintScale(soft, ink) {
    const { gutter, plot, scale } = layout;
    for (let x = 0; x < plot; x += 1) {
      context.fillStyle = `rgb(${COLOURS[Math.round((x / plot) * (LEVELS - 1))].join(" ")})`;
      context.fillRect(gutter + x, scale, 1.5, 9);
    }
    context.font = `12px ${family}`;
    context.textBaseline = "top";
    [0, 0.5, 1].forEach((share) => {
      context.fillStyle = soft;
      context.textAlign = ["left", "center", "right"][share * 2];
      const value = low() + share * (high() - low());
      context.fillText(value.toFixed(2), gutter + share * plot, scale + 14);
    });
    const pair = hovered ?? cursor;
    const value = pair ? valueAt(...pair) : null;
    if (value === null || !Number.isFinite(value)) return;
    const share = clamp((value - low()) / (high() - low() || 1), 0, 1);
    context.fillStyle = ink;
    context.beginPath();
    context.moveTo(gutter + share * plot, scale - 1);
    context.lineTo(gutter + share * plot - 5, scale - 8);
    context.lineTo(gutter + share * plot + 5, scale - 8);
    context.fill();
  }

  // ------------------------------------------------------------ what is said

  function tell(pair) {
    if (!pair) {
      tip.hidden = true;
      return;
    }
    const [i, j] = pair;
    tip.replaceChildren();
    for (const at of i === j ? [i] : [i, j]) {
      const address = options.thumb?.(at);
      if (!address) continue;
      const image = element("img", "", tip);
      image.alt = "";
      image.src = address;
    }
    const text = element("span", "", tip);
    element("b", "", text).textContent = said(valueAt(i, j));
    text.append(i === j ? options.label(i) : `${options.label(i)} × ${options.label(j)}`);
    tip.hidden = false;
    const below = upper(i) + layout.cell + 8;
    const room = layout.height - tip.offsetHeight;
    const y = below > room ? upper(i) - tip.offsetHeight - 8 : below;
    tip.style.left = `${clamp(left(j), 0, Math.max(0, layout.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, y)}px`;
  }

  function announce(pair) {
    clearTimeout(spoken);
    spoken = setTimeout(() => {
      const [i, j] = pair;
      const names = i === j ? options.label(i) : `${options.label(i)} and ${options.label(j)}`;
      live.textContent = `${names}: ${said(valueAt(i, j))}`;
    }, 160);
  }

  function hover(pair) {
    hovered = pair;
    tell(pair);
    options.onHover?.(...(pair ?? [null, null]));
    draw();
  }

  function pick(pair) {
    picked = pair;
    cursor = pair;
    options.onPick?.(...pair);
    draw();
  }

  // ------------------------------------------------------------ zoom and pan

  function look(x, y, span) {
    const least = Math.min(options.n, 4);
    view.span = clamp(span, least, options.n);
    view.x = clamp(x, 0, options.n - view.span);
    view.y = clamp(y, 0, options.n - view.span);
    draw();
  }

  function zoom(factor, row = view.y + view.span / 2, column = view.x + view.span / 2) {
    const span = clamp(view.span / factor, Math.min(options.n, 4), options.n);
    const share = span / view.span;
    look(column - (column - view.x) * share, row - (row - view.y) * share, span);
  }

  function fit() {
    look(0, 0, options.n);
  }

  function move(rows, columns) {
    cursor = cursor
      ? [clamp(cursor[0] + rows, 0, options.n - 1), clamp(cursor[1] + columns, 0, options.n - 1)]
      : (picked ?? [Math.floor(view.y), Math.floor(view.x)]);
    const [i, j] = cursor;
    look(
      clamp(view.x, j + 1 - view.span, j),
      clamp(view.y, i + 1 - view.span, i),
      view.span,
    );
    hovered = null;
    tell(cursor);
    announce(cursor);
    draw();
  }

  const KEYS = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    if (step) move(...step.map((way) => way * (event.shiftKey ? 10 : 1)));
    else if ((event.key === "Enter" || event.key === " ") && cursor) pick(cursor);
    else if (event.key === "+" || event.key === "=") zoom(1.5, ...centre());
    else if (event.key === "-") zoom(1 / 1.5, ...centre());
    else if (event.key === "0") fit();
    else if (event.key === "Escape") hover(null);
    else return;
    event.preventDefault();
  }

  const centre = () => (cursor ? cursor.map((at) => at + 0.5) : []);

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [
      view.y + (event.clientY - box.top - layout.top) / layout.cell,
      view.x + (event.clientX - box.left - layout.gutter) / layout.cell,
    ];
  }

  function onWheel(event) {
    const isMany = options.n > 40;
    if (!layout || !(event.ctrlKey || isMany) || !cellAt(event)) return;
    if (event.deltaY > 0 && view.span >= options.n && !event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0022)), ...place(event));
    hover(cellAt(event));
  }

  function spread() {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  }

  function onDown(event) {
    if (!layout || (event.pointerType === "mouse" && event.button !== 0)) return;
    pointers.set(event.pointerId, event);
    gesture = { x: view.x, y: view.y, from: event, moved: pointers.size > 1 };
    if (pointers.size === 2) gesture.spread = spread();
  }

  function onMove(event) {
    if (!layout) return;
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, event);
    if (gesture && pointers.size === 2) {
      const now = spread();
      zoom(now / gesture.spread, ...place(event));
      gesture.spread = now;
      gesture.moved = true;
      return;
    }
    if (gesture && pointers.size === 1) {
      const [dx, dy] = [event.clientX - gesture.from.clientX, event.clientY - gesture.from.clientY];
      if (Math.hypot(dx, dy) > 5) gesture.moved = true;
      if (gesture.moved && view.span < options.n) {
        canvas.setPointerCapture?.(event.pointerId);
        look(gesture.x - dx / layout.cell, gesture.y - dy / layout.cell, view.span);
        return;
      }
    }
    hover(cellAt(event));
  }

  function onUp(event) {
    const isClick = gesture && !gesture.moved && pointers.size === 1 && event.type === "pointerup";
    pointers.delete(event.pointerId);
    if (!pointers.size) gesture = null;
    const pair = isClick ? cellAt(event) : null;
    if (pair) pick(pair);
  }

  const watch = (target, names, action, more = {}) => {
    for (const name of names.split(" ")) {
      target.addEventListener(name, action, { signal: alive.signal, ...more });
    }
  };
  watch(canvas, "keydown", onKey);
  watch(canvas, "wheel", onWheel, { passive: false });
  watch(canvas, "pointerdown", onDown);
  watch(canvas, "pointermove", onMove);
  watch(canvas, "pointerup pointercancel", onUp);
  watch(canvas, "pointerleave", () => hover(null));
  watch(canvas, "focus", () => {
    if (canvas.matches(":focus-visible")) move(0, 0);
  });
  watch(canvas, "blur", () => hover(null));
  watch(retry, "click", () => {
    for (const [key, tile] of tiles) if (tile.failed) tiles.delete(key);
    draw();
  });
  watch(matchMedia("(prefers-color-scheme: dark)"), "change", draw);
  const resized = new ResizeObserver(draw);
  resized.observe(el);
  const themed = new MutationObserver(draw);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  draw();

  return {
    fit,
    zoom,
    show(i, j) {
      picked = [i, j];
      if (view.span < options.n) look(j - view.span / 2, i - view.span / 2, view.span);
      draw();
    },
    setData(more) {
      options = { ...options, ...more };
      tiles = new Map();
      thumbs = new Map();
      cursor = hovered = picked = null;
      isReady = false;
      tell(null);
      fit();
    },
    toPNG: () => new Promise((resolve) => canvas.toBlob(resolve, "image/png")),
    destroy() {
      alive.abort();
      resized.disconnect();
      themed.disconnect();
      cancelAnimationFrame(frame);
      clearTimeout(spoken);
      for (const each of [canvas, tip, live, retry]) each.remove();
    },
  };
}
