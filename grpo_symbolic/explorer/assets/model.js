"use strict";
// Numbers of the page: nothing here knows of a document. EQUATIONS stands before this, generated
// from the library; what is written by hand is how sums are taken and zeros are found.

function sumOver(low, high, term) {
  let total = 0;
  for (let k = low; k <= high; k++) total += term(k);
  return total;
}

function binomial(n, k) {
  let value = 1;
  for (let j = 1; j <= Math.min(k, n - k); j++) value *= (n - j + 1) / j;
  return value;
}

// E c_K, K binomial(c.length - 1, m): outward from the likeliest K, so that nothing overflows,
// and over the sum of the weights, so that nothing has to be normalised before.
function meanOver(c, m, rest) {
  const n = c.length - 1, odds = m / rest;
  const mode = Math.max(0, Math.min(n, Math.floor((n + 1) * m)));
  let total = c[mode], mass = 1;
  for (let k = mode, w = 1; k < n; k++) {
    w *= odds * (n - k) / (k + 1);
    if (w < 1e-30) break;
    mass += w;
    total += w * c[k + 1];
  }
  for (let k = mode, w = 1; k > 0; k--) {
    w *= k / (n - k + 1) / odds;
    if (!(w >= 1e-30)) break;
    mass += w;
    total += w * c[k - 1];
  }
  return total / mass;
}

const kept = new Map();
function cached(key, make) {
  if (!kept.has(key)) {
    if (kept.size > 40) kept.clear();
    kept.set(key, make());
  }
  return kept.get(key);
}

// A function of p that is kept at the places of the grids, where it is asked for again and again.
function keptAt(key, value) {
  const known = cached(key, () => new Map());
  return (p) => {
    if (!known.has(p)) {
      if (known.size > 5000) known.clear();
      known.set(p, value(p));
    }
    return known.get(p);
  };
}

function variantOf(state) {
  const rule = EQUATIONS.rules[state.rule];
  if (!rule) return null;
  const takes = (name) => rule.words.options.includes(name);
  const ddof = takes("ddof") ? state.ddof : 0;
  return `${ddof},${takes("epsilon") && state.epsilon > 0 ? 1 : 0}`;
}

// Why there is no margin to choose, or an empty string: groups of two whose rule sees the order only.
function marginNote(state) {
  const key = variantOf(state);
  if (state.size !== "2") return "a margin fixes the comparisons of groups of two only";
  if (state.mixed) return "groups of equal rewards are dropped";
  if (key === null || EQUATIONS.rules[state.rule].variants[key].margin === null)
    return "this rule sees the size of the rewards";
  return "";
}

// D(m) over the difference of success rates, for m and 1 - m.
function groupDrift(state) {
  const level = EQUATIONS.levels[state.rule];
  if (level) return () => level.value;
  const key = variantOf(state), rule = EQUATIONS.rules[state.rule].variants[key];
  if (state.size === "oo") return (m, rest) => rule.large(m, rest, state.epsilon);
  const G = Number(state.size);
  const c = cached(`c ${state.rule} ${key} ${G} ${state.epsilon}`, () => {
    const values = [rule.first(G, state.epsilon)];
    for (let k = 1; k < G - 1; k++) values.push(rule.between(k / (G - 1), G, state.epsilon));
    values.push(rule.last(G, state.epsilon));
    return values;
  });
  return (m, rest) => meanOver(c, m, rest);
}

// The two sides of beta force = drift at p and q = 1 - p.
function equation(state) {
  const penalty = EQUATIONS.penalties[state.penalty], group = groupDrift(state);
  const [a, b] = [state.s_a, state.s_b], gap = a - b, G = Number(state.size);
  const margin = state.rewards === "margin" && !marginNote(state);
  const sure = state.rewards !== "rates";
  const dropped = state.mixed && state.size !== "oo" && !EQUATIONS.levels[state.rule];
  let drift;
  if (margin) {
    const value = EQUATIONS.rules[state.rule].variants[variantOf(state)].margin(state.gamma);
    drift = () => value;
  } else if (sure) drift = group;
  else drift = (p, q) => gap * group(b + gap * p, (1 - a) * p + (1 - b) * q);
  const rates = [sure ? 1 : a, sure ? 0 : b];
  const plain = drift;
  if (dropped) drift = (p, q) => plain(p, q) * EQUATIONS.mixed.factor(p, ...rates, G);
  const weights = !dropped ? () => [1, 1] : keptAt(`rates ${rates.join()} ${G}`,
    (p) => EQUATIONS.mixed.rates(p, ...rates, G));
  const force = dropped
    ? (p, q, p0, q0) => {
      const [first, second] = weights(p);
      return first * penalty.marginal(p0 / p) - second * penalty.marginal(q0 / q);
    }
    : (p, q, p0, q0) => penalty.marginal(p0 / p) - penalty.marginal(q0 / q);
  const name = [state.rule, variantOf(state), state.size, state.epsilon, margin ? state.gamma : 1,
    rates.join(), dropped].join(" ");
  return {drift, force, weights, penalty, name, group, title: state.penalty};
}

const shares = (y) => [1 / (1 + Math.exp(-y)), 1 / (1 + Math.exp(y))];
const logOdds = (p) => Math.log(p) - Math.log1p(-p);

// A zero of f between two ends of other signs: the Illinois rule, every second step a halving.
function zeroBetween(f, a, fa, b, fb, tolerance = 4e-16) {
  let side = 0, last = NaN;
  for (let step = 0; step < 120; step++) {
    let c = step % 2 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa);
    if (!(c > Math.min(a, b) && c < Math.max(a, b))) c = (a + b) / 2;
    const fc = f(c), near = tolerance * Math.max(1, Math.abs(c));
    if (fc === 0 || Math.abs(b - a) <= near || Math.abs(c - last) <= near / 4) return c;
    last = c;
    if (fc > 0 === fb > 0) {
      b = c;
      fb = fc;
      if (side < 0) fa /= 2;
      side = -1;
    } else {
      a = c;
      fa = fc;
      if (side > 0) fb /= 2;
      side = 1;
    }
  }
  return (a + b) / 2;
}

// The largest value of f on an interval, by the golden section.
function highest(f, low, high) {
  const share = (Math.sqrt(5) - 1) / 2;
  let a = low, b = high, x = b - share * (b - a), z = a + share * (b - a), fx = f(x), fz = f(z);
  for (let step = 0; step < 80; step++) {
    if (fx > fz) { b = z; z = x; fz = fx; x = b - share * (b - a); fx = f(x); }
    else { a = x; x = z; fx = fz; z = a + share * (b - a); fz = f(z); }
  }
  return (a + b) / 2;
}

function grid(low, high, step) {
  const count = Math.round((high - low) / step);
  return Array.from({length: count + 1}, (_, k) => low + (high - low) * k / count);
}

// Log-odds at which the drift is tabulated, and its values: kept while only beta or pi_ref moves.
const FAR = grid(47, 690, 10);
const WIDE = [...FAR.map((y) => -y).reverse(), ...grid(-46, 46, 0.1), ...FAR], FINE = grid(-14, 14, 0.05);
const PLACES = WIDE.map(shares);
function tabulated(e, name, places) {
  return cached(`${name} ${e.name}`, () => places.map((y) => e.drift(...shares(y))));
}

// The value for the last key alone: of what does not change while something else moves.
function lately(make) {
  let last = null, value = null;
  return (key, ...given) => {
    if (key !== last) { value = make(...given); last = key; }
    return value;
  };
}

// The force at one reference on the wide grid: kept while only beta moves.
const forcesAt = lately((e, p0) => PLACES.map(([p, q]) => e.force(p, q, p0, 1 - p0)));
const forces = (e, p0) => forcesAt(`${e.name} ${e.title} ${p0}`, e, p0);

// Every stationary pi(a) for one reference: zeros of drift - beta force in log-odds, with what
// the policy gradient does at each. Pairs of zeros between two places of the grid are looked for
// where the balance turns towards 0.
function solutions(state) {
  const e = equation(state), beta = state.beta, p0 = state.pi_ref, q0 = 1 - p0;
  if (!e.penalty.exerts) return [];
  const centre = logOdds(p0), drift = tabulated(e, "wide", WIDE), found = [];
  const at = (y) => {
    const [p, q] = shares(y);
    return e.drift(p, q) - beta * e.force(p, q, p0, q0);
  };
  const value = forces(e, p0).map((force, k) => drift[k] - beta * force);
  const places = WIDE.map((y, k) => [y, value[k]]).filter((pair) => Number.isFinite(pair[1]));
  const add = (a, fa, b, fb) => {
    if (fa > 0 === fb > 0) return;
    const y = zeroBetween(at, a, fa, b, fb), [p, q] = shares(y);
    found.push({y, p, q, attracting: fa > 0});
  };
  for (let k = 0; k + 1 < places.length; k++) {
    const [a, fa] = places[k], [b, fb] = places[k + 1];
    if (fa > 0 !== fb > 0) { add(a, fa, b, fb); continue; }
    if (k === 0 || k + 2 >= places.length) continue;
    const side = fa > 0 ? -1 : 1, before = places[k - 1][1], after = places[k + 2][1];
    if (side * fa >= side * before && side * fb >= side * after) {
      const top = highest((y) => side * at(y), a, b), turn = at(top);
      if (turn > 0 !== fa > 0) { add(a, fa, top, turn); add(top, turn, b, fb); }
    }
  }
  return found.sort((s, t) => s.y - t.y);
}

// The reference at which p is stationary, for a penalty whose force falls with it; NaN if there
// is none. It is looked for near a place first, such as that of the neighbour.
function referenceOf(e, beta, p, q, drift, near = NaN) {
  const needed = drift / beta, at = (x) => e.force(p, q, ...shares(x)) - needed;
  for (const reach of [0.1, 1]) {
    const a = near - reach, b = near + reach, fa = at(a), fb = at(b);
    if (fa > 0 && fb < 0) return zeroBetween(at, a, fa, b, fb, 1e-12);
  }
  const fa = at(-60), fb = at(60);
  return fa > 0 && fb < 0 ? zeroBetween(at, -60, fa, 60, fb, 1e-12) : NaN;
}

// The pieces of the curve of stationary policies: [{attracting, points: [[pi_ref, pi], ...]}],
// and the folds where two of them meet.
// It does not depend on the reference: the last few are kept.
const curves = new Map();
function curve(state) {
  const e = equation(state), key = `${e.name} ${e.title} ${state.beta}`;
  if (!e.penalty.exerts) return {pieces: [], folds: []};
  if (!curves.has(key)) {
    if (curves.size > 3) curves.delete(curves.keys().next().value);
    curves.set(key, e.penalty.monotone ? inverted(e, state.beta) : contoured(e, state.beta));
  }
  return curves.get(key);
}

function inverted(e, beta) {
  const drift = tabulated(e, "fine", FINE), pieces = [], folds = [];
  let near = NaN;
  const x = FINE.map((y, k) => near = referenceOf(e, beta, ...shares(y), drift[k], near));
  const exact = (y) => { const [p, q] = shares(y); return referenceOf(e, beta, p, q, e.drift(p, q)); };
  const point = (y, at) => [shares(at)[0], shares(y)[0]];
  // Where a reference begins or ends to exist, between two places of the grid.
  const edge = (inside, outside) => {
    for (let step = 0; step < 30; step++) {
      const middle = (inside + outside) / 2;
      if (Number.isNaN(exact(middle))) outside = middle; else inside = middle;
    }
    return point(inside, exact(inside));
  };
  let piece = null;
  for (let k = 0; k + 1 < x.length; k++) {
    const here = !Number.isNaN(x[k]), next = !Number.isNaN(x[k + 1]);
    if (here && !next && piece !== null) piece.points.push(edge(FINE[k], FINE[k + 1]));
    if (!next) { piece = null; continue; }
    if (!here) {
      piece = null;
      const first = edge(FINE[k + 1], FINE[k]);
      piece = {attracting: shares(x[k + 1])[0] > first[0], points: [first, point(FINE[k + 1], x[k + 1])]};
      pieces.push(piece);
      continue;
    }
    const rises = x[k + 1] > x[k];
    if (piece === null) {
      piece = {attracting: rises, points: [point(FINE[k], x[k])]};
      pieces.push(piece);
    } else if (piece.attracting !== rises) {
      const side = rises ? -1 : 1, y = highest((z) => side * exact(z), FINE[k - 1], FINE[k + 1]);
      const fold = point(y, exact(y));
      folds.push(fold);
      piece.points.push(fold);
      piece = {attracting: rises, points: [fold]};
      pieces.push(piece);
    }
    piece.points.push(point(FINE[k + 1], x[k + 1]));
  }
  return {pieces, folds};
}

// For other penalties: where the balance changes its sign over a grid, cell by cell.
function contoured(e, beta) {
  const y = grid(-9, 9, 0.1), both = y.map(shares), drift = tabulated(e, "coarse", y), pieces = [];
  const force = cached(`force ${e.name} ${e.title}`, () => both.map(([p, q]) => {
    const [first, second] = e.weights(p);
    return both.map(([p0, q0]) => first * e.penalty.marginal(p0 / p) - second * e.penalty.marginal(q0 / q));
  }));
  const value = force.map((row, i) => row.map((f) => drift[i] - beta * f));
  const between = (u, v, fu, fv) => u + (v - u) * fu / (fu - fv);
  for (let i = 0; i + 1 < y.length; i++) for (let j = 0; j + 1 < y.length; j++) {
    const f = [value[i][j], value[i][j + 1], value[i + 1][j + 1], value[i + 1][j]];
    const above = (f[0] > 0) + (f[1] > 0) + (f[2] > 0) + (f[3] > 0);
    if (above === 0 || above === 4 || !f.every(Number.isFinite)) continue;
    const corner = [[j, i], [j + 1, i], [j + 1, i + 1], [j, i + 1]], ends = [];
    for (let side = 0; side < 4; side++) {
      const next = (side + 1) % 4;
      if (f[side] > 0 === f[next] > 0) continue;
      const [u, v] = [corner[side], corner[next]];
      ends.push([between(y[u[0]], y[v[0]], f[side], f[next]), between(y[u[1]], y[v[1]], f[side], f[next])]);
    }
    const falls = f[2] + f[3] < f[0] + f[1];
    for (let k = 0; k + 1 < ends.length; k += 2)
      pieces.push({attracting: falls, points: [ends[k], ends[k + 1]].map((z) => z.map((t) => shares(t)[0]))});
  }
  return {pieces, folds: []};
}

// Weights at which something changes: folds in beta at this reference, where
// beta = drift/force turns, and the weight below which a vanishing reference leaves pi(a) > 0.
function thresholds(state) {
  const e = equation(state);
  return thresholdsAt(`${e.name} ${e.title} ${state.pi_ref}`, e, state.pi_ref);
}

const thresholdsAt = lately((e, p0) => {
  if (!e.penalty.exerts) return {folds: [], escape: null};
  const found = {folds: []}, drift = tabulated(e, "wide", WIDE);
  const weight = (y) => {
    const [p, q] = shares(y), force = e.force(p, q, p0, 1 - p0);
    return force > 0 ? e.drift(p, q) / force : NaN;
  };
  const w = forces(e, p0).map((force, k) =>
    force > 0 && Math.abs(WIDE[k]) < 30 ? drift[k] / force : NaN);
  for (let k = 1; k + 1 < w.length; k++) {
    const side = w[k] > w[k - 1] && w[k] > w[k + 1] ? 1 : w[k] < w[k - 1] && w[k] < w[k + 1] ? -1 : 0;
    const size = Math.abs(w[k] - w[k - 1]) + Math.abs(w[k] - w[k + 1]);
    // Next to the reference the force vanishes, and the weight is all rounding.
    if (!side || size < 1e-9 * w[k] || !(w[k] < 1e6)) continue;
    const y = highest((z) => side * weight(z), WIDE[k - 1], WIDE[k + 1]);
    if (weight(y) < 1e6) found.folds.push({beta: weight(y), p: shares(y)[0]});
  }
  found.escape = escapeOf(`${e.name} ${e.title}`, e, drift);
  return found;
});

const escapeOf = lately((e, drift) => {
  const zero = e.penalty.ends[1];
  if (!e.penalty.monotone || !Number.isFinite(zero)) return null;
  let most = 0, place = 0;
  WIDE.forEach((y, k) => {
    const [p, q] = PLACES[k], [first, second] = e.weights(p);
    const force = first * zero - second * e.penalty.marginal(1 / q);
    const value = y > -30 && y < 30 && force > 0 ? drift[k] / force : 0;
    if (value > most) { most = value; place = y; }
  });
  return most > 1e5 ? Infinity : place < 30 && most > 0 ? most : null;
});

// -- three answers ---------------------------------------------------------------------------

// P(o) - beta d(o) for three answers with these success rates, up to one constant.
function pulls(state, policy, policyRates, reference) {
  const e = equation({...state, rewards: "sure", mixed: false});
  const m = policyRates.reduce((t, s, i) => t + s * policy[i], 0);
  const rest = policyRates.reduce((t, s, i) => t + (1 - s) * policy[i], 0);
  const drift = e.group(m, rest);
  return policy.map((p, i) => policyRates[i] * drift - state.beta * e.penalty.marginal(reference[i] / p));
}

// The policy gradient on the simplex: pi(o) times what o has above the mean.
function flow(state, policy, rates, reference) {
  const value = pulls(state, policy, rates, reference);
  const mean = value.reduce((t, v, i) => t + v * policy[i], 0);
  return policy.map((p, i) => p * (value[i] - mean));
}

const softmax = (a, b) => {
  const top = Math.max(a, b, 0), w = [Math.exp(a - top), Math.exp(b - top), Math.exp(-top)];
  const total = w[0] + w[1] + w[2];
  return w.map((v) => v / total);
};

// Stationary policies of three answers: Newton's method in log-odds from many places.
function stationaryOfThree(state, rates, reference) {
  const found = [], condition = (z) => {
    const v = pulls(state, softmax(z[0], z[1]), rates, reference);
    return [v[0] - v[2], v[1] - v[2]];
  };
  const jacobian = (z) => {
    const h = 1e-6, columns = [0, 1].map((i) => {
      const up = [...z], down = [...z];
      up[i] += h;
      down[i] -= h;
      const [f, g] = [condition(up), condition(down)];
      return [(f[0] - g[0]) / (2 * h), (f[1] - g[1]) / (2 * h)];
    });
    return [columns[0][0], columns[1][0], columns[0][1], columns[1][1]];
  };
  if (!EQUATIONS.penalties[state.penalty].exerts) return found;
  for (const a of [-9, -4, -1, 1, 4, 9]) for (const b of [-9, -4, -1, 1, 4, 9]) {
    let z = [a, b], good = false;
    for (let step = 0; step < 60; step++) {
      const f = condition(z), [j, k, l, m] = jacobian(z), det = j * m - k * l;
      const move = [(m * f[0] - k * f[1]) / det, (j * f[1] - l * f[0]) / det];
      const length = Math.max(Math.abs(move[0]), Math.abs(move[1]));
      if (!Number.isFinite(length)) break;
      const scale = Math.min(1, 2 / length);
      z = [z[0] - scale * move[0], z[1] - scale * move[1]];
      if (length < 1e-13 * (1 + Math.abs(z[0]) + Math.abs(z[1]))) { good = true; break; }
      if (step > 40 && length < 1e-10) { good = true; break; }
    }
    if (!good || Math.max(Math.abs(z[0]), Math.abs(z[1])) > 40) continue;
    const policy = softmax(z[0], z[1]);
    if (found.some((s) => s.policy.every((p, i) => Math.abs(p - policy[i]) < 1e-7))) continue;
    found.push({policy, attracting: attractsThree(condition, jacobian, z, policy)});
  }
  return found;
}

// The flow moves logits by pi(o) times what o has above the mean; with two of them against the
// third, it attracts where both eigenvalues of its matrix have negative real parts.
function attractsThree(condition, jacobian, z, policy) {
  const [j, k, l, m] = jacobian(z), [a, b, c] = policy;
  // d logit_i = pi_i (v_i - mean); at a zero of v_i - v_3 the mean moves by a dv_1 + b dv_2.
  const row = (x, y) => [
    a * (x - (a * x + b * y)) + c * (a * x + b * y),
    b * (y - (a * x + b * y)) + c * (a * x + b * y),
  ];
  const [p, q] = row(j, l), [r, s] = row(k, m);
  return p + s < 0 && p * s - q * r > 0;
}

if (typeof module !== "undefined") module.exports = {
  EQUATIONS, equation, solutions, curve, thresholds, stationaryOfThree, flow, shares, marginNote, groupDrift,
};
