"""Terms of the glossary as links where a page first uses them, whatever the page was made from."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["linked", "terms_of"]

# Where a word is no prose, or a link already.
_SKIPPED = frozenset(
    ["a", "strong", "code", "pre", "script", "style", "button", "summary", "label", "option",
     "title", "nav", "textarea", "h1", "h2", "h3", "h4", "dt", "th", "figcaption", "svg", "math"]
)  # fmt: skip
_VOID = frozenset(["br", "hr", "img", "input", "link", "meta", "source", "wbr", "col"])
#: Words that mean something else too: only where they stand like this.
_ONLY = {"kernel": "the kernel", "ball": "ball arithmetic", "headline": "headlines"}


def terms_of(glossary: str) -> dict[str, str]:
    """Anchors of the built glossary, by term."""
    found = re.findall(r'<dt id="(term-[^"]+)"[^>]*>(.*?)(?:<a|</dt>)', glossary, flags=re.S)
    return {
        name.strip(): anchor
        for anchor, shown in found
        for name in unescape(re.sub("<[^>]*>", "", shown)).split(",")
    }


def linked(page: str, terms: dict[str, str], glossary: str) -> str:
    """The page with the first use of each term in its article linked.

    Parameters
    ----------
    page : str
        HTML.
    terms : dict of str to str
        As :func:`terms_of` finds them.
    glossary : str
        The address of the glossary, from this page.
    """
    start = page.find("<article")
    stop = page.find("</article>", start)
    if start < 0 or stop < 0:
        return page
    left = {_ONLY.get(term, term): anchor for term, anchor in terms.items()}
    taken: set[str] = set()

    def link(found: re.Match[str]) -> str:
        anchor = left[names[int(str(found.lastgroup)[1:])]]
        if anchor in taken:
            return found[0]
        taken.add(anchor)
        return f'<a class="term" href="{glossary}#{anchor}">{found[0]}</a>'

    # The longest first: a stationary policy is none of its words.
    names = sorted(left, key=len, reverse=True)
    forms = (re.sub("y$", "(?:y|ie)", re.escape(name)) for name in names)
    choices = "|".join(f"(?P<t{k}>{form})" for k, form in enumerate(forms))
    word = re.compile(rf"(?<![\w-])(?:{choices})s?(?![\w-])", re.IGNORECASE)
    pieces, opened = [], []
    for piece in re.split(r"(<!--.*?-->|<[^>]*>)", page[start:stop], flags=re.S):
        tag = re.match(r"<(/?)(\w+)", piece)
        if tag is None:
            skipped = piece.startswith("<") or any(opened)
            pieces.append(piece if skipped else word.sub(link, piece))
            continue
        pieces.append(piece)
        name = tag[2].lower()
        if name in _VOID or piece.endswith("/>"):
            continue
        if tag[1]:
            if opened:
                opened.pop()
        else:
            formula = re.search(r'class="[^"]*\b(?:math|highlight|toctree-wrapper)\b', piece)
            opened.append(name in _SKIPPED or formula is not None)
    return page[:start] + "".join(pieces) + page[stop:]
