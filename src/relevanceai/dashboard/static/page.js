// What script adds to pages that work without it: local times, menus, the heat map and its panel.

const policy = window.trustedTypes?.createPolicy("fragments", { createHTML: (text) => text });

dropMarker();
softenPictures();
submitOnChange();
closeMenus();
const map = document.getElementById("heatmap");
if (map) startMap(map);
afterPaint(() => {
  showCurrentTab();
  localTimes(document);
});

/** What is slow and only polishes waits until the page can be seen, or is in a hidden tab. */
function afterPaint(polish) {
  if (document.hidden) polish();
  else requestAnimationFrame(() => setTimeout(polish));
}

/** Take the sign-in marker out of the address. */
function dropMarker() {
  const address = new URL(location.href);
  if (!address.searchParams.has("bounced")) return;
  address.searchParams.delete("bounced");
  history.replaceState(history.state, "", address);
}

/** A picture that is on its way stands on a soft ground, one that is there on a light one. */
function softenPictures() {
  const show = (image) => image.classList.add("is-there");
  const pictures = [...document.querySelectorAll("img.thumb")];
  for (const image of pictures) if (image.complete && image.naturalWidth) show(image);
  document.addEventListener("load", (event) => {
    if (event.target.classList?.contains("thumb")) show(event.target);
  }, true);
}

/** Say times in the reader's own zone and manner; the time of day when the pointer asks for it. */
function localTimes(within) {
  let asDay = null;
  let asTime = null; // each takes milliseconds to make, and the page is not painted meanwhile
  for (const time of within.querySelectorAll("time[datetime]")) {
    const text = time.dateTime;
    if (!/T\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/.test(text)) continue;
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) continue;
    asDay ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
    time.textContent = asDay.format(at);
    time.addEventListener("pointerenter", () => {
      asTime ??= new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
      time.title = asTime.format(at);
    }, { once: true });
  }
}

function submitOnChange() {
  for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
}

/** A menu closes by Escape and by a click elsewhere. */
function closeMenus() {
  for (const menu of document.querySelectorAll("details.menu")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  }
}

function showCurrentTab() {
  const tab = document.querySelector(".tabs [aria-current]");
  if (!tab) return;
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

async function startMap(el) {
  const root = el.dataset.root;
  try {
    const [{ createHeatmap }, data] = await Promise.all([
      import("./heatmap.js"),
      asked(el.dataset.src).then((response) => response.json()),
    ]);
    const place = new Map(data.ids.map((id, at) => [id, at]));
    const fitted = el.dataset.range === "data";
    el.replaceChildren();
    const heatmap = createHeatmap(el, {
      n: data.ids.length,
      name: el.dataset.name,
      label: (i) => data.labels[i],
      thumb: (i) => (data.thumbs[i] ? root + data.thumbs[i] : null),
      tileSize: data.tileSize,
      getTile: async (level, y, x) => {
        const response = await asked(`${root}${data.tiles}/${level}/${y}/${x}`);
        return littleEndian(await response.arrayBuffer());
      },
      exact: (i, j) => data.exact?.[Math.max(i, j)][Math.min(i, j)] ?? null,
      lo: data.lo,
      hi: data.hi,
      vmin: fitted ? data.lowest : 0,
      vmax: 1,
      onPick: (i, j) => compare(el, data.ids[i], data.ids[j]),
      onReady: () => el.classList.add("is-ready"),
    });
    const show = (a, b) => {
      if (place.has(a) && place.has(b)) heatmap.show(place.get(a), place.get(b));
    };
    show(el.dataset.a, el.dataset.b);
    for (const link of document.querySelectorAll("a[data-a]")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        show(link.dataset.a, link.dataset.b);
        compare(el, link.dataset.a, link.dataset.b, { isFocused: true });
      });
    }
  } catch (error) {
    warn(el, error);
  }
}

/** The values travel as little-endian 16-bit numbers, whatever this machine's own order. */
function littleEndian(buffer) {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return new Uint16Array(buffer);
  const bytes = new DataView(buffer);
  return Uint16Array.from({ length: buffer.byteLength / 2 }, (_, i) => bytes.getUint16(2 * i, true));
}

let pending = null;

/** Put two clusters' closest documents side by side, and the pair into the address. */
async function compare(el, a, b, { isFocused = false } = {}) {
  pending?.abort();
  const mine = new AbortController();
  pending = mine;
  const old = document.getElementById("compare");
  const slow = setTimeout(() => old.classList.add("is-loading"), 300);
  const address = new URL(el.dataset.page, location.href);
  address.search = location.search;
  address.searchParams.set("a", a);
  address.searchParams.set("b", b);
  address.searchParams.delete("judge"); // it was asked of the pair before
  const shown = new URL(address);
  address.searchParams.set("fragment", "1");
  address.searchParams.set("revision", el.dataset.revision);
  try {
    const response = await asked(address, { signal: mine.signal });
    const text = await response.text();
    const parsed = new DOMParser().parseFromString(policy?.createHTML(text) ?? text, "text/html");
    const panel = document.adoptNode(parsed.getElementById("compare"));
    document.getElementById("compare").replaceWith(panel);
    document.title = parsed.title;
    document.querySelector(".banner")?.remove();
    history.replaceState(history.state, "", shown);
    if (isFocused) panel.focus({ preventScroll: true });
    const box = panel.getBoundingClientRect();
    if (box.top > innerHeight * 0.75 || box.bottom < 80) panel.scrollIntoView({ block: "start" });
  } catch (error) {
    if (error.name !== "AbortError") warn(el, error);
  } finally {
    clearTimeout(slow);
    old.classList.remove("is-loading");
  }
}

async function asked(address, more) {
  const response = await fetch(address, { credentials: "same-origin", ...more });
  if (response.ok) return response;
  const reason = {
    401: "This page's session has ended. Open a fresh link: relevanceai dashboard",
    404: "It is no longer there: the dataset or the clustering was deleted or replaced.",
    409: "This clustering has changed since the page was opened.",
  }[response.status];
  const error = new Error(reason ?? "The dashboard could not answer. Load the page again.");
  if (response.status === 404) {
    error.way = ["All datasets", document.querySelector(".brand").href];
  } else if (response.status === 409) {
    const fresh = new URL(location.pathname + location.search, location.href);
    for (const name of ["a", "b", "judge"]) fresh.searchParams.delete(name); // ids of before
    error.way = ["Load the page again", fresh.href];
  }
  throw error;
}

/** Say what went wrong above the picture; nothing is lost, since the address holds the state. */
function warn(el, error) {
  document.querySelector(".banner")?.remove();
  const banner = document.createElement("p");
  banner.className = "banner";
  banner.setAttribute("role", "alert");
  banner.textContent =
    error instanceof TypeError
      ? "The dashboard does not answer; it ends when nobody has used it for a while. " +
        "Start it again with: relevanceai dashboard"
      : error.message;
  if (error.way) {
    const link = document.createElement("a");
    [link.textContent, link.href] = error.way;
    banner.append(" ", link);
  }
  el.closest("main").prepend(banner);
}
