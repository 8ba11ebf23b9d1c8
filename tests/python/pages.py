"""The pages that people read, README and docs/, taken apart: prose, blocks, headings, tables, links and code spans."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from banktags.contract import PROJECT_ROOT

#: Folders of what is generated or installed.
NOT_OURS = {"data", "dbt_packages", "logs", "site", "target", "warehouse"}
FENCE = re.compile(r"^```(\w*)$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
#: SQL that a page hands to `banktags query`.
QUERIED = re.compile(r'banktags query "([^"]+)"')


@dataclass(frozen=True)
class Page:
    """A markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(PROJECT_ROOT).as_posix()

    @property
    def is_chinese(self) -> bool:
        return self.path.name.endswith(".zh-CN.md")

    @property
    def twin(self) -> Path:
        """The same page in the other language."""
        stem = self.path.name.removesuffix(".md").removesuffix(".zh-CN")
        return self.path.with_name(f"{stem}.md" if self.is_chinese else f"{stem}.zh-CN.md")

    @cached_property
    def _parts(self) -> tuple[list[tuple[int, str]], list[tuple[str, str]]]:
        prose, blocks, block, language = [], [], None, ""
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            if fence := FENCE.match(line):
                if block is None:
                    block, language = [], fence[1]
                else:
                    blocks.append((language, "\n".join(block)))
                    block = None
            elif block is None:
                prose.append((number, line))
            else:
                block.append(line)
        assert block is None, f"{self.name}: a code block has no end"
        return prose, blocks

    @property
    def prose(self) -> list[tuple[int, str]]:
        """Lines outside code blocks, each with its number."""
        return self._parts[0]

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Code blocks: language, which may be empty, and text."""
        return self._parts[1]

    @cached_property
    def code_spans(self) -> list[str]:
        return [code for _, line in self.prose for code in CODE.findall(line)]

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        return [(len(found[1]), found[2]) for _, line in self.prose if (found := re.match(r"(#+) (.+)", line))]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as GitHub makes it of the headings."""
        anchors: set[str] = set()
        for _, text in self.headings:
            slug = re.sub(r"[^\w\- ]", "", LINK.sub("", text).lower()).strip().replace(" ", "-")
            number = 0
            while (numbered := f"{slug}-{number}" if number else slug) in anchors:
                number += 1
            anchors.add(numbered)
        return anchors

    @cached_property
    def tables(self) -> list[list[list[str]]]:
        """Tables as rows of cells; the first row is the header, the rule below it is left out."""
        tables: list[list[list[str]]] = []
        before = 0
        for number, line in self.prose:
            if line.startswith("|"):
                if number != before + 1:
                    tables.append([])
                if not re.fullmatch(r"[|\-: ]+", line):
                    cells = re.split(r"(?<!\\)\|", re.sub(r"`[^`]*`", lambda code: code[0].replace("|", "\\|"), line))
                    tables[-1].append([cell.strip() for cell in cells[1:-1]])
                before = number
        return tables

    @cached_property
    def links(self) -> list[str]:
        return [target for _, line in self.prose for target in LINK.findall(CODE.sub("", line))]

    @cached_property
    def queries(self) -> list[str]:
        """SELECTs that a reader can run on the warehouse: SQL blocks, and those typed behind `banktags query`."""
        blocks = [text for language, text in self.blocks if language == "sql" and "{%" not in text]
        texts = [text for _, text in self.blocks] + self.code_spans
        return blocks + [query for text in texts for query in QUERIED.findall(text)]


def all_pages() -> list[Page]:
    """Every markdown file of the repository."""
    ours = [path for path in PROJECT_ROOT.iterdir() if path.name not in NOT_OURS and not path.name.startswith(".")]
    paths = [path for path in ours if path.suffix == ".md"]
    paths += [path for folder in ours if folder.is_dir() for path in folder.rglob("*.md")]
    return [Page(path) for path in sorted(paths)]


def readers_pages() -> list[Page]:
    """README and docs/ in both languages, but for what is generated."""
    generated = PROJECT_ROOT / "docs" / "licences.md"
    paths = [*PROJECT_ROOT.glob("README*.md"), *(PROJECT_ROOT / "docs").glob("*.md")]
    return [Page(path) for path in sorted(paths) if path != generated]
