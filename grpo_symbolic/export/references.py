r"""The sources: one record each, from which the bibliography and the BibTeX entries are written."""

from __future__ import annotations

from dataclasses import dataclass

#: Key of this project, the source of what is new.
OWN = "grpo_symbolic"


@dataclass(frozen=True)
class Reference:
    """A source.

    Attributes
    ----------
    label : str
        Printed where it is cited.
    author : str
        Names as "Last, First", joined by " and ", as BibTeX has them.
    title : str
    year : int or None
    arxiv : str
        Number of the preprint, if there is one.
    url : str
        Where it is found otherwise.
    note : str
        What else to say.
    """

    label: str
    author: str
    title: str
    year: int | None = None
    arxiv: str = ""
    url: str = ""
    note: str = ""


REFERENCES: dict[str, Reference] = {
    "vojnovic2025": Reference(
        "VY25", "Vojnovic, Milan and Yun, Se-Young",
        "What is the Alignment Objective of GRPO?", 2025, "2502.18548",
    ),
    "shao2024": Reference(
        "S+24", "Shao, Zhihong and Wang, Peiyi and Zhu, Qihao and others",
        "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
        2024, "2402.03300",
    ),
    "mroueh2025": Reference(
        "M25", "Mroueh, Youssef",
        "Reinforcement Learning with Verifiable Rewards: GRPO's Effective Loss, Dynamics, and "
        "Success Amplification", 2025, "2503.06639",
    ),
    "davis2025": Reference(
        "DR25", "Davis, Damek and Recht, Benjamin",
        "What is the objective of reasoning with reinforcement learning?", 2025, "2510.13651",
    ),
    "liu2025": Reference(
        "L+25", "Liu, Zichen and Chen, Changyu and Li, Wenjun and others",
        "Understanding R1-Zero-Like Training: A Critical Perspective", 2025, "2503.20783",
    ),
    "yu2025": Reference(
        "Y+25", "Yu, Qiying and others",
        "DAPO: An Open-Source LLM Reinforcement Learning System at Scale", 2025, "2503.14476",
    ),
    "ahmadian2024": Reference(
        "A+24", "Ahmadian, Arash and Cremer, Chris and others",
        "Back to Basics: Revisiting REINFORCE Style Optimization for Learning from Human Feedback "
        "in LLMs", 2024, "2402.14740",
    ),
    "munos2023": Reference(
        "M+23", r"Munos, R{\'e}mi and Valko, Michal and Calandriello, Daniele and others",
        "Nash Learning from Human Feedback", 2023, "2312.00886",
    ),
    "ouyang2022": Reference(
        "O+22", "Ouyang, Long and Wu, Jeffrey and Jiang, Xu and others",
        "Training language models to follow instructions with human feedback", 2022, "2203.02155",
    ),
    "schulman2020": Reference(
        "Sch20", "Schulman, John", "Approximating KL Divergence", 2020,
        url="http://joschu.net/blog/kl-approx.html", note="Blog post",
    ),
    OWN: Reference(
        "gs", "{The grpo_symbolic developers}",
        "grpo_symbolic: what GRPO optimises, derived, proved and exported from the definitions",
        2026, note="Software; each result is a file that derives it",
    ),
}  # fmt: skip


def in_words(key: str) -> str:
    """The source where no bibliography is at hand: names and where to find it."""
    record = REFERENCES[key]
    names = [name.partition(",")[0].strip("{}") for name in record.author.split(" and ")]
    shown = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    where = f"arXiv:{record.arxiv}" if record.arxiv else str(record.year or "")
    return f"{_escaped(shown)}, {where}" if where else _escaped(shown)


def bibitem(key: str) -> str:
    r"""The record as a ``\bibitem``."""
    record = REFERENCES[key]
    parts = [_names(record.author), rf"\emph{{{_escaped(record.title)}}}"]
    if record.arxiv:
        number = record.arxiv
        parts.append(rf"\href{{https://arxiv.org/abs/{number}}}{{arXiv:{number}}}")
    if record.url:
        parts.append(rf"\url{{{record.url}}}")
    if record.note:
        parts.append(_escaped(record.note))
    tail = f", {record.year}" if record.year else ""
    text = ". ".join(parts).replace("?}.", "?}")
    return rf"\bibitem[{record.label}]{{{key}}} {text}{tail}."


def bibtex(key: str) -> str:
    """The record as a BibTeX entry, complete in BibTeX's own styles as in biblatex.

    Those know no ``eprint``, no ``url`` and no ``@software``.
    """
    record = REFERENCES[key]
    fields = {
        "author": _escaped(record.author),
        "title": "{" + _escaped(record.title) + "}",
        "year": str(record.year) if record.year else "",
        "howpublished": f"arXiv:{record.arxiv}" if record.arxiv else record.url.partition("//")[2],
        "url": f"https://arxiv.org/abs/{record.arxiv}" if record.arxiv else record.url,
        "note": _escaped(record.note),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def _escaped(text: str) -> str:
    return text.replace("_", r"\_").replace("&", r"\&")


def _names(author: str) -> str:
    """Names with initials: M. Vojnovic and S.-Y. Yun."""
    if author.startswith("{"):
        return _escaped(author.strip("{}"))
    shown = []
    for name in author.split(" and "):
        last, _, first = name.partition(", ")
        initials = [part[0] + "." for part in first.replace("-", " -").split() if part[0] != "-"]
        if "-" in first:
            initials = ["-".join(part[0] + "." for part in first.split("-"))]
        shown.append("others" if name == "others" else "~".join([*initials, last]))
    if shown[-1] == "others":
        return ", ".join(shown[:-1]) + " et al"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
