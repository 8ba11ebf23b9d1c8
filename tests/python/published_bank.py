"""A bank of a few rows as dbt leaves it in the working file; how tests publish it, read it and keep records of it."""

import datetime
import re
from pathlib import Path

import duckdb
from typer.testing import CliRunner

from banktags import records
from banktags.cli import app
from banktags.publish.publication import Checks, publish_work
from banktags.publish.versions import Version
from banktags.warehouse import warehouse_file, work_file

DATE = datetime.date(2026, 6, 30)
ONE_DAY = datetime.timedelta(days=1)
ACCOUNT = "6222020000001234"
CHECKS = Checks(passed=7, warned=1)


def build(date: datetime.date = DATE, rows: int = 3) -> None:
    """What dbt leaves in the working file: raw rows, keys of accounts, marts and views over all of them."""
    work_file().parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(work_file())) as con:
        for schema in ("staging", "intermediate", "marts", "governance", "policy", "history", "portraits"):
            con.execute(f"create schema if not exists {schema}")
        # As dbt does, where the working file was begun with a published one.
        if con.execute("select 1 from duckdb_tables() where table_name = 'balances'").fetchone():
            con.execute("drop table history.balances")
        con.execute(
            f"""
            create or replace table staging.base_core__batches as select 'DEMO-1' as batch_id;
            create or replace table intermediate.int_accounts as
            select n as customer_id, '{ACCOUNT}' as account_id, n * 10 as balance from range({rows}) as counted (n);
            create or replace table marts.customer_tags
            (customer_id bigint not null, as_of_date date, tier varchar);
            insert into marts.customer_tags
            select n, date '{date}', case n % 2 when 0 then 'vip' end from range({rows}) as counted (n);
            create or replace table marts.customer_360 as select *, 'x' as seen from marts.customer_tags;
            create or replace table policy.roles as select * from (values ('rm'), ('risk')) as roles (role);
            create or replace table policy.labels as select 'vip' as tier, '贵宾' as name_zh;
            create table if not exists history.business_dates (as_of_date date);
            insert into history.business_dates select '{date}'
            where date '{date}' not in (select as_of_date from history.business_dates);
            create or replace view history.balances as select customer_id, balance from intermediate.int_accounts;
            create or replace view history.balance_sums as select sum(balance) as balance from history.balances;
            create or replace view portraits.by_role as
            select tags.customer_id, roles.role, labels.name_zh
            from marts.customer_tags as tags
            cross join policy.roles as roles
            left join policy.labels as labels on tags.tier = labels.tier;
            comment on table marts.customer_tags is '标签: it''s all of them';
            comment on column marts.customer_tags.tier is '层级: Tier';
            comment on view history.balances is '余额: without the accounts';
            comment on column history.balances.balance is '余额: Balance';
            """
        )


def published(date: datetime.date = DATE, rows: int = 3, is_older_meant: bool = False) -> Version:
    build(date, rows)
    return publish_work(CHECKS, "Li", "a test", is_older_meant)


def read(sql: str, file: Path | None = None) -> list[tuple]:
    with duckdb.connect(str(file or warehouse_file()), read_only=True) as con:
        return con.execute(sql).fetchall()


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output, as one line, of a command."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


def keep_records(number: int = 3) -> list[Path]:
    """Records of exports, and with the last of them a frozen list."""
    for each in range(number):
        records.record("exports", {"exported_by": "Li", "reason": f"test {each}"})
    file = records.lists_folder() / "assignments" / "SPRING.parquet"
    with records.draft(file, is_own_folder=True) as draft:
        duckdb.execute(f"copy (select 'C1' as customer_id, 'CONTROL' as arm) to '{draft.path}' (format parquet)")
        row = {"exported_by": "Li", "reason": "freeze", "kind": "freeze", "file_name": file.name}
        draft.publish("exports", {**row, "file_digest": draft.digest()})
    return sorted((records.lists_folder() / "exports").glob("*.parquet"), key=record_number)


def record_number(file: Path) -> int:
    return duckdb.execute(f"select record_number from read_parquet('{file}')").fetchone()[0]


def rewrite(file: Path, sql: str) -> None:
    """Change a Parquet file by hand."""
    other = file.with_name(".other")
    duckdb.execute(f"copy ({sql.format(file=file)}) to '{other}' (format parquet)")
    other.replace(file)
    file.chmod(0o600)
