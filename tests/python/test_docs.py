"""The texts: links lead somewhere, both languages are complete, and what a page names exists."""

import re
from functools import cache

import pytest
import yaml
from pages import LINK, Page, all_pages, readers_pages
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from banktags.catalogue.sync import WIDE_MART
from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.publish.contents import OWN
from banktags.settings import SETTINGS

PAGES = readers_pages()
CONTRIBUTING = Page(PROJECT_ROOT / "CONTRIBUTING.md")
#: Pages that tell a reader what to type and where to look. Changelog and decisions tell of what was, too.
INSTRUCTIONS = [*PAGES, CONTRIBUTING]
CHINESE = [page for page in PAGES if page.is_chinese]
ENGLISH = [page for page in INSTRUCTIONS if not page.is_chinese]

#: Names of the tags that CONTRIBUTING shows how to add.
EXAMPLES = {
    "branch_beijing__is_million_customer",
    "complaint_count_30d",
    "derived_tags__branch_beijing",
    "models/tags/derived/derived_tags__branch_beijing.yml",
}
#: Options of dbt that the pages name beside those of banktags.
OPTIONS_OF_DBT = {"--vars", "--target"}
FOLDERS = "analyses|banktags|benchmarks|dbt_bank_tags|docs|examples|macros|models|offline_packages|seeds|tests"
#: A Chinese character, or a sign of Chinese punctuation.
HAN = "㐀-鿿，。；：、（）“”《》？！"
HALF_WIDTH = re.compile(rf'[{HAN}] ?[,;:()!?"]|[,;:()!?"] ?[{HAN}]|[㐀-鿿]\.(?:\s|$)')

#: Endings of the files that people write.
WRITTEN = {".csv", ".html", ".js", ".md", ".py", ".sql", ".yml"}
#: Texts about somebody who is no customer: the author of a routine, what a page must not say, and what was.
OF_SOMEBODY = {
    PROJECT_ROOT / "CHANGELOG.md",
    PROJECT_ROOT / "macros" / "statistics" / "normal.sql",
    PROJECT_ROOT / "tests" / "python" / "test_checks.py",
}

named = pytest.mark.parametrize("page", INSTRUCTIONS, ids=lambda page: page.name)


# Links and languages


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    """To a file that is there, and to a heading that it has; in the catalogue's front page to a model or source."""
    dead = []
    for target in page.links:
        if re.match(r"[a-z]+:", target):
            continue
        if target.startswith("#!/"):
            if target.rsplit(".", 1)[1] not in {name for _, name in models_and_seeds() | sources()}:
                dead.append(target)
            continue
        file, _, anchor = target.partition("#")
        path = (page.path.parent / file).resolve() if file else page.path
        if not path.exists() or (anchor and anchor not in Page(path).anchors):
            dead.append(target)
    assert dead == []


def test_the_readme_is_a_start():
    """At most 150 lines in either language: the rest is for readers of one kind, and in docs/."""
    for page in PAGES:
        if page.path.name.startswith("README"):
            assert len(page.path.read_text(encoding="utf-8").splitlines()) <= 150, page.name


@pytest.mark.parametrize("page", [page for page in PAGES if not page.is_chinese], ids=lambda page: page.name)
def test_a_page_is_complete_in_both_languages(page):
    """As many headings of each level, blocks, and tables of as many rows and columns; the same SQL."""
    assert page.twin.exists()
    twin = Page(page.twin)
    assert [level for level, _ in page.headings] == [level for level, _ in twin.headings]
    assert [language for language, _ in page.blocks] == [language for language, _ in twin.blocks]
    sizes = [[[len(row) for row in table] for table in one.tables] for one in (page, twin)]
    assert sizes[0] == sizes[1]
    sql = [[text for language, text in one.blocks if language == "sql"] for one in (page, twin)]
    assert sql[0] == sql[1]


def test_no_chinese_page_is_without_an_english_one():
    assert [page.name for page in CHINESE if not page.twin.exists()] == []


@pytest.mark.parametrize("index", ["index.md", "index.zh-CN.md"])
def test_the_index_names_every_page(index):
    index = Page(PROJECT_ROOT / "docs" / index)
    shown = {(index.path.parent / target).resolve() for target in index.links}
    expected = {page.path for page in PAGES if page.is_chinese == index.is_chinese} - {index.path}
    assert expected <= shown


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_chinese_punctuation_is_full_width(page):
    assert half_width(page) == []


def test_chinese_punctuation_is_full_width_in_what_the_pages_of_the_site_are_made_of():
    files = [path for path in (PROJECT_ROOT / "banktags").rglob("*") if path.suffix in (".html", ".js", ".jinja")]
    between = re.compile(r"(?<=[\u4e00-\u9fff])[,;:?!](?=[\u4e00-\u9fff])")
    texts = {str(path.relative_to(PROJECT_ROOT)): path.read_text(encoding="utf-8") for path in files}
    assert len(texts) > 10
    assert {name: found[0] for name, text in texts.items() if (found := between.search(text))} == {}


def test_half_width_punctuation_is_seen(tmp_path):
    """Beside a character, beside code, within bold; not in code, numbers, links and English words."""
    path = tmp_path / "page.zh-CN.md"
    path.write_text("中文,中文\n中文 (x)\n`a`; 中\n**中**:x\n`a`, `b`\n中文.\n", encoding="utf-8")
    assert [number for number, _ in half_width(Page(path))] == [1, 2, 3, 4, 5, 6]
    path.write_text("20,000 客户，2 cores, 3GB；`中,文`（[中](a,b.md)）\n```\n中,文\n```\n", encoding="utf-8")
    assert half_width(Page(path)) == []


def test_a_customer_is_they():
    """In pages, SQL, YAML, seeds and Python alike; the changelog tells of what was, a generated seed repeats others."""
    pronoun = re.compile(r"\b(he|him|his|himself|she|her|hers|herself)\b", re.IGNORECASE)
    folders = [path for name in FOLDERS.split("|") for path in (PROJECT_ROOT / name).rglob("*")]
    texts = {path for path in [*PROJECT_ROOT.glob("*.md"), *folders] if path.suffix in WRITTEN} - OF_SOMEBODY
    lines = [(path, line) for path in sorted(texts) for line in path.read_text(encoding="utf-8").splitlines()]
    found = [(str(path.relative_to(PROJECT_ROOT)), line) for path, line in lines if pronoun.search(line)]
    assert [
        (path, line) for path, line in found if "pronoun" not in line and not path.startswith("seeds/catalogue")
    ] == []


# What a page names


@named
def test_every_command_exists(page):
    """Commands and options of banktags, targets and variables of make."""
    assert [fault for line in command_lines(page) for fault in banktags_faults(line) + make_faults(line)] == []


def test_commands_that_do_not_exist_are_seen():
    assert banktags_faults('banktags query "select --x" --to FILE') == []
    assert banktags_faults("see banktags, banktags --help") == []
    assert banktags_faults("banktags explain CUSTOMER [TAG] [--date DAY]") == []
    assert banktags_faults("banktags audience recount x") == ["banktags audience recount"]
    assert banktags_faults("banktags load extracts --chekc") == ["banktags load --chekc"]
    assert make_faults("BANK_TAGS_SPARK_MASTER=x make build TARGET=spark AS_OF=DATE") == []
    assert make_faults("make lock licences && make biuld ASOF=1") == ["make biuld", "make ASOF"]


@named
def test_every_option_named_by_itself_exists(page):
    options = OPTIONS_OF_DBT | {option for command in all_commands(get_command(app)) for option in options_of(command)}
    assert [code for code in page.code_spans if re.match(r"--[a-z]", code) and code.split()[0] not in options] == []


@named
def test_every_relation_exists(page):
    """`schema.relation` of a code span and of a query: a model or seed in its schema, or a table of a source."""
    known = models_and_seeds() | sources() | {OWN}
    schemas = {schema for schema, _ in known}
    spans = [re.fullmatch(r"([a-z_]+)\.([a-z0-9_]+)(?:\.[a-z0-9_]+)?", code) for code in page.code_spans]
    read = [found for query in page.queries for found in re.finditer(r"\b(?:from|join) ([a-z_]+)\.([a-z0-9_]+)", query)]
    found = {(match[1], match[2]) for match in [*filter(None, spans), *read] if match[1] in schemas}
    assert sorted(found - known) == []


def test_the_relations_of_the_project_are_found():
    assert {("marts", "customer_tags"), ("staging", "stg_core__customers"), ("policy", "pyramid_tiers")} <= (
        models_and_seeds()
    )
    assert ("governance", "glossary") in models_and_seeds() and ("core", "exchange_rates") in sources()


@named
def test_every_name_in_code_is_a_name_of_the_project(page):
    """A tag, column, seed, macro, gate … that a page names stands somewhere in SQL, YAML, CSV or Python."""
    names = {code for code in page.code_spans if re.fullmatch(r"[a-z][a-z0-9]*(?:_+[a-z0-9]+)+", code)}
    assert sorted(names - words_of_the_project() - EXAMPLES) == []


@named
def test_every_seed_exists(page):
    """What a page calls a seed is a file below seeds/: in a sentence, and in a column of a table."""
    text = "\n".join(line for _, line in page.prose)
    lists = re.findall(r"(?:\b[Ss]eeds? |种子表? ?)((?:`[a-z_]+`(?:, | and |、|与|和)?)+)", text)
    for table in page.tables:
        for place, title in enumerate(table[0]):
            if re.search(r"\bseeds?\b|种子表", title, re.IGNORECASE):
                lists += [row[place] for row in table[1:]]
    called = {name for names in lists for name in re.findall(r"`([a-z_]+)`", names)}
    assert sorted(called - {path.stem for path in (PROJECT_ROOT / "seeds").rglob("*.csv")}) == []


@named
def test_every_file_exists(page):
    """A path of the repository in a code span; of a pattern there is one at least."""
    paths = {code for code in page.code_spans if re.fullmatch(rf"(?:{FOLDERS})/[\w./*-]*", code)} - EXAMPLES
    assert sorted(path for path in paths if not any(PROJECT_ROOT.glob(path.rstrip("/")))) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.path.name.startswith("README")], ids=lambda p: p.name)
def test_the_folders_of_the_readme_are_those_of_the_project(page):
    """Each folder of the list is there; none of the models, and none of the seeds, is left out."""
    listed = {name for _, text in page.blocks for name in re.findall(r"^([\w/]+)/ {2,}", text, re.MULTILINE)}
    assert [name for name in sorted(listed) if not (PROJECT_ROOT / name).is_dir()] == []
    folders = [path for room in ("models", "seeds") for path in (PROJECT_ROOT / room).iterdir() if path.is_dir()]
    names = [path.relative_to(PROJECT_ROOT).as_posix() for path in folders]
    assert [name for name in names if not any(f"{one}/".startswith(f"{name}/") for one in listed)] == []


@named
def test_every_setting_exists(page):
    text = page.path.read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"BANK_TAGS_[A-Z_]*[A-Z]", text)) - set(SETTINGS)) == []


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_every_setting_is_explained(language):
    """In a table of the operator's page or of Spark's; those of the tests are for developers."""
    pages = [Page(PROJECT_ROOT / "docs" / f"{name}{language}.md") for name in ("operator", "spark")]
    cells = " ".join(row[0] for page in pages for table in page.tables for row in table)
    settings = {name for name in SETTINGS if not name.startswith("BANK_TAGS_TEST_")}
    assert sorted(settings - set(re.findall(r"BANK_TAGS_[A-Z_]*[A-Z]", cells))) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.path.name.startswith("README")], ids=lambda p: p.name)
def test_the_number_of_tags_is_that_of_the_wide_mart(page):
    models = yaml.safe_load((WIDE_MART).read_text(encoding="utf-8"))
    columns = {column["name"] for column in models["models"][0]["columns"]} - {"customer_id", "as_of_date"}
    told = re.findall(r"\*\*(\d+) (?:tags|个标签)\*\*", page.path.read_text(encoding="utf-8"))
    assert told == [str(len(columns))]


# How it is told


def half_width(page: Page) -> list[tuple[int, str]]:
    """Lines of a Chinese page with half-width punctuation beside Chinese or beside code."""
    lines = []
    for number, line in page.prose:
        text = re.sub(r"`[^`]*`", "码", re.sub(r"<!--.*?-->", "", line))
        text = LINK.sub(lambda link: link[0][1 : link[0].index("](")], text)
        if HALF_WIDTH.search(re.sub(r"https?://\S+|\*", "", text)):
            lines.append((number, line))
    return lines


def command_lines(page: Page) -> list[str]:
    """Lines of shell blocks, continued ones as one, and code spans."""
    blocks = [text for language, text in page.blocks if language in ("", "sh")]
    lines = [line for text in blocks for line in re.sub(r"\\\n\s*", "", text).splitlines()]
    return [re.sub(r"\s# .*", "", line).replace("`", "") for line in lines] + page.code_spans


def banktags_faults(line: str) -> list[str]:
    """Commands and options of `banktags` in a line that do not exist; arguments are whatever they are."""
    faults = []
    for text in re.findall(r"(?<![\w/-])(?:\.venv/bin/)?banktags((?: [^&;|]*)?)", line):
        words = re.sub(r""""[^"]*"?|'[^']*'?""", "X", text).replace("[", "").replace("]", "").split()
        said, command = ["banktags"], get_command(app)
        while words and isinstance(command, TyperGroup) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
            said.append(words.pop(0))
            command = command.get_command(Context(command), said[-1])
        if command is None:
            faults.append(" ".join(said))
            continue
        options = [word.split("=")[0].rstrip(",") for word in words if word.startswith("--")]
        faults += [f"{' '.join(said)} {option}" for option in options if option not in options_of(command)]
    return faults


def make_faults(line: str) -> list[str]:
    """Targets of `make` in a line that do not exist, and variables that neither Makefile nor settings know."""
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    faults = []
    for text in re.findall(r"(?:^|(?<=[\s(;&|]))make((?: [^&;|]*)?)", line):
        for word in re.sub(r""""[^"]*"?|'[^']*'?""", "X", text).split():
            if variable := re.match(r"([A-Z_]+)=", word):
                is_known = variable[1] in SETTINGS or re.search(rf"\b{variable[1]}\b", makefile)
                word = variable[1]
            else:
                is_known = word in targets
            if not is_known:
                faults.append(f"make {word}")
    return faults


def all_commands(command: object) -> list:
    if not isinstance(command, TyperGroup):
        return [command]
    inside = Context(command)
    inner = [command.get_command(inside, name) for name in command.list_commands(inside)]
    return [command, *(one for child in inner for one in all_commands(child))]


def options_of(command: object) -> set[str]:
    return {"--help"} | {name for option in command.params for name in [*option.opts, *option.secondary_opts]}


@cache
def models_and_seeds() -> set[tuple[str, str]]:
    """Schema and name of each model and seed, by what dbt_project.yml says of its folder and of itself."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found = set()
    for kind, ending in (("models", "sql"), ("seeds", "csv")):
        for path in (PROJECT_ROOT / kind).rglob(f"*.{ending}"):
            config, schema = project[kind]["bank_tags"], None
            for folder in [None, *path.relative_to(PROJECT_ROOT / kind).with_suffix("").parts]:
                config = config if folder is None else config.get(folder, {})
                schema = config.get("+schema", schema)
            found.add((schema, path.stem))
    return found


@cache
def sources() -> set[tuple[str, str]]:
    """System and name of each table of the source contract."""
    return {
        (source["name"], table["name"])
        for path in (PROJECT_ROOT / "models").rglob("*__sources.yml")
        for source in yaml.safe_load(path.read_text(encoding="utf-8")).get("sources", ())
        for table in source["tables"]
    }


@cache
def words_of_the_project() -> set[str]:
    """Every word in lower case of SQL, YAML, CSV and Python, tests of Python left out, and the names of the files."""
    words: set[str] = set()
    files = [PROJECT_ROOT / "dbt_project.yml", PROJECT_ROOT / "Makefile", PROJECT_ROOT / "profiles.yml"]
    for folder in ("banktags", "dbt_bank_tags", "macros", "models", "seeds", "tests/dbt"):
        files += [path for path in (PROJECT_ROOT / folder).rglob("*") if path.suffix in {".sql", ".yml", ".csv", ".py"}]
    for path in files:
        words.add(path.stem)
        words.update(re.findall(r"[a-z][a-z0-9_]*", path.read_text(encoding="utf-8")))
    return words
