"""Groups of six to sixteen: no formula in radicals gives the stationary policy."""

from math import prod

from flint import nmod_poly
from sympy import Add, Integer, Mul, Poly, S, Symbol, binomial, sqrt

from derivations.bernstein_form import P
from derivations.headline import Numbers, binary_headline
from derivations.lemmas import RADICALS
from derivations.result import Result
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationary_policy
from grpo_symbolic.solve.galois import GaloisEvidence, Reduced, no_radicals
from grpo_symbolic.stationarity import stationarity_condition

SIZES = tuple(range(6, 17))
X = Symbol("x", positive=True)


def evidence(size: int) -> GaloisEvidence:
    found = no_radicals(stationarity_condition(GRPO(size), BinaryQuestion()))
    if found is None:
        raise ValueError(f"no evidence was found for groups of {size}")
    return found


def polynomial(found: GaloisEvidence):
    """The polynomial of the instance, its square roots written out."""
    return sum(
        Integer(c.numerator) / c.denominator * sqrt(d) * P**k
        for k, row in enumerate(found.coefficients)
        for d, c in row
    )


def reduced(found: GaloisEvidence, at: Reduced) -> list[int]:
    """The coefficients modulo the prime, with the stored square roots."""
    roots, prime = dict(at.roots), at.prime
    values = []
    for row in found.coefficients:
        total = 0
        for d, c in row:
            root = prod(roots[q] for q in found.radicands if d % q == 0)
            total += c.numerator * pow(c.denominator, -1, prime) * root
        values.append(total % prime)
    return values


def factor_claims(size: int, found: GaloisEvidence) -> list[Claim]:
    """The factors modulo each prime as identities between integers."""
    claims = []
    for at in found.reductions:
        prime = at.prime
        for q, root in at.roots:
            claims.append(
                Claim(
                    f"G = {size}: {root}^2 - {q} is a multiple of {prime}",
                    (X - root) * (X + root) + prime * Integer((root**2 - q) // prime),
                    "==",
                    X**2 - q,
                )
            )
        values = reduced(found, at)
        lead, factors = nmod_poly(values, prime).factor()
        if len(factors) == 1:
            continue  # a polynomial as its own only factor: nothing is stated
        parts = [Poly([int(c) for c in reversed(f.coeffs())], X).as_expr() for f, _ in factors]
        product, whole = Mul(int(lead), *parts), Poly(values[::-1], X)
        integral = Poly((Poly(product, X) - whole).as_expr() / prime, X)
        claims.append(
            Claim(
                f"G = {size}: modulo {prime} the polynomial is a product of degrees "
                f"{', '.join(map(str, at.cycle_type))}, so their difference is {prime} times an "
                "integer polynomial",
                product,
                "==",
                whole.as_expr() + prime * sum((c // 1) * X**k for (k,), c in integral.terms()),
            )
        )
    return claims


def instance(size: int, found: GaloisEvidence) -> Claim:
    """The polynomial is a multiple of the condition with h_G as a mean over groups."""
    beta, p0 = (Integer(v.numerator) / v.denominator for _, v in found.point)
    mean = Add(
        *(
            binomial(size, k) * P**k * (1 - P) ** (size - k) * sqrt(Integer(k * (size - k))) / size
            for k in range(1, size)
        )
    )
    condition, poly = beta * (P - p0) - mean, polynomial(found)
    return Claim(
        f"G = {size}: the polynomial of the instance is that of the condition",
        condition * poly.subs(P, 1),
        "==",
        poly * condition.subs(P, 1),
    )


def degree(size: int, found: GaloisEvidence) -> Claim:
    """The last coefficient is not zero."""
    top = 2 * (size // 2)
    if len(found.coefficients) != top + 1:
        raise ValueError(f"the polynomial of groups of {size} is not of degree {top}")
    last = polynomial(found).coeff(P, top)
    return Claim(f"G = {size}: the degree is 2 floor(G/2)", last, "!=", S.Zero)


def result() -> Result:
    claims: list[Claim] = []
    lines = []
    for size in SIZES:
        found = evidence(size)
        lines.append(f"$G={size}$: mod {found.reductions[0].prime}, {found.reductions[1].prime}")
        claims += factor_claims(size, found)
        claims += [instance(size, found), degree(size, found)]
    six = stationary_policy(GRPO(6), BinaryQuestion())
    first = evidence(6)
    values = {
        s: S(v.numerator) / v.denominator
        for s, v in zip(
            (six.condition.beta, six.question.reference[0]),
            (v for _, v in first.point),
            strict=True,
        )
    }
    claims.append(
        Claim(
            "control: it is that of groups of four",
            polynomial(first),
            "==",
            stationary_policy(GRPO(4), BinaryQuestion())
            .reduction.polynomial.as_expr()
            .subs(values),
            expected="REFUTED",
        )
    )
    return Result(
        "Groups of six to sixteen: no formula in radicals",
        "new",
        r"The inverse functions $\beta(p)=h_G(p)/(p-p_0)$ and $p_0(p)=p-h_G(p)/\beta$ are "
        r"explicit for every $G$. For larger $G$ nothing is shown here.",
        intuition="The degree of the equation grows with the group, and its coefficients are in "
        "no special position. One instance with a full Galois group rules out every "
        "formula of the kind that pairs have.",
        argument=r"The condition $\beta(p-p_0)=h_G(p)$ has the degree "
        r"$n=2\lfloor G/2\rfloor\ge6$. "
        r"A formula in radicals for all parameters would hold at $\beta=1$, $p_0=\frac13$. There "
        r"the coefficients lie in a field $K$ generated by square roots. Modulo a prime at which "
        r"all radicands are squares the polynomial, if squarefree of the same degree, has factors "
        r"whose degrees are the cycle lengths of an element of its Galois group over $K$ "
        r"(Dedekind). It is irreducible modulo one prime, so the group is transitive; modulo "
        r"another it has exactly one factor of prime degree $r>n/2$, $r<n$, so a power of that "
        r"element is an $r$-cycle and the group is primitive. If $r\le n-3$ it contains all even "
        r"permutations (Jordan); if $n$ is no prime power, a primitive group of degree $n$ is not "
        r"solvable (Galois). One of the two applies for every $G$ from 6 to 16: "
        + "; ".join(lines)
        + r". The claims state each factorisation as an identity between integer polynomials; "
        r"that a factor of the given degree is irreducible is computed, not stated.",
        headlines=(
            binary_headline(
                "no formula in radicals gives the stationary policy for all parameters",
                ("G = {G}: the degree is *", "G = {G}: modulo *"),
                groups=Numbers(SIZES),
                by=(RADICALS(factorisations="G = {G}: modulo *"),),
            ),
        ),
        setting=r"a binary question with deterministic rewards, $6\le G\le16$, the published "
        r"penalty",
        claims=tuple(claims),
        domain=six.parameters,
    )
