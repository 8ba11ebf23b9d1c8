"""Runs one SQL script in a DuckDB file of its own, with the memory and threads that dbt gives DuckDB.

``python benchmarks/peers/run_sql.py SCRIPT DATABASE [NAME=VALUE …]``; the values become DuckDB variables.
"""

import datetime
import os
import re
import sys
from pathlib import Path

import duckdb

script, database, *variables = sys.argv[1:]
with duckdb.connect(database) as con:
    con.execute(f"set memory_limit = '{os.environ.get('BANK_TAGS_MEMORY', '3GB')}'")
    for name, value in (variable.split("=", 1) for variable in variables):
        is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value)
        con.execute(f"set variable {name} = ?", [datetime.date.fromisoformat(value) if is_date else value])
    con.execute(Path(script).read_text(encoding="utf-8"))
