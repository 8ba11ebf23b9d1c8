"""bank-tags: command line and helpers around the dbt project that builds a bank's customer tag warehouse."""

__version__ = "0.1.0"
