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
    // ledger.html#find=NAME opens the claims of a result.
    const wanted = () => new URLSearchParams(location.hash.slice(1)).get("find");
    const open = () => {
      if (box.dataset.table !== "claims" || wanted() === null) return;
      box.value = wanted();
      box.dispatchEvent(new Event("input"));
      box.scrollIntoView();
    };
    open();
    addEventListener("hashchange", open);
  }
});
