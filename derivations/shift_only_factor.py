"""Without scale normalisation the preference is the reward, times 1 - 1/G."""

from sympy import Integer, Rational, Symbol, oo

from derivations.headline import ANY_NUMBER, EVERY_SIZE, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS, TOWER
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, ShiftOnly, symbols
from grpo_symbolic.reward import mean

SIZES = (2, 3, 4, 8)
R = [Symbol(f"r_{i}", real=True) for i in (1, 2)]


def result() -> Result:
    question = BinaryQuestion()
    center = mean(question.population(question.policy))
    claims = []
    for size in SIZES:
        preferences = GRPO(size, advantage=ShiftOnly()).preference(question)
        claims += [
            Claim(
                f"P_G({answer}) = (1 - 1/G)(r - E r), G = {size}",
                preference,
                "==",
                (1 - Rational(1, size)) * (reward - center),
            )
            for answer, preference, reward in zip("ab", preferences, question.rewards, strict=True)
        ]
    large = GRPO(oo, advantage=ShiftOnly()).preference(question)
    # Any group size: one's own reward enters the mean with weight 1/G, the others with mean E r.
    own, expected, size = Symbol("r_o", real=True), Symbol("E_r", real=True), symbols.G
    claims += [
        Claim("large groups: r - E r", large[0], "==", question.rewards[0] - center),
        Claim(
            "every group size, by linearity of the mean",
            own - (own + (size - 1) * expected) / size,
            "==",
            (1 - Integer(1) / size) * (own - expected),
        ),
    ]
    two = GRPO(2, advantage=ShiftOnly()).preference(question)
    return Result(
        "Shift-only normalisation",
        f"{VY}, Appendix B (no scale normalisation)",
        r"So $R_G=(1-1/G)(\mathrm{E}_\pi r-\mathrm{E}_{\pi_{\mathrm{old}}}r)$. For groups of two,",
        intuition="Subtracting the mean of the group takes away the own reward's share of it, one "
        "part in $G$. What is left is the centred reward times $1-1/G$.",
        headlines=(
            Headline(
                r"$P_G(o\mid\pi)=(1-1/G)(r(o)-\mathrm{E}_\pi r)$",
                ("every group size, by linearity of the mean",),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                by=(
                    IDENTITY_IN_SYMBOLS(statement="every group size, by linearity of the mean"),
                    TOWER(instances="P_G(?) = (1 - 1/G)(r - E r), G = *"),
                ),
            ),
        ),
        setting=r"centred rewards without a scale, any $G$",
        checked_as="group_size=2 scale=none",
        formulas=(equation(symbols.preferences[0], two[0]),),
        claims=tuple(claims),
    )
