"""What dbt loads of this project before it reads the project: dbt-core finds plugins by the name ``dbt_…`` of a module.

dbt reads every seed while it parses, and ends in a traceback that names no file when one is not UTF-8; what a seed says
it finds out in the midst of a build, on each engine in another way. It renders every text of its YAML files, whatever
stands in braces there. No macro and no plugin of an adapter runs so early.
"""

import gc
from pathlib import Path

from dbt.clients import jinja
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.context import get_invocation_context
from dbt_common.exceptions import DbtRuntimeError

from banktags.catalogue.certificates import chain_faults
from banktags.keys import SETTING, SHOWN, key_fault
from banktags.landing import landing_zone
from banktags.private import private_from_here
from banktags.rendered_texts import braces_in_texts, key_in_texts
from banktags.seeds.guard import seed_faults
from banktags.settings import setting_faults, warn_unknown_settings
from banktags.variables import PROJECT, variable_faults

#: Commands that read neither seeds nor settings: they make the project work again.
UNGUARDED = {"clean", "deps"}
#: Commands that hash identifiers.
HASHING = ("build", "run", "retry")


#: Objects that Python makes before it looks for garbage (its default: 700), and how many of these looks make one at
#: what stood longer, and at all. The looks take a tenth of a parse and not a fifth; more seldom, garbage takes 200 MB.
COLLECTED_AFTER = (20_000, 20, 50)


class PlainTexts(dict[str, str]):
    """What dbt remembers of texts without Jinja that it has rendered: each is itself, but where Jinja drops line ends.

    Without it dbt compiles a template for each of the 6,000 different words of our YAML: a tenth of a parse.
    """

    def __contains__(self, text: object) -> bool:
        return (bool(text) and "\n" not in str(text) and "\r" not in str(text)) or super().__contains__(text)

    def __getitem__(self, text: str) -> str:
        return super().__getitem__(text) if super().__contains__(text) else text


class Quicker(dbtPlugin):
    """Lets a parse do less: of its millions of objects nearly all stay, and most texts hold no Jinja."""

    def initialize(self) -> None:
        if self.project_name == PROJECT:
            gc.freeze()
            gc.set_threshold(*COLLECTED_AFTER)
            jinja._render_cache = PlainTexts(jinja._render_cache)


class Guard(dbtPlugin):
    """Stops dbt before it parses when a seed can't be read, or when it or a setting says what cannot be meant."""

    def initialize(self) -> None:
        flags = get_flags()
        if self.project_name != PROJECT or flags.WHICH in UNGUARDED:
            return
        warn_unknown_settings()
        root = Path(flags.PROJECT_DIR)
        if faults := [*setting_faults(), *variable_faults(root), *seed_faults(root), *chain_faults(root)]:
            raise DbtRuntimeError("\n".join([*faults, "Nothing was built."]))


class KeyGuard(dbtPlugin):
    """Stops a run with a key that protects nobody, and keeps the key from whatever dbt renders.

    profiles.yml has been rendered by now: it alone hands the key on, to Spark.
    """

    def initialize(self) -> None:
        environment = get_invocation_context().env
        key = environment.get(SETTING, "")
        if getattr(get_flags(), "WHICH", None) in HASHING and (fault := key_fault(key, landing_zone())):
            raise DbtRuntimeError(f"{fault}. Nothing was built.")
        if key:
            # dbt's own copy, for this invocation; that of the process stays, for the session of DuckDB.
            environment[SETTING] = SHOWN


class TextGuard(dbtPlugin):
    """Stops dbt before it renders a text that would run something, or SQL that would select the key."""

    def initialize(self) -> None:
        if faults := braces_in_texts() + key_in_texts():
            raise DbtRuntimeError("\n  ".join(faults))


class Private(dbtPlugin):
    """Has the warehouse that dbt makes, and what it writes beside it, be its owner's alone."""

    def initialize(self) -> None:
        private_from_here()


plugins = [Quicker, Guard, KeyGuard, TextGuard, Private]
