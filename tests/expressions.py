"""Filter expressions for tests: any tree that the parser makes, and how it may be written."""

import json

import msgspec
from hypothesis import strategies as st

from fluoro.filters.keywords import KEYWORDS, SHORT_FORMS
from fluoro.filters.tree import (
    And,
    CausePattern,
    EdgeTest,
    Entity,
    EntityPattern,
    ExceptionPattern,
    Field,
    GroupTest,
    Not,
    Or,
    RootCausePattern,
    RootCauseTest,
    ServicePattern,
    ServiceTest,
    Test,
)

KEYED = ("annotation", "source.annotation", "destination.annotation")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = NUMBERS | TEXTS | st.booleans()
KEYS = TEXTS.filter(bool)
SIGNS = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
SEARCHES = st.sampled_from(("contains", "beginswith", "endswith"))
PATTERNS = st.sampled_from(("", "a", "^a.b$", "(?i)x|y", r"\d{1,3}", r"[\pL\s]+"))
NOWHERE = st.just(0)
BLANKS = st.sampled_from((" ", "  ", "\n", "\t"))

_PARTS = [
    (kind, part)
    for kind in ("fault", "error", "responsetime")
    for part in ("service", "entity", "exception")
    if (kind, part) != ("responsetime", "exception")
]


def fields(scope, keys=KEYS):
    """The fields that may stand in a scope."""
    words = [word for word, row in KEYWORDS.items() if scope in row.scopes]
    plain = st.builds(
        Field, st.sampled_from([word for word in words if word not in (*KEYED, "k8s")])
    )
    choices = [plain]
    if keyed := [word for word in words if word in KEYED]:
        choices.append(st.builds(Field, st.sampled_from(keyed), keys))
    if "metadata" in words:
        choices.append(st.builds(Field, st.just("metadata"), keys))
    if "k8s" in words:
        names = st.sampled_from(("k8s.pod.name", "k8s.namespace.name", "k8s.node.Name_1"))
        choices.append(st.builds(Field, st.just("k8s"), names))
    return st.one_of(choices)


def comparisons(scope, values=VALUES, texts=TEXTS, keys=KEYS):
    """Tests of one field: bare, with each kind of operator, with several values."""
    found = fields(scope, keys)
    return st.one_of(
        st.builds(Test, found, st.none(), st.just(()), NOWHERE),
        st.builds(Test, found, SIGNS, st.tuples(values), NOWHERE),
        st.builds(Test, found, SEARCHES, st.tuples(texts), NOWHERE),
        st.builds(Test, found, st.just("matches"), st.tuples(PATTERNS), NOWHERE),
        st.builds(
            Test,
            found,
            st.just("="),
            st.lists(values, min_size=2, max_size=3).map(tuple),
            NOWHERE,
        ),
    )


def logic(leaves):
    """Any nesting of `!`, AND and OR over leaves."""

    def joined(kind, terms):
        lists = st.lists(
            terms.filter(lambda each: not isinstance(each, kind)), min_size=2, max_size=3
        )
        return lists.map(tuple).map(kind)

    return st.recursive(
        leaves,
        lambda inner: st.builds(Not, inner) | joined(And, inner) | joined(Or, inner),
        max_leaves=5,
    )


def bodies(scope, **strategies):
    """What stands in braces, or None."""
    return st.none() | logic(comparisons(scope, **strategies))


def entities(names=TEXTS, types=TEXTS, accounts=TEXTS):
    """Arguments of `service()` and `edge()`."""
    return st.builds(Entity, names, is_plain=st.just(value=True)) | st.builds(
        Entity, st.none() | names, st.none() | types, st.none() | accounts
    )


def _given(struct, **strategies):
    """Patterns with any of their members left out."""
    return st.fixed_dictionaries({}, optional=strategies).map(lambda members: struct(**members))


_EXCEPTIONS = _given(ExceptionPattern, name=TEXTS, message=TEXTS)
_ENTITIES = _given(
    EntityPattern,
    name=TEXTS,
    remote=st.booleans(),
    coverage=st.floats(0, 1),
    exceptions=st.lists(_EXCEPTIONS, max_size=2).map(tuple),
)
_SERVICES = _given(
    ServicePattern,
    name=TEXTS | st.none(),
    names=st.lists(TEXTS, max_size=1).map(tuple),
    type=TEXTS | st.none(),
    account_id=TEXTS | st.none(),
    inferred=st.booleans(),
    entity_path=st.lists(_ENTITIES, max_size=2).map(tuple),
)
CAUSES = _given(
    CausePattern,
    services=st.lists(_SERVICES, max_size=2).map(tuple),
    client_impacting=st.booleans(),
)


def root_causes(**strategies):
    """Tests of root causes, in parts and by patterns."""
    kinds = st.sampled_from((None, "fault", "error", "responsetime"))
    patterns = st.lists(CAUSES, max_size=2).map(tuple)
    return st.sampled_from(_PARTS).flatmap(
        lambda found: st.builds(
            RootCauseTest,
            st.just(found[0]),
            st.just(found[1]),
            bodies(_cause_scope(*found), **strategies),
            NOWHERE,
        )
    ) | st.builds(RootCausePattern, kinds, patterns, NOWHERE)


def _cause_scope(kind, part):
    is_covered = (kind, part) == ("responsetime", "entity")
    return f"rootcause {part}" + " of responsetime" * is_covered


def expressions(nodes=None, *, groups=True, **strategies):
    """Whole trees.

    Args:
        nodes: Arguments of `service()` and `edge()`.
        groups: Whether they name groups.
        strategies: `values`, `texts` and `keys` of tests.
    """
    nodes = entities() if nodes is None else nodes
    leaves = [
        comparisons("trace", **strategies),
        st.builds(ServiceTest, nodes, bodies("service", **strategies), NOWHERE),
        st.builds(EdgeTest, nodes, nodes, bodies("edge", **strategies), NOWHERE),
        root_causes(**strategies),
    ]
    if groups:
        signs = st.sampled_from(("=", "!="))
        leaves.append(st.builds(GroupTest, st.sampled_from(("name", "arn")), signs, TEXTS, NOWHERE))
    return logic(st.one_of(leaves))


def placeless(value):
    """The same tree without its places."""
    if isinstance(value, tuple):
        return tuple(map(placeless, value))
    if not isinstance(value, msgspec.Struct):
        return value
    members = {name: placeless(getattr(value, name)) for name in value.__struct_fields__}
    return type(value)(**(members | {"offset": 0} if "offset" in members else members))


def literal(value):
    """A value as it is written."""
    if isinstance(value, str):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def spell(expression):
    """One way to write a tree; the one of `written` when nothing is drawn."""
    return _Speller(lambda options: options[0]).expression(expression)


@st.composite
def written(draw, expression):
    """Any way to write a tree: case, blanks, brackets, words for AND, extra parentheses."""
    return _Speller(lambda options: draw(st.sampled_from(options))).expression(expression)


class _Speller:
    """Writes trees; `choose` picks one of several ways, of which the first is the plainest."""

    def __init__(self, choose):
        self._choose = choose

    def expression(self, expression):
        text = self._plain(expression)
        return self._choose((text, f"({text})", f" ( {text}\n)"))

    def _plain(self, expression):  # noqa: PLR0911  one a kind of part
        match expression:
            case Test():
                return self._test(expression)
            case Not(term):
                return self._choose(("!", "! ")) + self._inner(term)
            case And(terms):
                return self._joined(terms, (" AND ", " and ", " ", "\n"))
            case Or(terms):
                return self._joined(terms, (" OR ", " or ", "\tOr\n"))
            case ServiceTest(entity, body):
                return f"{self._word('service')}({self._entity(entity)}){self._body(body)}"
            case EdgeTest(source, target, body):
                ends = f"{self._entity(source)},{self._entity(target)}"
                return f"{self._word('edge')}({ends}){self._body(body)}"
            case RootCauseTest(kind, part, body):
                return self._word(f"rootcause.{kind}.{part}") + self._body(body)
            case RootCausePattern(kind, patterns):
                word = "rootcause.json" if kind is None else f"rootcause.{kind}.json"
                json_text = msgspec.json.encode(patterns).decode()
                return f"{self._word(word)}{self._blank()}={self._blank()}#{json_text}"
            case GroupTest(field, operator, value):
                blank = self._blank()
                return f"{self._word(f'group.{field}')}{blank}{operator}{blank}{literal(value)}"

    def _inner(self, term):
        """A term below `!`, AND or OR: what binds weaker needs parentheses."""
        text = self._plain(term)
        return f"({text})" if isinstance(term, And | Or) else text

    def _joined(self, terms, joints):
        first, *rest = [self._inner(term) for term in terms]
        return first + "".join(self._choose(joints) + text for text in rest)

    def _word(self, word):
        return self._choose((word, word.upper(), word.title()))

    def _blank(self):
        return self._choose(("", " ", "\n "))

    def _test(self, test):
        field = self._field(test.field)
        if test.operator is None:
            return field
        blank = self._choose((" ", "\t"))
        if test.operator == "=" and len(test.values) > 1:
            values = ", ".join(map(literal, test.values))
            return f"{field}{blank}{self._word('in')}{self._blank()}({values})"
        return f"{field}{blank}{self._word(test.operator)}{blank}{literal(test.values[0])}"

    def _field(self, field):
        if field.keyword == "k8s":
            short = [word for word, name in SHORT_FORMS.items() if name == field.key]
            return self._choose((field.key, *short))
        word = self._word(field.keyword)
        return f"{word}{self._blank()}[{json.dumps(field.key)}]" if field.key else word

    def _entity(self, entity):
        if entity.is_plain:
            return literal(entity.name)
        parts = [("name", entity.name), ("type", entity.type), ("account.id", entity.account)]
        given = [f"{self._word(part)}:{literal(text)}" for part, text in parts if text is not None]
        if not given:
            return self._choose(("", "id()"))
        return f"{self._word('id')}({', '.join(given)})"

    def _body(self, body):
        if body is None:
            return self._choose(("", "{}"))
        return f"{self._blank()}{{{self.expression(body)}}}"
