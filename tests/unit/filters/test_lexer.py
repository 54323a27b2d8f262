import pytest

from fluoro.errors import FilterSyntaxError
from fluoro.filters.lexer import Lexer


def terms(text):
    lexer = Lexer(text)
    tokens = [lexer.term()]
    while tokens[-1].kind != "end":
        tokens.append(lexer.term())
    return [(token.kind, token.text, token.offset) for token in tokens[:-1]]


def error_of(read):
    with pytest.raises(FilterSyntaxError) as caught:
        read()
    return caught.value


def test_words_hold_dots_and_digits():
    """The whole dotted word is one token."""
    assert terms(" http.status _a9") == [("word", "http.status", 1), ("word", "_a9", 13)]


def test_operators_are_as_long_as_they_can_be():
    """`<=` is not `<` and `=`; no blank is needed around them."""
    assert [text for _, text, _ in terms("a<=1!=>=<>!(){}[],:#")] == [
        *("a", "<=", "1", "!=", ">=", "<", ">", "!"),
        *("(", ")", "{", "}", "[", "]", ",", ":", "#"),
    ]


def test_keywords_are_the_same_in_any_case():
    """Only words have a keyword; a string of the same letters has none."""
    lexer = Lexer('ResponseTime "OK"')
    assert [lexer.term().keyword, lexer.term().keyword] == ["responsetime", ""]


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\r\n", "\u00a0"])
def test_any_blank_separates(blank):
    """Blanks count in offsets, and nowhere else."""
    assert terms(f"a{blank}b") == [("word", "a", 0), ("word", "b", 1 + len(blank))]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('""', ""),
        ('"a b"', "a b"),
        (r'"a\"b\\c"', 'a"b\\c'),
        (r'"\/\b\f\n\r\t"', "/\b\f\n\r\t"),
        (r'"\u00e9\u20AC"', "é€"),
        (r'"\ud83d\ude00"', "😀"),
        ('"é😀*"', "é😀*"),
        ('"two\nlines"', "two\nlines"),
    ],
)
def test_strings_have_jsons_escapes(written, value):
    """The token's text is the value; what follows is read on."""
    assert terms(written + "x") == [("string", value, 0), ("word", "x", len(written))]


@pytest.mark.parametrize(
    ("written", "offset", "what"),
    [
        ('x "abc', 2, "Unterminated string"),
        ('x "abc\\', 2, "Unterminated string"),
        (r'x "a\q"', 4, r"Invalid input symbol: '\q'"),
        (r'x "\u12"', 3, r"Invalid input symbol: '\u'"),
        (r'x "\ud83d"', 2, "Half of a surrogate pair in a string"),
        ("x @", 2, "Invalid input symbol: '@'"),
        ("x 'y'", 2, "Invalid input symbol: '''"),
    ],
)
def test_an_error_says_where_and_what(written, offset, what):
    """Line and position count from 1, the offset from 0."""
    error = error_of(lambda: terms(written))
    assert error.message == f"Error Location: line 1, position {offset + 1} : {what}"
    assert error.offset == offset


def test_lines_are_counted():
    """The position is the column in its line."""
    assert error_of(lambda: terms("a\nb\n  ;")).message.startswith(
        "Error Location: line 3, position 3 : "
    )


@pytest.mark.parametrize(
    ("written", "kind", "text"),
    [
        ("5", "number", "5"),
        ("-5.25e-3", "number", "-5.25e-3"),
        ("1E+6", "number", "1E+6"),
        ("5)", "number", "5"),
        ("5s", "word", "5s"),
        ("10.0.0.7", "word", "10.0.0.7"),
        ("k8s:default-1_a", "word", "k8s:default-1_a"),
        ("TRUE", "word", "TRUE"),
        ('"5"', "string", "5"),
        ("#[1]", "symbol", "#"),
        ("", "end", ""),
    ],
)
def test_a_value_may_be_a_bare_word(written, kind, text):
    """Digits alone are a number; with anything else that a bare word may hold they are a word."""
    token = Lexer(written).value()
    assert (token.kind, token.text) == (kind, text)


def test_a_value_is_no_operator():
    """What begins no literal is an error where a literal is due."""
    assert error_of(Lexer("(5)").value).offset == 0
