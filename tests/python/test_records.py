"""What is on record: whole or not at all, never replaced, nobody else's to read, and no list without its record."""

import datetime
import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from banktags import records
from banktags.contract import PROJECT_ROOT
from banktags.records import RecordError, draft, record

ROW = {"opened_by": "Li", "purpose": "service", "opened_at": datetime.datetime(2026, 6, 30, 9, 0), "shown_tags": 3}


@pytest.fixture(autouse=True)
def lists(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    return tmp_path / "lists"


def kept(lists: Path, columns: str = "*", kind: str = "openings") -> list[tuple]:
    files = [str(file) for file in sorted((lists / kind).glob("*.parquet"))]
    return duckdb.execute(f"select {columns} from read_parquet(?) order by record_number", [files]).fetchall()


def head(lists: Path, kind: str = "openings") -> tuple[int, str]:
    return duckdb.sql(f"select records, last_digest from '{lists}/heads/{kind}.parquet'").fetchone()


def everything(folder: Path) -> set[str]:
    """Every file below a folder but the lock and the heads of the chains."""
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    return {file for file in files if not file.endswith(".lock") and not file.startswith("lists/heads/")}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_record_is_one_typed_row(lists):
    file = record("openings", ROW | {"subject": "O'Hara\n$1 *?[", "until": None}, {"until": "date"})
    described = duckdb.execute("describe select * from read_parquet(?)", [str(file)]).fetchall()
    assert {name: kind for name, kind, *_ in described} == {
        "opened_by": "VARCHAR",
        "purpose": "VARCHAR",
        "opened_at": "TIMESTAMP",
        "shown_tags": "BIGINT",
        "subject": "VARCHAR",
        "until": "DATE",
        "record_number": "BIGINT",
        "previous_digest": "VARCHAR",
    }
    assert kept(lists, "subject, until, shown_tags") == [("O'Hara\n$1 *?[", None, 3)]
    assert everything(lists.parent) == {f"lists/openings/{file.name}"}


def test_records_are_a_chain(lists):
    files = [record("openings", ROW) for _ in range(3)]
    digests = [records.digest(file) for file in files]
    assert kept(lists, "record_number, previous_digest") == [(1, None), (2, digests[0]), (3, digests[1])]
    assert head(lists) == (3, digests[2])


def test_records_of_one_second_never_collide(lists):
    """Each from a process of its own, as commands are."""
    code = """
        import os
        from banktags.records import record

        children = []
        for n in range(8):
            children.append(os.fork())
            if not children[-1]:
                record("openings", {"opened_by": "Li", "reason": f"r{n}"})
                os._exit(0)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    rows = kept(lists, "record_number, previous_digest")
    assert [number for number, _ in rows] == list(range(1, 9))
    assert len({previous for _, previous in rows}) == 8 and head(lists)[0] == 8


@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "\t",
        "\u3000",
        "\u200b",
        "\ufeff",
        "\n",
        "\x00",
        "\u2060\u200d",
        "\u3164",
        "\u2800",
        "--",
        "\u0301",
        None,
    ],
)
@pytest.mark.parametrize("column", ["opened_by", "purpose", "reason"])
def test_who_and_why_are_never_blank(lists, column, blank):
    with pytest.raises(RecordError, match=f"{column} is blank"):
        record("openings", ROW | {column: blank})
    assert not lists.exists()


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "a\u200bb", "a\u202eb", "a\udcff", "a\x00"])
def test_who_and_why_are_what_they_look_like(text):
    with pytest.raises(RecordError, match="does not show"):
        record("openings", ROW | {"opened_by": text})


@pytest.mark.parametrize("text", ["r", "李经理", "Ümit Ö.", "第3季度 春季营销（存款）", "O'Hara <o@bank> [x]"])
def test_who_and_why_are_said_in_any_language(lists, text):
    record("openings", ROW | {"opened_by": text})
    assert kept(lists, "opened_by") == [(text,)]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_what_is_kept_is_its_owners_alone(lists, tmp_path, umask):
    before = os.umask(umask)
    try:
        target = tmp_path / "new" / "deeper" / "list.csv"
        with draft(target) as written:
            written.path.write_text("C1\n")
            written.publish("openings", ROW)
        record("openings", ROW)
    finally:
        os.umask(before)
    made = [*lists.rglob("*"), lists, *(tmp_path / "new").rglob("*"), tmp_path / "new"]
    assert {mode(path) for path in made if path.is_dir()} == {0o700}
    assert {mode(path) for path in made if path.is_file()} == {0o600}


def test_a_folder_that_was_open_is_closed(lists, tmp_path):
    for folder in (lists, lists / "openings"):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
    others = tmp_path / "others"
    others.mkdir()
    others.chmod(0o755)
    with draft(others / "list.csv") as written:
        written.publish("openings", ROW)
    assert mode(lists) == mode(lists / "openings") == 0o700
    assert mode(others) == 0o755, "who names a folder of their own keeps it as it is"


@pytest.mark.parametrize(
    "name", ["a.csv", "x' (format csv, header); --.csv", "a\nb.csv", "*?[a].csv", "{uuid}$1.csv", "客户.csv"]
)
def test_a_list_and_its_record_stand_together(lists, tmp_path, name):
    target = tmp_path / "out" / name
    with draft(target) as written:
        written.path.write_text("C1\n")
        assert not target.exists()
        file = written.publish("openings", ROW | {"file_digest": written.digest()})
    assert target.read_text() == "C1\n"
    assert everything(tmp_path) == {f"out/{name}", f"lists/openings/{file.name}"}
    assert kept(lists, "file_digest") == [(records.digest(target),)]


class Unlucky:
    """Fails at the n-th call of functions that write; counts them."""

    def __init__(self, monkeypatch, error: BaseException, fails_at: int):
        self.calls, self.error, self.fails_at = 0, error, fails_at
        for name in ("link", "fsync"):
            monkeypatch.setattr(os, name, self.counted(getattr(os, name)))
        monkeypatch.setattr(Path, "replace", self.counted(Path.replace))

    def counted(self, function):
        def call(*arguments):
            self.calls += 1
            if self.calls == self.fails_at:
                raise self.error
            return function(*arguments)

        return call


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_an_error_anywhere_takes_both_back(lists, tmp_path, monkeypatch, error):
    """At each step there is a list with its record, or neither; and the next command finds nothing in its way."""
    record("openings", ROW)
    target, fails_at, stands = tmp_path / "out" / "list.csv", 0, False
    while not stands:
        fails_at += 1
        assert fails_at < 50
        with monkeypatch.context() as patch:
            unlucky = Unlucky(patch, error, fails_at)
            try:
                with draft(target) as written:
                    written.path.write_text("C1\n")
                    written.publish("openings", ROW)
                stands = unlucky.calls < fails_at
            except (RecordError, KeyboardInterrupt) as raised:
                assert isinstance(error, KeyboardInterrupt) == isinstance(raised, KeyboardInterrupt)
        assert len(kept(lists)) == 1 + target.exists()
        assert not [name for name in everything(tmp_path) if "partial" in name]
        if target.exists() and not stands:
            target.unlink()
            for file in (lists / "openings").iterdir():
                file.unlink()
            (lists / "heads/openings.parquet").unlink()
            record("openings", ROW)
    assert fails_at > 8


#: Each command in a process forked before anything of DuckDB runs; prints how it ended and what stands then.
KILLED = """
    import os, sys
    from pathlib import Path
    from banktags import records

    lists, target, number = Path(os.environ["BANK_TAGS_LISTS"]), Path(sys.argv[1]), int(sys.argv[2])
    row = {"opened_by": "Li", "reason": "r"}

    def dies(function, counted=[0]):
        def call(*arguments):
            counted[0] += 1
            if counted[0] == killed_at:
                os.kill(os.getpid(), number)
            return function(*arguments)
        return call

    def killed():
        for name in ("link", "fsync", "unlink"):
            setattr(os, name, dies(getattr(os, name)))
        Path.replace = dies(Path.replace)
        with records.draft(target) as written:
            written.path.write_text("C1")
            written.publish("openings", row)

    def next_command():
        records.record("openings", row)
        with records.draft(target.with_name("other.csv")):
            pass

    def ended(command):
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            command()
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    for killed_at in range(1, 60):
        done, after = ended(killed), ended(next_command)
        left = [file.name for folder in (lists, target.parent) for file in folder.rglob("*") if not file.is_dir()]
        unclean = sum(name.endswith((".partial", ".pending")) for name in left)
        print(done, after, len(list((lists / "openings").iterdir())) - 1, int(target.exists()), unclean)
        target.unlink(missing_ok=True)
        for file in [*(lists / "openings").iterdir(), *(lists / "heads").iterdir()]:
            file.unlink()
        if not done:
            break
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_who_comes_after_a_kill_finds_both_or_neither(tmp_path, number):
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "out" / "list.csv"), str(int(number))]
    printed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    ends = [tuple(int(figure) for figure in line.split()) for line in printed.splitlines()]
    assert {end[1] for end in ends} == {0}, "the next command works"
    assert all(kept == listed for _, _, kept, listed, _ in ends) and {end[4] for end in ends} == {0}
    assert {end[2] for end in ends[:-1]} == {0, 1}, "killed early nothing stands, killed late both"
    assert ends[-1][0] == 0 and ends[-1][2] == 1 and len(ends) > 12


def test_nothing_is_replaced(lists, tmp_path):
    target = tmp_path / "list.csv"
    target.write_text("mine")
    with pytest.raises(RecordError, match="exists"), draft(target):
        pass
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(RecordError, match="exists"), draft(dangling):
        pass
    late = tmp_path / "late.csv"
    with pytest.raises(RecordError, match="exists"), draft(late) as written:
        late.write_text("somebody was faster")
        written.publish("openings", ROW)
    assert target.read_text() == "mine" and late.read_text() == "somebody was faster"
    assert everything(tmp_path) == {"list.csv", "late.csv"}


def test_a_page_is_written_anew_with_a_record_of_its_own(lists, tmp_path):
    for text in ("first", "second"):
        with draft(tmp_path / "page.html", replaces=True) as written:
            written.path.write_text(text)
            written.publish("openings", ROW)
    assert (tmp_path / "page.html").read_text() == "second" and len(kept(lists)) == 2


def test_what_cannot_be_written_is_said_in_one_line(lists, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    places = [tmp_path / "file" / "list.csv", tmp_path / ("n" * 300), Path("/proc/nowhere/list.csv")]
    for place in places:
        with pytest.raises(RecordError) as raised, draft(place) as written:
            written.publish("openings", ROW)
        assert "\n" not in str(raised.value)
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "file"))
    with pytest.raises(RecordError, match="is a file, and should be a folder"), draft(tmp_path / "a.csv") as written:
        written.publish("openings", ROW)
    assert everything(tmp_path) == {"file"}


def test_nothing_of_customers_is_written_where_it_is_served(tmp_path, monkeypatch):
    assert records.SERVED == PROJECT_ROOT / "site"
    site = tmp_path / "site"
    monkeypatch.setattr(records, "SERVED", site)
    (tmp_path / "link").symlink_to(site)
    for place in (
        site,
        site / "a.csv",
        site / "deep/er/a.csv",
        tmp_path / "models/../site/a.csv",
        tmp_path / "link/a.csv",
    ):
        with pytest.raises(RecordError, match="served"), draft(place):
            pass
    with draft(tmp_path / "data" / "sites.csv"):
        pass


def test_records_of_before_the_chain_count(lists):
    (lists / "openings").mkdir(parents=True)
    duckdb.sql("select 'Wang' as opened_by").write_parquet(str(lists / "openings/old.parquet"))
    file = record("openings", ROW)
    assert head(lists) == (2, records.digest(file))


def test_a_record_says_who_and_why():
    with pytest.raises(ValueError, match="says who"):
        record("openings", {"purpose": "service"})
    with pytest.raises(ValueError, match="why"):
        record("openings", {"opened_by": "Li"})
    with pytest.raises(ValueError, match="say its SQL type"):
        record("openings", ROW | {"until": None})


@pytest.mark.parametrize("name", ["seen.pending", "seen.parquet"])
@pytest.mark.parametrize("content", [b"", b"junk", b"[]"])
def test_what_keeps_the_chain_is_named_when_it_is_damaged(lists, name, content):
    record("seen", {"seen_by": "ana", "reason": "a test"})
    (lists / "heads" / name).write_bytes(content)
    with pytest.raises(RecordError, match=f"{name} is damaged, .* bring it back from a backup"):
        record("seen", {"seen_by": "ana", "reason": "a test"})
    assert len(list((lists / "seen").glob("*.parquet"))) == 1
