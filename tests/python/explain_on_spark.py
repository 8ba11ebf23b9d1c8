"""Run by the Python of .venv-spark: the plans of compiled models on a built Spark warehouse, as JSON {model: plan}.

``python explain_on_spark.py WAREHOUSE COMPILED``; the session is configured as the target spark of profiles.yml is, as
far as plans depend on it.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

warehouse, compiled = sys.argv[1:]
session = (
    SparkSession.builder.master("local[2]")
    .enableHiveSupport()
    .config("spark.sql.warehouse.dir", warehouse)
    .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:;databaseName={warehouse}/metastore")
    .config("spark.driver.extraJavaOptions", "-Dderby.stream.error.file=/dev/null")
    .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
    .config("spark.sql.ansi.enabled", "false")
    .config("spark.banktags.pii.key", "key-of-the-tests")
    .config("spark.log.level", "ERROR")
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
plans = {
    file.stem: session.sql(f"explain formatted {file.read_text(encoding='utf-8')}").collect()[0][0]
    for file in sorted(Path(compiled).rglob("*.sql"))
    if not any(folder.suffix == ".yml" for folder in file.parents)  # tests and unit tests
}
json.dump(plans, sys.stdout)
