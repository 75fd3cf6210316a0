// The page: controls in, drawings and words out. The whole state stands in the address.
const el = (id) => document.getElementById(id);
const SLIDERS = ["pi_ref", "gamma", "s_a", "s_b", "ref_1", "ref_2"];
let state = {...START}, last = null;

function fill(select, pairs) {
  for (const [value, text] of pairs) select.add(new Option(text, value));
}

function toAddress() {
  const kept = new URLSearchParams(), hash = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(state)) if (String(value) !== String(START[name])) kept.set(name, value);
  if (hash.has("embed")) kept.set("embed", "1");
  return kept.toString();
}

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)), preset = given.get("preset");
  const found = {...START};
  if (preset && Object.hasOwn(EQUATIONS.presets, preset)) {
    Object.assign(found, {ddof: 0, epsilon: 0}, EQUATIONS.presets[preset]);
    found.size = String(found.size);
  }
  for (const [name, text] of given) {
    if (!Object.hasOwn(START, name)) continue;
    const was = START[name];
    if (Array.isArray(was)) found[name] = text.split(",").map(Number);
    else if (typeof was === "number") found[name] = Number(text);
    else if (typeof was === "boolean") found[name] = text === "true";
    else found[name] = text;
  }
  return valid(found) ? found : {...START};
}

// An address is what a stranger wrote: nothing of it is used before it is known to be a setting.
function valid(s) {
  const inside = (v, low, high) => Number.isFinite(v) && v >= low && v <= high;
  const known = (table, name) => Object.hasOwn(EQUATIONS[table], name);
  return (known("rules", s.rule) || known("levels", s.rule)) && known("penalties", s.penalty)
    && EQUATIONS.sizes.includes(s.size) && ["sure", "margin", "rates"].includes(s.rewards)
    && (s.preset === "" || known("presets", s.preset))
    && inside(s.beta, 1e-4, 1e3) && inside(s.pi_ref, 1e-6, 1 - 1e-6) && inside(s.gamma, 0.001, 1) && [0, 1].includes(s.ddof)
    && inside(s.epsilon, 0, 1e3) && inside(s.s_a, 0, 1) && inside(s.s_b, 0, 1) && s.s_a > s.s_b
    && inside(s.ref_1, 0.001, 0.998) && inside(s.ref_2, 0.001, 0.998) && s.ref_1 + s.ref_2 < 1
    && Array.isArray(s.three) && s.three.length === 3 && s.three.every((v) => inside(v, 0, 1));
}

function takes(option) {
  const rule = EQUATIONS.rules[state.rule];
  return Boolean(rule) && rule.words.options.includes(option);
}

// -- words ---------------------------------------------------------------------------------

function texParts() {
  const t = EQUATIONS.tex, key = variantOf(state), finite = state.size !== "oo";
  const margin = state.rewards === "margin" && !marginNote(state);
  const kind = margin ? "margin" : state.rewards === "rates" ? "rates" : "sure";
  const closed = state.mixed && finite ? null
    : t.closed[[state.rule, key ?? "", state.size, kind, state.penalty].join("|")];
  if (closed) return closed;
  const left = t.force[state.penalty];
  const right = t.drift[[state.rule, key ?? "", EQUATIONS.levels[state.rule] ? "" : finite ? "G" : "oo", kind].join("|")];
  return left && right ? [[left, right[0]], ...right[1].map((line) => [line])] : [];
}

const flat = (part) => Array.isArray(part) ? part.map(flat).join(" = ") : part.tex;

function latex() {
  const lines = texParts().map(flat);
  return lines.length > 1 ? `\\begin{aligned}\n${lines.map((l) => l.replace(" = ", " &= ")).join(", \\\\\n")}\n\\end{aligned}` : lines.join("");
}

// What stands there already is left alone: a formula is laid out for longer than a curve.
const showFormula = () => formulaOf([state.rule, variantOf(state), state.size, state.rewards,
  marginNote(state), state.penalty, state.mixed].join("|"));
const formulaOf = lately(() => {
  const parts = texParts(), shown = el("formula");
  if (!EQUATIONS.penalties[state.penalty].exerts) {
    shown.textContent = "Nothing pulls the policy to the reference: " + EQUATIONS.penalties[state.penalty].acts + ".";
    return;
  }
  const write = (part) => Array.isArray(part)
    ? part.map(write).join("<mo>=</mo>") : part.mathml;
  shown.innerHTML = parts.map((line) => flat(line) && EQUATIONS.mathml
    ? `<math display="block"><mrow>${write(line)}</mrow></math>` : `<code></code>`).join("");
  if (!EQUATIONS.mathml) shown.querySelectorAll("code").forEach((c, k) => { c.textContent = flat(parts[k]); });
  if (state.mixed && state.size !== "oo" && !EQUATIONS.levels[state.rule])
    shown.insertAdjacentHTML("beforeend", "<span>with both sides weighted as mixed groups are drawn</span>");
});

function python() {
  const penalty = EQUATIONS.penalties[state.penalty].source, level = EQUATIONS.levels[state.rule];
  const size = state.size === "oo" ? "oo" : state.size, number = (v) => JSON.stringify(String(v));
  let algorithm;
  if (level) algorithm = `gs.presets.lookup(${number(state.rule.slice(6))})`;
  else {
    const rule = EQUATIONS.rules[state.rule].words.source[variantOf(state)].replace("'EPSILON'", number(state.epsilon));
    algorithm = `gs.GRPO(${size}, ${penalty}, ${rule}${state.mixed ? ", mixed_only=True" : ""})`;
  }
  const margin = state.rewards === "margin" && !marginNote(state);
  const question = margin ? `gs.BinaryQuestion(margin=${number(state.gamma)})`
    : `gs.BinaryQuestion(success=(${state.rewards === "rates" ? `${number(state.s_a)}, ${number(state.s_b)}` : "1, 0"}))`;
  return "from sympy import Rational, log, oo, sqrt\nimport grpo_symbolic as gs\n\n"
    + `policy = gs.stationary_policy(${algorithm}, ${question})\nprint(policy.latex())\n`
    + `print(policy.solutions(beta=${number(state.beta)}, pi_ref=${number(state.pi_ref)}))\n`;
}

function sentences(drawn) {
  const penalty = EQUATIONS.penalties[state.penalty], said = [`The penalty acts as ${penalty.acts}.`], t = thresholds(state);
  const short = (v) => Number(v.toPrecision(5));
  if (!drawn.rows.length && penalty.exerts) said.push("There is no stationary policy between 0 and 1 here: the policy gradient ends at a certain answer.");
  if (t.escape === Infinity) said.push("However large β is, a vanishing reference leaves π(a) > 0.");
  else if (t.escape) said.push(`Escape threshold: below β = ${short(t.escape)} a vanishing reference still leaves π(a) > 0.`);
  for (const fold of t.folds) said.push(`Fold at this reference: β = ${short(fold.beta)}, π(a) = ${digits(fold.p, 1 - fold.p)}.`);
  for (const [x, y] of drawn.folds) said.push(`Fold at this β: π_ref(a) = ${short(x)}, π(a) = ${digits(y, 1 - y)}.`);
  if (state.rewards === "margin" && marginNote(state)) said.push(`γ is switched off: ${marginNote(state)}.`);
  return said;
}

function rowsInto(table, rows) {
  const body = table.querySelector("tbody");
  body.replaceChildren(...rows.map((cells) => {
    const line = document.createElement("tr");
    for (const text of cells) line.insertCell().textContent = text;
    return line;
  }));
}

// -- drawing ----------------------------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
// A page around this one may say which theme it has; else the reader's preference holds.
const palette = () => PALETTES[document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")];
window.addEventListener("message", (event) => {
  const theme = event.data?.theme;
  if (!["light", "dark", "auto"].includes(theme)) return;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  draw();
});

let written;
function draw() {
  const start = performance.now();
  const rows = solutions(state);
  last = drawCurve(state, palette(), titleOf(state, rows), rows);
  el("figure").innerHTML = last.svg;
  rowsInto(el("table"), last.rows.map((r) => [digits(r.p, r.q), stable(r)]));
  el("notes").replaceChildren(...sentences(last).map((text) => Object.assign(document.createElement("li"), {textContent: text})));
  el("pooling-key").hidden = !state.compare;
  showFormula();
  if (el("three").open) drawThree();
  window.lastFrame = performance.now() - start;
  // Browsers count how often an address is written.
  clearTimeout(written);
  written = setTimeout(() => history.replaceState(null, "", "#" + toAddress()), 150);
}

function drawThree() {
  const found = drawSimplex(state, palette(), "The policy gradient on the simplex of three answers");
  el("simplex").innerHTML = found.svg;
  rowsInto(el("table3"), found.rows.map((r) => [...r.policy.map((p) => digits(p, 1 - p)), stable(r)]));
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

// -- controls -----------------------------------------------------------------------------------

function show() {
  for (const name of ["preset", "rule", "size", "penalty", "rewards", "epsilon", ...SLIDERS]) el(name).value = state[name];
  el("ddof").value = String(state.ddof);
  el("beta").value = Math.log10(state.beta);
  el("mixed").checked = state.mixed;
  el("compare").checked = state.compare;
  for (let k = 1; k <= 3; k++) el(`t_${k}`).value = state.three[k - 1];
  for (const name of SLIDERS) el(`${name}-out`).textContent = state[name];
  for (let k = 1; k <= 3; k++) el(`t_${k}-out`).textContent = state.three[k - 1];
  el("beta-out").textContent = Number(state.beta.toPrecision(3));
  el("beta").setAttribute("aria-valuetext", el("beta-out").textContent);
  for (const label of document.querySelectorAll("[data-for]")) {
    const name = label.dataset.for;
    label.hidden = ["margin", "rates"].includes(name) ? state.rewards !== name : !takes(name);
  }
  const grouped = Boolean(EQUATIONS.rules[state.rule]);
  for (const name of ["size", "mixed"]) {
    el(name).disabled = !grouped;
    el(name).parentElement.classList.toggle("off", !grouped);
  }
}

function read(event) {
  const id = event.target.id, value = event.target.value, was = state;
  state = {...state};
  if (id === "preset") {
    if (value) state = {...state, ddof: 0, epsilon: 0, ...EQUATIONS.presets[value], preset: value};
    if (value && state.rewards === "margin" && marginNote(state)) state.rewards = "sure";
    state.size = String(state.size);
  } else if (id === "beta") state.beta = Number((10 ** Number(value)).toPrecision(4));
  else if (id === "ddof") state.ddof = Number(value);
  else if (id === "epsilon") state.epsilon = value === "" ? 0 : Number(value);
  else if (id === "mixed" || id === "compare") state[id] = event.target.checked;
  else if (/^t_[123]$/.test(id)) { state.three = [...state.three]; state.three[Number(id[2]) - 1] = Number(value); }
  else state[id] = SLIDERS.includes(id) ? Number(value) : value;
  if (["rule", "size", "penalty", "ddof", "epsilon", "mixed"].includes(id)) state.preset = "";
  if (id === "s_a" && state.s_a <= state.s_b) state.s_b = Math.max(0, Number((state.s_a - 0.01).toFixed(2)));
  if (id === "s_b" && state.s_a <= state.s_b) state.s_a = Math.min(1, Number((state.s_b + 0.01).toFixed(2)));
  if (id === "ref_1" && state.ref_1 + state.ref_2 > 0.99) state.ref_2 = Number((0.99 - state.ref_1).toFixed(2));
  if (id === "ref_2" && state.ref_1 + state.ref_2 > 0.99) state.ref_1 = Number((0.99 - state.ref_2).toFixed(2));
  if (!valid(state)) { state = was; say("this value has no meaning here"); }
  show();
  redraw();
}

function say(text) { el("said").textContent = text; }

async function copy(kind) {
  const text = kind === "latex" ? latex() : kind === "python" ? python() : location.href.split("#")[0] + "#" + toAddress();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  window.lastCopied = text;
  say(`copied: ${kind}`);
}

function save(kind) {
  const svg = drawCurve(state, PALETTES.light, el("figure").querySelector("title").textContent).svg
    .replace("<svg ", `<svg width="${BOX.width}" height="${BOX.height}" `);
  const download = (url) => Object.assign(document.createElement("a"), {href: url, download: `stationary-policy.${kind}`}).click();
  if (kind === "svg") return download("data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg));
  const image = new Image();
  image.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 3 * BOX.width, height: 3 * BOX.height});
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    download(canvas.toDataURL("image/png"));
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
}

fill(el("preset"), [["", "none"], ...Object.keys(EQUATIONS.presets).map((name) => [name, name])]);
fill(el("rule"), [
  ...Object.entries(EQUATIONS.rules).map(([name, rule]) => [name, rule.words.title]),
  ...Object.entries(EQUATIONS.levels).map(([name, level]) => [name, level.title]),
]);
fill(el("size"), EQUATIONS.sizes.map((size) => [size, size === "oo" ? "∞" : size]));
fill(el("penalty"), Object.keys(EQUATIONS.penalties).map((name) => [name, name]));
state = fromAddress();
if (new URLSearchParams(location.hash.slice(1)).has("embed")) document.body.classList.add("embedded");
show();
draw();
document.addEventListener("input", read);
document.addEventListener("click", (event) => {
  if (event.target.dataset.copy) copy(event.target.dataset.copy);
  if (event.target.dataset.save) save(event.target.dataset.save);
});
el("three").addEventListener("toggle", () => { if (el("three").open) drawThree(); });
dark.addEventListener("change", draw);
window.addEventListener("hashchange", () => { state = fromAddress(); show(); draw(); });
