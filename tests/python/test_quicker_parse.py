"""What dbt is spared when it parses changes nothing of what it reads."""

import pytest
from dbt.clients import jinja

from banktags.contract import PROJECT_ROOT
from dbt_bank_tags import PlainTexts

#: Texts that are themselves, and those that Jinja changes: line ends, and nothing.
TEXTS = ["customer_id", "近30天", "1", "1.0", "true", "null", "a: b", " blank ", "it's", "#", "%", "[1, 2]", "ref('a')"]
CHANGED = ["", "a\n", "a\nb\n", "a\r\nb", "\n"]


@pytest.fixture
def words(monkeypatch) -> list[str]:
    """Every word of the YAML of the models."""
    monkeypatch.setattr(jinja, "_render_cache", {})
    files = [*(PROJECT_ROOT / "models").rglob("*.yml"), *(PROJECT_ROOT / "seeds").rglob("*.yml")]
    lines = [line.strip() for path in files[::20] for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in dict.fromkeys(lines) if not jinja._HAS_RENDER_CHARS_PAT.search(line)][:500]


def test_a_plain_text_is_what_dbt_renders_it_to(words):
    """By dbt itself, without the plugin: a dbt that renders otherwise, or remembers elsewhere, fails here."""
    texts = PlainTexts()
    for text in (*TEXTS, *CHANGED, *words):
        rendered = jinja.get_rendered(text, {}, native=True)
        assert jinja._render_cache[text] is rendered
        assert text not in texts or texts[text] == rendered, text
    assert [text for text in TEXTS if text not in texts] == []


def test_what_dbt_has_remembered_itself_counts():
    remembered = PlainTexts({"": None, "a\n": "a"})
    assert "a\n" in remembered and remembered["a\n"] == "a"
    assert "" in remembered and remembered[""] is None
    assert "b\n" not in remembered
