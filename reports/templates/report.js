"use strict";
// The page is whole without this script. It filters as one types, and opens what a link names.
(() => {
  const filter = document.getElementById("filter");
  const found = document.getElementById("found");
  const differs = document.getElementById("differs");
  document.documentElement.classList.add("scripted");
  document.querySelector("search").hidden = false;

  // Every row with what opens under it, and the text of both. Made when first asked for.
  let entries;
  const rows = () => entries ??= Array.from(document.querySelectorAll(".row"), row => {
    const next = row.nextElementSibling;
    const more = next?.matches(".more") ? next : null;
    return { row, more, text: `${row.textContent} ${more?.textContent ?? ""}`.toLowerCase() };
  });

  // What stays as it is, is not touched.
  const show = (element, shown) => {
    if (element && element.hidden === shown) element.hidden = !shown;
  };

  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let seen = 0, alike = 0;
    for (const { row, more, text } of rows()) {
      const hit = words.every(word => text.includes(word));
      show(row, hit);
      show(more, hit);
      if (hit) differs?.checked && row.matches(".same") ? alike++ : seen++;
    }
    for (const group of document.querySelectorAll(".group")) {
      show(group, !words.length || group.querySelector(".row:not([hidden])") !== null);
    }
    found.textContent = words.length ? `${seen} rows${alike ? `, ${alike} more do not differ` : ""}` : "";
  };

  const open = (row, opened) => {
    row.classList.toggle("open", opened);
    row.querySelector("a").setAttribute("aria-expanded", opened);
  };

  // `#pipe.read-eof/raw` names the row `pipe.read-eof`; `#pipe.write-full` the first of its cases.
  const named = hash => {
    let id;
    try { id = decodeURIComponent(hash.slice(1)); } catch { return null; }
    while (id) {
      const element = document.getElementById(id) ?? document.querySelector(`[id^="${CSS.escape(`${id}/`)}"]`);
      if (element) return element;
      id = id.slice(0, Math.max(id.lastIndexOf("/"), 0));
    }
    return null;
  };

  const arrive = () => {
    const target = named(location.hash);
    if (!target) return;
    if (target.closest("[hidden]")) {
      filter.value = "";
      apply();
    }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (target.matches("tr.row")) {
      open(target, true);
      target.querySelector("a").focus({ preventScroll: true });
    }
    target.scrollIntoView();
  };

  document.addEventListener("click", event => {
    const link = event.target.closest("a[aria-expanded]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = link.closest("tr");
    open(row, !row.classList.contains("open"));
    history.replaceState(null, "", link.getAttribute("href"));
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== filter) {
      event.preventDefault();
      filter.focus();
    }
  });
  filter.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      filter.value = "";
      apply();
    }
  });
  filter.addEventListener("input", apply);
  differs?.addEventListener("change", apply);
  addEventListener("hashchange", arrive);
  // A browser that follows a fragment on its own takes the focus away again, until the page has loaded.
  addEventListener("load", () => requestAnimationFrame(arrive));
})();
