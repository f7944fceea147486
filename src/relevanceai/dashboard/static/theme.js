// Sets the theme a person chose before anything is painted; loaded in the head, not as a module.
"use strict";
(() => {
  const KEY = "relevanceai-theme";
  const root = document.documentElement;
  root.classList.add("has-script");
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Storage may be switched off; then the system's theme holds.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const order = ["system", "light", "dark"];
    const say = () => {
      const now = root.dataset.theme ?? "system";
      button.textContent = `${now[0].toUpperCase()}${now.slice(1)} theme`;
      button.dataset.now = now;
    };
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      const now = root.dataset.theme ?? "system";
      const next = order[(order.indexOf(now) + 1) % order.length];
      if (next === "system") delete root.dataset.theme;
      else root.dataset.theme = next;
      try {
        if (next === "system") localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, next);
      } catch {
        // Not remembered then.
      }
      say();
    });
  });
})();
