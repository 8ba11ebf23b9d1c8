"""All that is wrong with the seeds of a project, in one go, before dbt reads them (DECISIONS 91)."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from banktags.contract import PROJECT_ROOT
from banktags.seeds.bounds import SEED as BOUNDS
from banktags.seeds.bounds import bound_faults
from banktags.seeds.checks import order_faults, value_faults
from banktags.seeds.declared import read_declared
from banktags.seeds.files import Fault, SeedFile, Unreadable, encoding_fault, read_seed

#: Faults of one kind in one seed that are told each in a line; of more, the lines of the others.
TOLD_EACH = 3


def seed_faults(root: Path = PROJECT_ROOT) -> list[str]:
    """A line for each fault of the seeds under ``root``: seed, line, row, value, what is admitted, and the remedy.

    A seed that is no table of the right columns is told by itself, and so is one with values of another type: what
    would follow from these is not told with them. Bounds and orders of all others are.
    """
    return told(_faults(root))


def told(faults: Iterable[Fault]) -> list[str]:
    """The faults as lines, in the order of the files; many alike are told as one."""
    alike: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in sorted(set(faults)):
        alike[fault.file, fault.kind or str(fault)].append(fault)
    lines = []
    for (file, _), of_kind in alike.items():
        lines += map(str, of_kind[:TOLD_EACH])
        if more := of_kind[TOLD_EACH:]:
            numbers = ", ".join(str(fault.line) for fault in more)
            lines.append(f"{file}: the same in {len(more)} more lines: {numbers}")
    return lines


def _faults(root: Path) -> list[Fault]:
    declared = read_declared(root / "seeds")
    seeds: dict[str, SeedFile] = {}
    faults: list[Fault] = []
    for path in sorted((root / "seeds").rglob("*.csv")):
        of = declared.get(path.stem)
        if (of is None or of.is_generated) and (fault := encoding_fault(path, str(path.relative_to(root)))):
            faults.append(fault)
    for name, of in declared.items():
        if of.is_generated:
            continue
        try:
            seeds[name] = read_seed(root / of.file, of.file, of.types)
        except Unreadable as unreadable:
            faults += unreadable.faults
    sound: dict[str, SeedFile] = {}
    for name, seed in seeds.items():
        if of_values := value_faults(seed, declared[name], seeds):
            faults += of_values
        else:
            sound[name] = seed
            faults += order_faults(seed, declared[name])
    if BOUNDS in sound:
        faults += bound_faults(sound, declared)
    return faults
