r"""Notation: how the quantities are called in print.

The library derives and prints in one notation, :math:`\pi(a)`, :math:`\pi_{\mathrm{ref}}(a)`,
:math:`\beta`. A :class:`Notation` is a set of other names, and the rewriting of any TeX from the
default names into these, so that formulas, reasons and prose always agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from typing import Any, Literal

from sympy import Symbol

from grpo_symbolic import symbols
from grpo_symbolic.display import as_call
from grpo_symbolic.export.rewriting import Names, rewritten, rewritten_text, single_token

#: TeX that a name steps aside to when a user's name takes its own.
_ASIDE: dict[str, tuple[str, ...]] = {
    r"\lambda": (r"\nu", r"\kappa", r"\rho"),
    r"\sigma": (r"\varsigma", r"\rho"),
    "P": (r"\mathcal{P}", r"\mathcal{A}"),
    "d": (r"\delta", r"\mathfrak{d}"),
    "s": (r"\varrho", r"\rho"),
    "x": (r"\chi", r"\zeta"),
    "t": (r"\vartheta", r"\zeta"),
    "k": (r"\kappa", r"\iota"),
    "u": (r"\upsilon", r"\omega"),
    "o": (r"\omega", r"\iota"),
}
_SECONDARY = ("multiplier", "sigma", "preference", "marginal", "success")
_FORBIDDEN = re.compile(r"[$%&#\n\r~]")
_OPERATOR = re.compile(r"[-+=<>/;:]")
_RESERVED = ("e", "f", "h", r"\infty", r"\log", r"\sqrt", r"\frac", r"\mid")


@dataclass(frozen=True, repr=False)
class Notation:
    r"""How the quantities are called in print.

    Source: new; the defaults are the names of Vojnovic & Yun, arXiv 2502.18548.

    Parameters
    ----------
    beta, gamma, gap, pi, pi_ref : str
        TeX of the weight, the margin, the reward gap, and the two policies.
    answer : str
        The better answer.
    context : str
        When not empty, policies are written :math:`\pi(a \mid q)`.
    extra : dict of Symbol to str
        Names of further symbols, in TeX that uses the *default* names of the quantities.
    other : str, optional
        The worse answer; b, or a prime at ``answer`` when that was renamed.
    pi_old, group_size, epsilon, reward : str
        TeX of the sampling policy :math:`\pi_{\mathrm{old}}`, of G, ε and r.
    multiplier, sigma, preference, marginal, success : str
        TeX of λ, σ, P(a | π), d(a) and s_a without their arguments. As long as they are not
        given, they step aside for a name above that is theirs: with ``beta="\\lambda"`` the
        multiplier is printed :math:`\nu`. So does every other letter of a derivation.
    arguments : {"long", "none"}
        Whether the probability of the better answer is :math:`\pi(a)`, or :math:`\pi` alone.

    Raises
    ------
    ValueError
        For a name that is no TeX name, or when two quantities would be printed alike.

    Examples
    --------
    >>> from grpo_symbolic.export.latex import formula
    >>> from grpo_symbolic import symbols as s
    >>> formula(s.pi_ref / s.beta, Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y"))
    '\\frac{\\mu(y)}{\\lambda}'
    >>> Notation.short().rewritten(r"\beta(\pi(a)-\pi_{\mathrm{ref}}(a))")
    '\\beta(p-p_0)'
    """

    beta: str = r"\beta"
    gamma: str = r"\gamma"
    gap: str = r"\Delta"
    pi: str = r"\pi"
    pi_ref: str = r"\pi_{\mathrm{ref}}"
    answer: str = "a"
    context: str = ""
    extra: dict[Symbol, str] = field(default_factory=dict)
    other: str | None = None
    pi_old: str = r"\pi_{\mathrm{old}}"
    group_size: str = "G"
    epsilon: str = r"\varepsilon"
    reward: str = "r"
    multiplier: str = r"\lambda"
    sigma: str = r"\sigma"
    preference: str = "P"
    marginal: str = "d"
    success: str = "s"
    arguments: Literal["long", "none"] = "long"

    __repr__ = as_call

    def __post_init__(self) -> None:
        if self.arguments not in ("long", "none"):
            raise ValueError(f"arguments must be 'long' or 'none', got {self.arguments!r}")
        for name in self.changeable():
            value = getattr(self, name)
            if not (name == "context" and value == "") and not (name == "other" and value is None):
                _check(name, value)
        owners: dict[str, str] = {}
        for name, value in self._chosen.items():
            key = value.replace(" ", "")
            if key in owners:
                raise ValueError(
                    f"two quantities must not be printed alike: {owners[key]} and {name} are both "
                    f"{value}; give {name} another name, such as {name}={_another(value, self)}"
                )
            owners[key] = name

    @classmethod
    def changeable(cls) -> tuple[str, ...]:
        """The names of the quantities that a notation can rename."""
        return tuple(f.name for f in fields(cls) if f.name not in ("extra", "arguments"))

    @classmethod
    def short(cls, **names: Any) -> Notation:
        r""":math:`p` and :math:`p_0` for the probabilities of the better answer."""
        old = {"pi_old": r"p_{\mathrm{old}}"}
        return cls(**{"pi": "p", "pi_ref": "p_0", **old, "arguments": "none", **names})

    # -- rewriting ----------------------------------------------------------------------

    def rewritten(self, tex: str) -> str:
        """A formula in the default names, in this notation."""
        return rewritten(tex, self._names)

    def rewritten_text(self, prose: str) -> str:
        """Prose with formulas between dollars or in displays: these are rewritten."""
        return rewritten_text(prose, self._names)

    def names(self) -> dict[Symbol, str]:
        """TeX by symbol: the catalogue and ``extra``, rewritten."""
        own = {symbol: self.rewritten(tex) for symbol, tex in self.extra.items()}
        return self._catalogue | own

    @property
    def second(self) -> str:
        """The worse answer."""
        if self.other is not None:
            return self.other
        taken = {getattr(self, f) for f in self.changeable() if f != "other"}
        return "b" if self.answer == "a" and "b" not in taken else f"{self.answer}'"

    @cached_property
    def _catalogue(self) -> dict[Symbol, str]:
        """The names of the catalogue, which every formula asks for: rewritten once."""
        return {entry.symbol: self.rewritten(entry.tex) for entry in symbols.CATALOGUE}

    @cached_property
    def _chosen(self) -> dict[str, str]:
        """TeX by field: of the quantities that keep their names, and of those given by hand."""
        found = {}
        for entry in fields(self):
            if entry.name not in self.changeable() or entry.name == "other":
                continue
            value = getattr(self, entry.name)
            if value and (entry.name not in _SECONDARY or value != entry.default):
                found[entry.name] = value
        return found | {"other": self.second}

    @cached_property
    def _names(self) -> Names:
        chosen = self._chosen
        plain = {f.name: f.default for f in fields(self)} | {"other": "b"}
        tokens: dict[str, str] = {}
        taken = set(chosen.values())
        # A letter of a derivation that is now the name of a quantity gets another one; p and
        # p_0 abbreviate the two policies wherever they occur.
        exempt = {"p"} if self.pi == "p" else set()
        for name, value in chosen.items():
            if single_token(value) and value != plain[name] and value not in exempt:
                free = (c for c in _ASIDE.get(value, ()) if c not in taken)
                tokens[value] = next(free, rf"\bar{{{value}}}")
                taken.add(tokens[value])
        scalar = ("beta", "gamma", "gap", "group_size", "epsilon", "reward", *_SECONDARY)
        secondary = {}
        for name in scalar:
            default = str(plain[name])
            if name in _SECONDARY and name not in chosen:
                secondary[name] = tokens.get(default, default)
            else:
                secondary[name] = chosen[name]
            if name != "success":
                tokens[default] = secondary[name]
        return Names(
            tokens,
            {"": self.pi, "ref": self.pi_ref, "old": self.pi_old},
            {"a": self.answer, "b": self.second},
            secondary["success"],
            self.context,
            self.arguments == "none",
        )


@cache
def own_notation() -> Notation:
    """The library's own names, kept: every formula printed in them shares what they work out."""
    return Notation()


def _another(value: str, notation: Notation) -> str:
    """A name that none of the quantities has."""
    used = {getattr(notation, f) for f in Notation.changeable()}
    base = value if single_token(value) else f"{{{value}}}"
    choices = (*_ASIDE.get(value, ()), rf"\tilde{{{value}}}", f"{base}'", f"{base}''")
    return next(c for c in choices if c not in used)


def _mend(value: str) -> str:
    """What would do instead: a sign in a script needs braces, any other stands in a box."""
    braced = re.sub(r"([_^])([-+=<>/;:*])", r"\1{\2}", value)
    if braced == value:
        return ""
    return f": write {braced}"


_LONGEST = 200
#: Commands that do something but set a letter: no name has them, and no export writes them.
_ACTING = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|[egx]?def|let|futurelet|(?:char|cat|lc|uc|sf)code"
    r"|csname|endcsname|expandafter|immediate|write|openout|openin|read|input|include\w*|end|begin"
    r"|usepackage|documentclass|special|directlua|loop|repeat|verb|tag|label|(?:eq|page)?ref|cite|par"
    r"|footnote|newline|linebreak|if[a-z]*|fi|else|or|the|global|long|outer|count|advance|shipout"
    r"|everypar|output|jobname|primitive|scantokens|notag|nonumber|item|section)(?![A-Za-z])"
)


def _check(name: str, value: Any) -> None:
    """One sentence for what cannot be a name in TeX."""
    wanted = f"{name} must be a name in TeX, without $ % & # and operators and with paired braces"
    if not isinstance(value, str) or not value.strip() or value != value.strip():
        raise ValueError(f"{wanted}, got {value!r}")
    if _FORBIDDEN.search(value) or re.search(r"\\(?![a-zA-Z{}|,])", value):
        raise ValueError(f"{wanted}, got {value!r}")
    depth = 0
    for part in re.findall(r"\\.|.", value):
        depth += (part == "{") - (part == "}")
        if depth < 0 or (depth == 0 and _OPERATOR.match(part)):
            raise ValueError(f"{wanted}, got {value!r}{_mend(value)}")
    if depth or value[-1] in r"\_^" or value[0] in "_^":
        raise ValueError(f"{wanted}, got {value!r}")
    acting = _ACTING.search(value)
    if acting is not None:
        raise ValueError(f"{name} must be a name in TeX, and {acting[0]} does something else")
    if len(value) > _LONGEST or value.isdigit():
        raise ValueError(f"{name} must be a name of up to {_LONGEST} characters, and no number")
    if value in _RESERVED:
        raise ValueError(f"{name} must not be {value}, which has a meaning of its own in formulas")
