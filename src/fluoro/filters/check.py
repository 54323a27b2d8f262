"""Whether each keyword of an expression stands where it has a meaning.

Source: spec of filter expressions, sections 3 and 7.
"""

import re

from fluoro.filters.keywords import KEYWORDS, WITH_KEYS, Scope
from fluoro.filters.lexer import located
from fluoro.filters.tree import (
    And,
    Constant,
    EdgeTest,
    Expression,
    Not,
    Or,
    RootCauseTest,
    ServiceTest,
    Test,
)

_WORD = re.compile(r"[A-Za-z0-9_.]+")


def check(expression: Expression, text: str, scope: Scope = "trace") -> None:
    """Check a tree; types that never fit are legal, a keyword in the wrong braces is not.

    Args:
        expression: What was read.
        text: What it was read from.
        scope: Where the expression stands.

    Raises:
        FilterSyntaxError: A keyword has no meaning where it stands.
    """
    match expression:
        case Not(term):
            check(term, text, scope)
        case And(terms) | Or(terms):
            for term in terms:
                check(term, text, scope)
        case Test(field, offset=offset):
            if scope not in KEYWORDS[field.keyword].scopes:
                _refuse(text, offset)
        case Constant():
            pass
        case _:
            if scope != "trace":
                _refuse(text, expression.offset)
            body = getattr(expression, "body", None)
            if body is not None:
                check(body, text, _inside(expression))


def _inside(expression: Expression) -> Scope:
    """The scope between the braces of a test."""
    match expression:
        case ServiceTest():
            return "service"
        case EdgeTest():
            return "edge"
        case RootCauseTest("responsetime", "entity"):
            return "rootcause entity of responsetime"
        case RootCauseTest(part="service"):
            return "rootcause service"
        case RootCauseTest(part="entity"):
            return "rootcause entity"
        case _:
            return "rootcause exception"


def _refuse(text: str, offset: int) -> None:
    word = _WORD.match(text, offset)
    name = word.group() if word else ""
    for family in WITH_KEYS:
        if name.lower().startswith(f"{family}."):
            name = name[: len(family)]
    raise located(text, offset, f"Keyword '{name}' is not valid here")
