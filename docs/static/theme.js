"use strict";
// The live figure of the front page has the theme that the page has.
document.addEventListener("DOMContentLoaded", () => {
  const frame = document.querySelector("iframe.live");
  if (!frame) return;
  const tell = () => frame.contentWindow.postMessage({theme: document.body.dataset.theme || "auto"}, "*");
  frame.addEventListener("load", tell);
  new MutationObserver(tell).observe(document.body, {attributes: true, attributeFilter: ["data-theme"]});
});
