// The drawing in a notebook: its model holds numbers and places in lists, linked to the controls.
function stateOf(model) {
  const chosen = (name) => CHOICES[name][model.get(name)];
  return {
    rule: chosen("advantage"), size: chosen("group_size"), penalty: chosen("penalty"),
    ddof: chosen("ddof"), epsilon: Number(chosen("epsilon")),
    beta: Number(model.get("beta").toPrecision(3)), pi_ref: model.get("pi_ref"),
    gamma: model.get("gamma"), rewards: model.get("gamma") < 1 ? "margin" : "sure",
    s_a: 1, s_b: 0, mixed: false, compare: false,
  };
}

// The notebook's own theme, where it says which; else what the reader prefers.
function themed() {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  if (document.body.classList.contains("vscode-dark")) return "dark";
  if (document.body.classList.contains("vscode-light")) return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function render({model, el}) {
  let asked = false;
  const draw = () => {
    const start = performance.now(), state = stateOf(model), rows = solutions(state);
    el.innerHTML = drawCurve(state, PALETTES[themed()], titleOf(state, rows), rows).svg;
    el.dataset.milliseconds = performance.now() - start;
  };
  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
  el.classList.add("grpo-drawing");
  model.on("change", redraw);
  draw();
  return () => model.off("change", redraw);
}

export default {render};
