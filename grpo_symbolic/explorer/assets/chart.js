// Drawings as text of SVG: the curve of stationary policies, and the simplex of three answers.
const PALETTES = {
  light: {ink: "#1b1f24", faint: "#8a929b", line: "#d5dae0", paper: "#ffffff", attracting: "#0a62b0", repelling: "#c2410c", other: "#6b7280"},
  dark: {ink: "#e6e9ed", faint: "#9aa3ad", line: "#39414b", paper: "#14181d", attracting: "#63b3f5", repelling: "#fb923c", other: "#a3abb5"},
};
const BOX = {width: 520, height: 500, left: 56, top: 14, side: 440};
const sx = (v) => (BOX.left + BOX.side * v).toFixed(2), sy = (v) => (BOX.top + BOX.side * (1 - v)).toFixed(2);

function digits(p, q) {
  const short = (v, n) => Number(v.toPrecision(n)).toString();
  return q > 0 && q < 1e-4 ? `1 − ${short(q, 5)}` : short(p, 5);
}

const stable = (row) => row.attracting ? "attracting" : "repelling";

// What the drawing says, in words.
function titleOf(state, rows) {
  const said = rows.map((r) => `π(a) = ${digits(r.p, r.q)}, ${stable(r)}`).join("; ");
  return `Stationary π(a) against π_ref(a) at β = ${Number(state.beta.toPrecision(4))}. `
    + `At π_ref(a) = ${state.pi_ref}: ${said || "none inside"}`;
}

function moves(points) {
  let text = "";
  for (let k = 0; k < points.length; k++) text += (k ? "L" : "M") + sx(points[k][0]) + " " + sy(points[k][1]);
  return text;
}

const path = (points, look) => `<path d="${moves(points)}" fill="none" ${look}/>`;

function frame(palette, title, body, height = BOX.height) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${BOX.width} ${height}" role="img" `
    + `font-family="system-ui, sans-serif" font-size="14" fill="${palette.ink}"><title>${title}</title>`
    + `<rect width="100%" height="100%" fill="${palette.paper}"/>${body}</svg>`;
}

function axes(palette) {
  let body = "";
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    body += `<path d="M${sx(v)} ${sy(0)}V${sy(1)}M${sx(0)} ${sy(v)}H${sx(1)}" stroke="${palette.line}" stroke-width="1"/>`
      + `<text x="${sx(v)}" y="${BOX.top + BOX.side + 18}" text-anchor="middle">${v}</text>`
      + `<text x="${BOX.left - 8}" y="${Number(sy(v)) + 5}" text-anchor="end">${v}</text>`;
  }
  return body
    + `<text x="${sx(0.5)}" y="${BOX.top + BOX.side + 38}" text-anchor="middle">reference probability π_ref(a) of the better answer</text>`
    + `<text transform="translate(14 ${sy(0.5)}) rotate(-90)" text-anchor="middle">stationary probability π(a)</text>`;
}

// What attracts and what repels, each as one path.
function joinedOf(pieces) {
  const joined = {true: "", false: ""};
  for (const piece of pieces) joined[piece.attracting] += moves(piece.points);
  return joined;
}

function drawCurve(state, palette, title, rows = solutions(state)) {
  const found = curve(state);
  let body = axes(palette) + path([[0, 0], [1, 1]], `stroke="${palette.faint}" stroke-width="1"`);
  if (state.compare) {
    const pooled = curve({...state, ...EQUATIONS.pooling});
    for (const piece of pooled.pieces)
      body += path(piece.points, `stroke="${palette.other}" stroke-width="2" stroke-dasharray="2 4"`);
  }
  found.joined ??= joinedOf(found.pieces);
  const joined = found.joined;
  body += `<path d="${joined.false}" fill="none" stroke="${palette.repelling}" stroke-width="2.4" stroke-dasharray="7 4"/>`
    + `<path d="${joined.true}" fill="none" stroke="${palette.attracting}" stroke-width="2.6"/>`;
  for (const [x, y] of found.folds)
    body += `<path d="M${sx(x)} ${sy(y)}m-5 -5l10 10m-10 0l10 -10" stroke="${palette.ink}" stroke-width="1.6"/>`;
  body += `<path d="M${sx(state.pi_ref)} ${sy(0)}V${sy(1)}" stroke="${palette.faint}" stroke-width="1.2" stroke-dasharray="2 4"/>`;
  for (const row of rows) {
    const colour = row.attracting ? palette.attracting : palette.repelling;
    body += `<circle cx="${sx(state.pi_ref)}" cy="${sy(row.p)}" r="6.5" stroke="${colour}" stroke-width="2.2" fill="${row.attracting ? colour : palette.paper}"/>`;
  }
  return {svg: frame(palette, title, body), rows, folds: found.folds};
}

// The corner of each answer, and a policy as a point among them.
const CORNERS = [[0.5, 0.98], [0.02, 0.06], [0.98, 0.06]];
const placed = (policy) => [0, 1].map((axis) => policy.reduce((t, p, i) => t + p * CORNERS[i][axis], 0));

function drawSimplex(state, palette, title) {
  const rates = state.three, rest = 1 - state.ref_1 - state.ref_2;
  const reference = [state.ref_1, state.ref_2, rest], rows = stationaryOfThree(state, rates, reference);
  let body = path([...CORNERS, CORNERS[0]], `stroke="${palette.ink}" stroke-width="1.4"`), arrows = "";
  const steps = 11;
  for (let i = 1; i < steps; i++) for (let j = 1; i + j < steps; j++) {
    const policy = [i / steps, j / steps, 1 - (i + j) / steps], moved = flow(state, policy, rates, reference);
    const [x, y] = placed(policy), dx = moved.reduce((t, v, k) => t + v * CORNERS[k][0], 0);
    const dy = moved.reduce((t, v, k) => t + v * CORNERS[k][1], 0), size = Math.hypot(dx, dy);
    if (!(size > 0)) continue;
    const long = 0.045 * size / (size + 0.08), [u, v] = [x + dx / size * long, y + dy / size * long];
    arrows += `M${sx(x)} ${sy(y)}L${sx(u)} ${sy(v)}`;
    const [ax, ay] = [dx / size * 0.012, dy / size * 0.012];
    arrows += `M${sx(u - ax - ay)} ${sy(v - ay + ax)}L${sx(u)} ${sy(v)}L${sx(u - ax + ay)} ${sy(v - ay - ax)}`;
  }
  body += `<path d="${arrows}" fill="none" stroke="${palette.faint}" stroke-width="1.2"/>`;
  const trail = [];
  let policy = [...reference];
  for (let step = 0; step < 400; step++) {
    trail.push(placed(policy));
    const change = flow(state, policy, rates, reference), size = Math.hypot(...change);
    if (!(size > 1e-7)) break;
    const pace = Math.min(0.02 / size, 0.5 / (1 + state.beta));
    policy = policy.map((p, k) => Math.max(p + pace * change[k], 1e-12));
    const total = policy[0] + policy[1] + policy[2];
    policy = policy.map((p) => p / total);
  }
  body += path(trail, `stroke="${palette.attracting}" stroke-width="1.6" stroke-dasharray="4 3"`);
  const [rx, ry] = placed(reference);
  body += `<path d="M${sx(rx)} ${sy(ry)}m-6 0h12m-6 -6v12" stroke="${palette.ink}" stroke-width="2"/>`;
  for (const row of rows) {
    const [x, y] = placed(row.policy), colour = row.attracting ? palette.attracting : palette.repelling;
    body += `<circle cx="${sx(x)}" cy="${sy(y)}" r="6.5" stroke="${colour}" stroke-width="2.2" fill="${row.attracting ? colour : palette.paper}"/>`;
  }
  CORNERS.forEach(([x, y], i) => {
    body += `<text x="${sx(x)}" y="${Number(sy(y)) + (i ? 20 : -6)}" text-anchor="${["middle", "start", "end"][i]}">answer ${i + 1}</text>`;
  });
  return {svg: frame(palette, title, body), rows};
}
