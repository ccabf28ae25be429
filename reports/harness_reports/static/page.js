"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const boards = [...document.querySelectorAll("table[data-board]")];
  const original = new Map();
  const themes = ["system", "light", "dark"];
  let state = { q: "", theme: "system", sort: {}, hide: {} };

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const say = (words) => {
    byId("status").textContent = words;
  };
  const headers = (table) => [...table.tHead.rows[0].cells];
  const position = (table, column) =>
    headers(table).findIndex((header) => header.dataset.c === column);
  const titleOf = (header) => header.dataset.title;

  // The address: #sort=glue:glue-cola:desc&q=bert&hide=glue:memory&theme=dark
  const readAddress = () => {
    const found = { q: "", theme: "system", sort: {}, hide: {} };
    const fields = new URLSearchParams(location.hash.slice(1));
    found.q = fields.get("q") || "";
    found.theme = themes.includes(fields.get("theme")) ? fields.get("theme") : "system";
    for (const part of (fields.get("sort") || "").split(",")) {
      const [board, column, direction] = part.split(":");
      if (column) found.sort[board] = [column, direction === "asc" ? "asc" : "desc"];
    }
    for (const part of (fields.get("hide") || "").split(",")) {
      const [board, column] = part.split(":");
      if (column) (found.hide[board] ||= new Set()).add(column);
    }
    return found;
  };
  const writeAddress = () => {
    const sort = Object.entries(state.sort).map(([board, by]) => [board, ...by].join(":"));
    const hide = Object.entries(state.hide).flatMap(([board, columns]) =>
      [...columns].map((column) => `${board}:${column}`),
    );
    const fields = [
      sort.length && `sort=${sort.join(",")}`,
      state.q && `q=${encodeURIComponent(state.q)}`,
      hide.length && `hide=${hide.join(",")}`,
      state.theme !== "system" && `theme=${state.theme}`,
    ].filter(Boolean);
    history.replaceState(null, "", fields.length ? `#${fields.join("&")}` : "#");
  };

  const valueOf = (cell) => {
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.matches("th") ? cell.textContent.trim().toLowerCase() : null;
  };
  // What has no value stays last, whichever the direction.
  const compare = (first, second, sign) => {
    if (first === null || second === null) return (first === null) - (second === null);
    return sign * (first < second ? -1 : first > second ? 1 : 0);
  };
  const sortTable = (table) => {
    const [column, direction] = state.sort[table.dataset.board] || [];
    const place = position(table, column);
    for (const header of headers(table)) header.removeAttribute("aria-sort");
    for (const body of table.tBodies) {
      const rows = [...original.get(body)];
      if (place >= 0) {
        const sign = direction === "asc" ? 1 : -1;
        rows.sort((a, b) =>
          compare(valueOf(a.cells[place]), valueOf(b.cells[place]), sign),
        );
      }
      body.append(...rows);
    }
    headers(table).forEach((header, index) => {
      const button = header.querySelector("button.sort");
      const isSorted = index === place;
      const word = direction === "asc" ? "ascending" : "descending";
      if (isSorted) header.setAttribute("aria-sort", word);
      if (button) button.textContent = isSorted ? (word === "ascending" ? "▲" : "▼") : "↕";
    });
  };
  const nextSort = (table, header) => {
    const own = header.dataset.c;
    const isLowFirst = own === "rank" || own === "model" || "lower" in header.dataset;
    const first = isLowFirst ? "asc" : "desc";
    const [column, direction] = state.sort[table.dataset.board] || [];
    if (column !== own) state.sort[table.dataset.board] = [own, first];
    else if (direction === first) {
      state.sort[table.dataset.board] = [own, first === "asc" ? "desc" : "asc"];
    } else delete state.sort[table.dataset.board];
    writeAddress();
    sortTable(table);
    const now = state.sort[table.dataset.board];
    const word = now && (now[1] === "asc" ? "ascending" : "descending");
    say(now ? `Sorted by ${titleOf(header)}, ${word}` : "Back in the order of the ranking");
  };

  const filterRows = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let all = 0;
    for (const table of boards) {
      for (const body of table.tBodies) {
        for (const row of body.rows) {
          const text = row.querySelector("th").textContent.toLowerCase();
          row.hidden = !words.every((word) => text.includes(word));
          shown += !row.hidden;
          all += 1;
        }
      }
    }
    return `${shown} of ${all} rows`;
  };

  const showColumns = (table) => {
    const hidden = state.hide[table.dataset.board] || new Set();
    const gone = headers(table).map((header) => hidden.has(header.dataset.c));
    for (const row of table.rows) {
      [...row.cells].forEach((cell, index) => {
        cell.hidden = gone[index];
      });
    }
    const boxes = table.closest("section").querySelectorAll("fieldset input");
    for (const box of boxes) box.checked = !hidden.has(box.value);
  };
  const columnChooser = (table) => {
    const choices = make("fieldset", {}, make("legend", { class: "unseen" }, "Columns shown"));
    for (const header of headers(table).slice(2)) {
      const box = make("input", { type: "checkbox", value: header.dataset.c });
      box.addEventListener("change", () => {
        const hidden = (state.hide[table.dataset.board] ||= new Set());
        if (box.checked) hidden.delete(box.value);
        else hidden.add(box.value);
        writeAddress();
        showColumns(table);
        say(`${titleOf(header)} ${box.checked ? "shown" : "hidden"}`);
      });
      choices.append(make("label", {}, box, ` ${titleOf(header)}`));
    }
    return make("details", {}, make("summary", {}, "Columns"), choices);
  };

  const csvOf = (table) => {
    const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const kept = headers(table).map((header) => !("plain" in header.dataset));
    const cellText = (cell) => {
      if (cell.dataset.v !== undefined) return cell.dataset.v;
      if (cell.matches("th.model")) {
        const [name, details] = [cell.querySelector("a"), cell.querySelector("small")];
        return `${name.textContent} (${details.textContent})`;
      }
      return cell.querySelector("a.word")?.textContent ?? "";
    };
    const head = headers(table).map(titleOf);
    const body = [...table.tBodies].flatMap((part) =>
      [...part.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(cellText)),
    );
    const lines = [head, ...body].map((line) =>
      line.filter((_, index) => kept[index]).map(quote).join(","),
    );
    return `${lines.join("\r\n")}\r\n`;
  };
  const download = (table) => {
    const file = new Blob([csvOf(table)], { type: "text/csv;charset=utf-8" });
    const address = URL.createObjectURL(file);
    const link = make("a", { href: address, download: `${table.dataset.board}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say("Table saved as CSV");
  };

  const prepare = (table) => {
    for (const body of table.tBodies) original.set(body, [...body.rows]);
    for (const header of headers(table)) {
      const isPlain = "plain" in header.dataset;
      header.dataset.title = isPlain ? "interval" : header.textContent.trim();
      if (isPlain) continue;
      const label = `Sort by ${titleOf(header)}`;
      const button = make("button", { type: "button", class: "sort", "aria-label": label }, "↕");
      button.addEventListener("click", () => nextSort(table, header));
      if (header.matches(".num")) header.prepend(button);
      else header.append(button);
    }
    const save = make("button", { type: "button" }, "Download CSV");
    save.addEventListener("click", () => download(table));
    const tools = make("div", { class: "tools" }, columnChooser(table), save);
    table.closest(".scroll").before(tools);
  };

  const showTheme = () => {
    if (state.theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = state.theme;
    byId("theme").textContent = `Theme: ${state.theme}`;
  };

  // What a number's link leads to also shows while it is pointed at or focused.
  const card = make("div", { id: "hover", "aria-hidden": "true", hidden: "" });
  let leaving = 0;
  const hideCard = () => {
    leaving = setTimeout(() => {
      card.hidden = true;
    }, 120);
  };
  const showCard = (link) => {
    const facts = byId(link.hash.slice(1))?.querySelector("dl");
    if (!facts) return;
    clearTimeout(leaving);
    const task = byId(link.hash.slice(1)).closest("article").querySelector("h3");
    const model = link.closest("tr").querySelector("th a");
    const title = make("h4", {}, `${model.textContent} on ${task.textContent}`);
    const copy = facts.cloneNode(true);
    for (const inner of copy.querySelectorAll("a")) inner.removeAttribute("href");
    card.replaceChildren(title, copy);
    card.hidden = false;
    const at = link.getBoundingClientRect();
    const left = Math.min(at.left, innerWidth - card.offsetWidth - 12);
    const below = at.bottom + 6;
    const fits = below + card.offsetHeight < innerHeight;
    card.style.left = `${Math.max(12, left)}px`;
    card.style.top = `${fits ? below : Math.max(6, at.top - card.offsetHeight - 6)}px`;
  };
  const listenForCard = () => {
    document.body.append(card);
    card.addEventListener("mouseenter", () => clearTimeout(leaving));
    card.addEventListener("mouseleave", hideCard);
    for (const link of document.querySelectorAll("a.score, a.word")) {
      link.addEventListener("mouseenter", () => showCard(link));
      link.addEventListener("focus", () => showCard(link));
      link.addEventListener("mouseleave", hideCard);
      link.addEventListener("blur", hideCard);
      link.addEventListener("click", hideCard);
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") card.hidden = true;
    });
  };

  const followAddress = () => {
    if (location.hash.includes("=")) {
      state = readAddress();
      showAll();
      return;
    }
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details && !details.open) {
      details.open = true;
      target.scrollIntoView();
    }
  };
  const showAll = () => {
    byId("search").value = state.q;
    showTheme();
    for (const table of boards) {
      sortTable(table);
      showColumns(table);
    }
    const found = filterRows();
    say(state.q ? found : "");
  };

  for (const table of boards) prepare(table);
  byId("search").addEventListener("input", (event) => {
    state.q = event.target.value.trim();
    writeAddress();
    say(filterRows());
  });
  byId("theme").addEventListener("click", () => {
    state.theme = themes[(themes.indexOf(state.theme) + 1) % themes.length];
    writeAddress();
    showTheme();
  });
  byId("tools").hidden = false;
  listenForCard();
  addEventListener("hashchange", followAddress);
  followAddress();
})();
