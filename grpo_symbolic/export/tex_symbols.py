"""TeX's names of characters: font, place in it, and what kind of atom each is."""

from __future__ import annotations

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
    "omega", "varepsilon", "vartheta", "varpi", "varrho", "varsigma", "varphi",
)  # fmt: skip
_CAPITALS = (
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
)  # fmt: skip

#: By token: (font, code, kind).
SYMBOLS: dict[str, tuple[str, int, str]] = {
    **{rf"\{name}": ("cmmi", 11 + k, "ord") for k, name in enumerate(_GREEK)},
    **{rf"\{name}": ("cmr", k, "ord") for k, name in enumerate(_CAPITALS)},
    "+": ("cmr", 43, "bin"), "-": ("cmsy", 0, "bin"), "*": ("cmsy", 3, "bin"),
    r"\cdot": ("cmsy", 1, "bin"), r"\times": ("cmsy", 2, "bin"), r"\pm": ("cmsy", 6, "bin"),
    r"\mp": ("cmsy", 7, "bin"), r"\circ": ("cmsy", 14, "bin"), r"\wedge": ("cmsy", 94, "bin"),
    r"\cap": ("cmsy", 92, "bin"), r"\cup": ("cmsy", 91, "bin"), r"\setminus": ("cmsy", 110, "bin"),
    "=": ("cmr", 61, "rel"), "<": ("cmmi", 60, "rel"), ">": ("cmmi", 62, "rel"),
    ":": ("cmr", 58, "rel"), r"\le": ("cmsy", 20, "rel"), r"\ge": ("cmsy", 21, "rel"),
    r"\leq": ("cmsy", 20, "rel"), r"\geq": ("cmsy", 21, "rel"), r"\ne": ("cmr", 61, "rel"),
    r"\neq": ("cmr", 61, "rel"), r"\to": ("cmsy", 33, "rel"), r"\rightarrow": ("cmsy", 33, "rel"),
    r"\mapsto": ("cmsy", 33, "rel"), r"\sim": ("cmsy", 24, "rel"), r"\simeq": ("cmsy", 39, "rel"),
    r"\approx": ("cmsy", 25, "rel"), r"\equiv": ("cmsy", 17, "rel"), r"\in": ("cmsy", 50, "rel"),
    r"\mid": ("cmsy", 106, "rel"), r"\succ": ("cmsy", 31, "rel"), r"\prec": ("cmsy", 30, "rel"),
    r"\iff": ("cmsy", 44, "rel"), r"\implies": ("cmsy", 41, "rel"),
    "(": ("cmr", 40, "open"), ")": ("cmr", 41, "close"), "[": ("cmr", 91, "open"),
    "]": ("cmr", 93, "close"), r"\{": ("cmsy", 102, "open"), r"\}": ("cmsy", 103, "close"),
    r"\langle": ("cmsy", 104, "open"), r"\rangle": ("cmsy", 105, "close"),
    "!": ("cmr", 33, "close"), "?": ("cmr", 63, "close"),
    ",": ("cmmi", 59, "punct"), ";": ("cmr", 59, "punct"), ".": ("cmmi", 58, "ord"),
    "/": ("cmmi", 61, "ord"), "|": ("cmsy", 106, "ord"), r"\|": ("cmsy", 107, "ord"),
    r"\infty": ("cmsy", 49, "ord"), r"\partial": ("cmmi", 64, "ord"), r"\ell": ("cmmi", 96, "ord"),
    r"\prime": ("cmsy", 48, "ord"), r"\nabla": ("cmsy", 114, "ord"), r"\star": ("cmmi", 63, "bin"),
    r"\forall": ("cmsy", 56, "ord"), r"\exists": ("cmsy", 57, "ord"), r"\emptyset": ("cmsy", 59,
    "ord"), r"\varnothing": ("cmsy", 59, "ord"), r"\dagger": ("cmsy", 121, "bin"),
    r"\sum": ("cmex", 80, "op"), r"\prod": ("cmex", 81, "op"), r"\int": ("cmex", 82, "op"),
    r"\top": ("cmsy", 62, "ord"), r"\bot": ("cmsy", 63, "ord"), r"\#": ("cmr", 35, "ord"),
    r"\%": ("cmr", 37, "ord"), r"\&": ("cmr", 38, "ord"),
}  # fmt: skip

#: Spaces in points, and dots.
SPACES = {
    r"\quad": 10.0, r"\qquad": 20.0, r"\,": 1.667, r"\:": 2.222, r"\;": 2.778, r"\!": -1.667,
    r"\ ": 3.333, "~": 3.333, r"\enspace": 5.0, r"\dots": 11.7, r"\ldots": 11.7, r"\cdots": 11.7,
    r"\\": 0.0,
}  # fmt: skip

_PAREN = (3.89, 4.58, 5.97, 7.36, 7.92, 8.75)
_BRACKET = (2.78, 4.17, 4.72, 5.28, 5.83, 6.67)
_BRACE = (5.0, 5.83, 6.67, 7.5, 8.06, 8.89)
_BAR = (2.78, 3.33, 3.33, 3.33, 3.33, 3.33)
_ANGLE = (3.89, 4.72, 6.11, 6.81, 7.5, 7.5)

#: Widths of the sizes of a delimiter, and its kind.
DELIMITERS: dict[str, tuple[tuple[float, ...], str]] = {
    "(": (_PAREN, "open"), ")": (_PAREN, "close"), "[": (_BRACKET, "open"),
    "]": (_BRACKET, "close"), r"\{": (_BRACE, "open"), r"\}": (_BRACE, "close"),
    "|": (_BAR, "ord"), r"\|": ((5.0,) * 6, "ord"), r"\langle": (_ANGLE, "open"),
    r"\rangle": (_ANGLE, "close"), r"\lfloor": (_BRACKET, "open"), r"\rfloor": (_BRACKET, "close"),
    ".": ((1.2,) * 6, "ord"), "/": ((5.0, 5.78, 8.11, 10.44, 12.78, 12.78), "ord"),
}  # fmt: skip

#: Fonts by command: the family, and what its letters are wider by.
FONTS = {
    r"\mathrm": ("cmr", 1.0), r"\mathbf": ("cmr", 1.16), r"\mathsf": ("cmr", 1.0),
    r"\mathtt": ("cmr", 1.15), r"\mathit": ("cmmi", 1.0), r"\mathbb": ("msbm", 1.0),
    r"\mathcal": ("cmsy", 1.0), r"\mathscr": ("cmsy", 1.1), r"\mathfrak": ("eufm", 1.0),
    r"\boldsymbol": ("cmmi", 1.16),
}  # fmt: skip

#: Marks above a letter: as wide as the letter.
ACCENTS = frozenset(
    rf"\{name}" for name in ("bar", "hat", "tilde", "dot", "ddot", "vec", "overline", "underline",
                             "widehat", "widetilde", "mathstrut", "mathop")
)  # fmt: skip

NAMED_OPERATORS = frozenset(
    rf"\{name}" for name in (
        "log", "exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos",
        "arctan", "max", "min", "lim", "sup", "inf", "Pr", "deg", "det",
    )
)  # fmt: skip
