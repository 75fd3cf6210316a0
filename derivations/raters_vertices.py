"""At a vertex: which answers a policy can settle on at each group size."""

from sympy import Add, Integer, Rational, S, Symbol, diff, sqrt

from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.raters import per_group
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question, ReverseKL, symbols

BETA, G = symbols.beta, symbols.G
MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2, 3))
#: Three raters whose rankings form a cycle, with rewards of any size.
ROWS = ((3, 1, 0), (0, 5, 1), (1, 0, 2))
SIZES = (2, 3, 4)
#: Masses of the second and the third answer.
A, B = (Symbol(name, positive=True) for name in ("p_2", "p_3"))
P, REF = Symbol("p", positive=True), Symbol("r", positive=True)
GAP, DRIVE = Symbol("d", positive=True), Symbol("P", real=True)
#: Four of seven prefer the first answer to either other one.
WINNER = ((1, (1, 0, 0)), (3, (1, 0, 6)), (3, (1, 6, 0)))
THIRD = Rational(1, 3)


def drives(raters, size: int, policy) -> list:
    """P as derived, at a policy."""
    question = Question(raters=Electorate(raters), per="group")
    place = dict(zip(question.policy[:2], policy, strict=False))
    return [v.xreplace(place) for v in GRPO(size).preference(question)]


def result() -> Result:
    total = Add(*MASSES)
    pairs = list(zip(MASSES, ROWS, strict=True))
    shares = [(m / total, tuple(map(Integer, row))) for m, row in pairs]
    margins = Electorate(pairs).margins
    mean = GAP / G
    spread = sqrt(((GAP - mean) ** 2 + (G - 1) * mean**2) / G)
    claims = [
        Claim("the advantage of one member that differs from all others", (GAP - mean) / spread,
              "==", sqrt(G - 1), Domain.of(G, GAP)),
        Claim("the condition as a product", P * (DRIVE - BETA * ReverseKL().marginal(REF / P)),
              "==", BETA * REF - P * (BETA - DRIVE), Domain.of(P, REF, BETA, DRIVE)),
    ]  # fmt: skip
    slopes = []
    for size in SIZES:
        root = sqrt(Integer(size - 1))
        derived = drives(pairs, size, (1 - A - B, A))
        vertex = {A: S.Zero, B: S.Zero}
        groups = per_group(shares, (S.One, S.Zero, S.Zero), size)
        for x in (1, 2):
            claims += compared(f"P({x + 1}) at the vertex by all groups, G = {size}",
                               derived[x].subs(vertex), groups[x])  # fmt: skip
            claims.append(Claim(f"P({x + 1}) at the vertex is a margin, G = {size}", groups[x],
                                "==", margins[x][0] * root))  # fmt: skip
            product = (A, B)[x - 1] * (BETA - derived[x])
            slope = diff(product, (A, B)[x - 1]).subs(vertex)
            claims.append(Claim(f"slope of answer {x + 1}, G = {size}", slope, "==",
                                BETA + margins[0][x] * root))  # fmt: skip
        slopes.append(BETA + margins[0][1] * root)
    inside = Domain.of((P, S.Zero, S.One))
    line = (P, (1 - P) / 2)
    won, lost = drives(WINNER, 2, line)[0], drives(WINNER, 4, (THIRD, THIRD))[0]
    beaten = Electorate(WINNER).margins[0]
    return Result(
        "Only a Condorcet winner's vertex survives small weights",
        "new",
        r"So next to the vertex of an answer $a$ no policy is stationary at weights "
        r"$\beta<\gamma(x,a)\sqrt{G-1}$ for an answer $x$ that beats $a$ by $\gamma(x,a)$. Where "
        r"$a$ beats every other one, all slopes are positive, and near the vertex one policy is "
        r"stationary at each small weight, "
        r"$\pi(x)\approx\beta\pi_{\mathrm{ref}}(x)/(\beta+\gamma(a,x)\sqrt{G-1})$. It need not be "
        r"the one that training reaches: three raters reward $(1,0,6)$, three $(1,6,0)$ and one "
        r"$(1,0,0)$, the first answer beats both others, pairs give it more than the reference at "
        r"every weight, and groups of four start out against it.",
        intuition="Next to certainty a group has at most one other answer in it, and its "
        "advantage is the same whatever the rewards: whoever wins that duel grows. A "
        "large group only makes the duel louder, so the answer that is left has to win "
        "all of them.",
        argument=r"At the vertex all companions of $x$ are $a$. A group with one member that "
        r"differs has the advantage $\pm\sqrt{G-1}$ there, whatever the rewards, so that "
        r"$P(x)=\gamma(x,a)\sqrt{G-1}$. Stationary means "
        r"$\pi(x)(\beta-P(x))=\beta\pi_{\mathrm{ref}}(x)>0$, hence $P(x)<\beta$; $P$ is a "
        r"polynomial in $\pi$ at finite $G$, so this holds in a neighbourhood. At the vertex the "
        r"slope of $\pi(x)(\beta-P(x))$ in another $\pi(y)$ is 0, as $\pi(x)$ is, so that at the "
        r"winner's vertex the implicit function theorem applies.",
        headlines=(
            Headline(
                r"at the vertex of $a$ the advantage of $x$ is $\gamma(x,a)\sqrt{G-1}$, and a "
                r"stationary policy has $P(x)<\beta$",
                ("the advantage of one member that differs from all others",
                 "the condition as a product"),
                groups=EVERY_SIZE,
                penalties=REVERSE_KL,
                hypotheses=("one rater scores each group",),
            ),
            Headline(
                r"at the vertex the slopes of $\pi(x)(\beta-P(x))$ are "
                r"$\beta+\gamma(a,x)\sqrt{G-1}$ in $\pi(x)$",
                ("P(?) at the vertex is a margin, G = {G}", "slope of answer ?, G = {G}"),
                groups=Numbers.of(*SIZES),
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("one rater scores each group",),
            ),
            Headline(
                r"a Condorcet winner has $P(1)>0$ at every policy $(p,q,q)$",
                ("the first beats answer ?", "groups of two: the first gains"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("one rater scores each group",),
            ),
            Headline(
                r"the same answer has $P(1)<0$ at the uniform policy: the path from the uniform "
                r"reference gives it less than $\frac13$ at every weight",
                ("the first beats answer ?", "groups of four: the first loses"),
                groups=Numbers.of(4),
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("one rater scores each group", "uniform reference"),
            ),
        ),
        setting="three answers, one rater for each group, any masses",
        formulas=(equation(Symbol("slope_2"), slopes[1]),),
        claims=(
            *claims,
            *(Claim(f"the first beats answer {x + 1}", beaten[x], ">", S.Zero) for x in (1, 2)),
            Claim("groups of two: the first gains", won, ">", S.Zero, inside),
            Claim("groups of four: the first loses", lost, "<", S.Zero),
            Claim("control: every slope at a vertex is positive", slopes[0], ">", S.Zero,
                  expected="REFUTED"),
        ),
        domain=Domain.of(BETA, *MASSES),
    )  # fmt: skip
