"""dbt with variables, on the project as it is parsed without: given ``--vars``, dbt would parse all of it anew.

Run with the variables, then command and options of dbt. Not called dbt_…: dbt imports such modules as its plugins.
"""

import sys

from dbt.cli.main import dbtRunner

variables, *arguments = sys.argv[1:]
parsed = dbtRunner().invoke(["--quiet", "parse"])
ran = parsed
if parsed.success:
    ran = dbtRunner(manifest=parsed.result).invoke(["--quiet", *arguments, "--vars", variables])
if ran.exception:
    print(ran.exception, file=sys.stderr)
sys.exit(0 if ran.success else 1)
