"""The published version in a PostgreSQL server, for those who want accounts: tables, comments, keys, roles that hold.

What a role may see is decided by grants and row security of the server alone, which policy seeds say (``access``). The
version that the DuckDB file has is copied in one transaction (``publication``), so a reader has the version before or
this one. The connection is that of libpq: ``PGHOST``, ``PGSERVICE`` and their like.
"""
