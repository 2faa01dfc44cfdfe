
"use strict";
// Sorting by a column's heading; without this the tables stay as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.order ?? cell.textContent.trim();
    const number = Number(text);
    return text === "" || text === "None" ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    a === null || b === null ? (a === null) - (b === null)
      : typeof a === "number" && typeof b === "number" ? a - b
        : String(a).localeCompare(String(b), "en", { numeric: true });
  const sort = (column, sign) => {
    const rows = [...body.rows].map((row) => [key(row, column), row]);
    rows.sort(([a], [b]) => (a === null || b === null ? compare(a, b) : sign * compare(a, b)));
    body.append(...rows.map(([, row]) => row));
  };
  headings.forEach((heading, column) => {
    if (heading.tagName !== "TH") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      sort(column, up ? 1 : -1);
    });
  });
  table.classList.add("sorts");
}
// One table at a time where there is one for each metric; without this each opens by a click on its name.
for (const section of document.querySelectorAll(".choice")) {
  const options = [...section.querySelectorAll(".option")];
  if (options.length < 2) continue;
  const label = document.createElement("label"), select = document.createElement("select");
  label.className = "choose";
  label.append(`${section.dataset.choice} `, select);
  select.append(...options.map((option, place) => new Option(option.querySelector("summary").textContent, place)));
  select.addEventListener("change", () => {
    options.forEach((option, place) => { option.open = place === Number(select.value); });
  });
  section.querySelector("h2").after(label);
  section.classList.add("switched");
}
