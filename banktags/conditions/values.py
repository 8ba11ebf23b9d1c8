"""Comparisons of a tag with what is none of its values: they would find nobody, or everybody, without a word."""

from collections.abc import Callable, Iterator

from sqlglot import exp

from banktags.conditions.known import KnownTags

COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Nullif, exp.NullSafeEQ, exp.NullSafeNEQ)
#: What may give any of what it is given.
CHOOSING = (exp.Coalesce, exp.Least, exp.Greatest)

#: A comparison with a text that is no value there: the whole comparison, the text, the tag, and what to write instead.
Wrong = tuple[exp.Expression, str, str, str]


def wrong_values(
    tree: exp.Expression, tags: KnownTags, is_tag: Callable[[exp.Column], bool] = lambda _: True
) -> Iterator[Wrong]:
    """Every text in a tree that is compared with a tag and is none of its values; ``is_tag`` says which names are tags.

    A tag whose values are not listed may have any.
    """

    def tags_of(node: exp.Expression) -> list[str] | None:
        """The tags whose values an expression may have, beside ``texts_of``; None where it may have any."""
        node = node.unnest()
        if isinstance(node, exp.Literal):
            return []
        if isinstance(node, exp.Column):
            name = node.name.lower()
            return [name] if name in tags.values and is_tag(node) else None
        if isinstance(node, exp.Nullif):
            return tags_of(node.this)
        if isinstance(node, CHOOSING):
            found = [tags_of(part) for part in (node.this, *node.expressions)]
            return None if None in found else [tag for of_part in found for tag in of_part or []]
        return None

    def judged(whole: exp.Expression, value: exp.Expression, others: list[exp.Expression]) -> Iterator[Wrong]:
        possible = tags_of(value)
        if not possible:
            return
        texts = {node.this for node in value.find_all(exp.Literal)}
        for other in others:
            text = other.unnest()
            if not isinstance(text, exp.Literal) or not text.is_string or text.this in texts:
                continue
            if not any(tags.is_value(tag, text.this) for tag in possible):
                yield whole, text.this, possible[0], tags.right_value(possible[0], text.this)

    for node in tree.find_all(*COMPARISONS, exp.In, exp.Between, exp.Case):
        if isinstance(node, exp.In):
            yield from judged(node, node.this, node.expressions)
        elif isinstance(node, exp.Between):
            yield from judged(node, node.this, [node.args["low"], node.args["high"]])
        elif isinstance(node, exp.Case):
            if node.this:
                yield from judged(node, node.this, [branch.this for branch in node.args["ifs"]])
        else:
            yield from judged(node, node.this, [node.expression])
            yield from judged(node, node.expression, [node.this])
