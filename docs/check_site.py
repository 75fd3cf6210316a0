"""What can be wrong with a built site: broken links, other hosts, ill-formed pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["problems"]

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]
)
# Elements of which HTML lets the end be left out.
_OPTIONAL = frozenset(["li", "p", "dt", "dd", "tr", "td", "th", "thead", "tbody", "option"])
#: Attributes by which a page asks for a file, other than a link that a reader follows.
_LOADED = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("source", "src"),
}


class Page(HTMLParser):
    """Addresses, anchors and faults of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        anchor = given.get("id") or (given.get("name") if tag == "a" else None)
        if anchor:
            if anchor in self.anchors and given.get("id"):
                self.faults.append(f"the id {anchor!r} stands twice")
            self.anchors.add(anchor)
        if tag == "img" and not (given.get("alt") or given.get("role") == "presentation"):
            self.faults.append(f"an image without alternative text: {given.get('src')}")
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        for name in ("src", "href"):
            if (tag, name) in _LOADED and given.get(name) and given.get("rel") != "canonical":
                self.loaded.append(str(given[name]))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in _OPTIONAL:
            self._open.pop()
        if tag in _VOID:
            return
        if not self._open or self._open[-1] != tag:
            last = self._open[-1] if self._open else "nothing"
            self.faults.append(f"</{tag}> closes {last}, line {self.getpos()[0]}")
        else:
            self._open.pop()

    def close(self) -> None:
        super().close()
        left = [tag for tag in self._open if tag not in _OPTIONAL]
        if left:
            self.faults.append(f"left open: {', '.join(left)}")


def problems(site: Path) -> list[str]:
    """Sentences, each with the page it is about; none for a good site."""
    pages: dict[Path, Page] = {}
    for path in sorted(site.rglob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        page.close()
        pages[path.resolve()] = page
    found = []
    for path, page in pages.items():
        where = path.relative_to(site.resolve())
        found += [f"{where}: {fault}" for fault in page.faults]
        for address in page.loaded:
            if urlsplit(address).scheme in ("http", "https") or address.startswith("//"):
                found.append(f"{where}: asks another host for {address}")
        for address in (*page.links, *page.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{where}: links to {address}, which is not there")
                continue
            known = pages.get(target)
            if not parts.fragment or known is None or target.name == "explorer.html":
                continue  # the explorer's whole state stands behind the sign
            if target.name == "ledger.html" and parts.fragment.startswith("find="):
                continue  # words that its box looks for
            if unquote(parts.fragment) not in known.anchors:
                found.append(f"{where}: links to {address}, an anchor that is not there")
    for path in (*site.rglob("*.css"), *site.rglob("*.js")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".css" and re.search(r"url\(\s*[\"']?(?:https?:)?//", text):
            found.append(f"{path.relative_to(site)}: asks another host for a file")
    return found
