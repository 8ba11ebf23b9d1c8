"""What a reader copies from a page and runs on the warehouse, runs."""

import duckdb
import pytest
from pages import readers_pages


@pytest.mark.parametrize("page", [page for page in readers_pages() if page.queries], ids=lambda page: page.name)
def test_the_queries_of_a_page_run(page, demo_warehouse):
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        for query in page.queries:
            assert con.execute(query).description, query
