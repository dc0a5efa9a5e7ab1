// What the page does beyond links and forms: keys, the count read aloud, copying. Without it all else still works.
"use strict";

(() => {
  const KEYS = "imrsearch-keys";
  const find = (selector, within = document) => within.querySelector(selector);
  const cards = () => [...document.querySelectorAll("#main .card")];

  // The count of each new page is read aloud; the region itself is never exchanged.
  const announce = () => {
    const counts = find("#main [data-live]") || find("#main h1");
    find("#live").textContent = counts ? counts.textContent : "";
  };

  const keysAreOn = () => {
    try {
      return localStorage.getItem(KEYS) !== "off";
    } catch {
      return true;
    }
  };

  const openKeys = () => {
    find("#keys-on").checked = keysAreOn();
    find("#keys").showModal();
  };

  const move = (by) => {
    const all = cards();
    if (!all.length) return;
    const at = all.findIndex((card) => card.classList.contains("here"));
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    all.forEach((card) => card.classList.toggle("here", card === next));
    next.scrollIntoView({ block: "nearest" });
    const link = find("h2 a, h3 a", next);
    if (link) link.focus({ preventScroll: true });
  };

  const copy = async (button) => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      find("#live").textContent = "Copied";
      button.dataset.done = "yes";
    } catch {
      const texts = button.parentElement.nextElementSibling;
      const stand = texts instanceof HTMLDetailsElement;
      if (stand) texts.open = true;
      const where = stand ? "below the button" : "on the page of the item";
      find("#live").textContent = `The browser did not let the page copy; the text stands ${where}`;
    }
  };

  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keysAreOn()) return;
    const target = event.target;
    if (target.matches("input:not([type=checkbox]), textarea, select") || find("dialog[open]")) return;
    const acts = {
      "/": () => find("#query") && find("#query").focus(),
      j: () => move(1),
      k: () => move(-1),
      c: () => {
        const button = find(".card.here [data-copy]") || find("#main [data-copy]");
        if (button) copy(button);
      },
      "?": openKeys,
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    if (event.target.closest("[data-opens=keys]")) {
      event.preventDefault();
      openKeys();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#keys-on")) {
      try {
        localStorage.setItem(KEYS, event.target.checked ? "on" : "off");
      } catch {
        // Without storage the choice holds for no other page.
      }
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.matches("#page, #list")) announce();
    // What was asked is answered: the next key is no letter of the question, and a touch keyboard gives room.
    const asked = document.activeElement;
    if (event.target.matches("#page") && asked.matches("#query")) asked.blur();
  });
})();
