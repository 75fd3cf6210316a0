"use strict";
// A box that keeps the rows in which all its words stand.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("input.find")) {
    const rows = [...document.querySelectorAll(`#${box.dataset.table} tbody tr`)];
    const text = rows.map((row) => row.textContent.toLowerCase());
    const said = document.getElementById(box.dataset.said);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, k) => {
        row.hidden = !words.every((word) => text[k].includes(word));
        count += row.hidden ? 0 : 1;
      });
      said.textContent = `${count} of ${rows.length} claims`;
    });
  }
});
