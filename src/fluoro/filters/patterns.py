"""Regular expressions of filters, an extension: the dialect of ClickHouse's `match`.

RE2 takes time linear in the text whatever the pattern, so that no pattern can stop a server.
"""

import re2

from fluoro.errors import InputError

_MOST_BYTES = 2**20
"""Memory of one pattern: the library keeps the last 128 of them."""


class Pattern:
    """A regular expression that may be found anywhere in a text; `.` is any character.

    Raises:
        InputError: It is none that RE2 knows, or one that is too large.
    """

    def __init__(self, text: str) -> None:
        options = re2.Options()
        options.dot_nl = True
        options.log_errors = False
        options.max_mem = _MOST_BYTES
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as error:
            (reason,) = error.args
            raise InputError(reason.decode(errors="replace")) from error

    def is_in(self, text: str) -> bool:
        """Whether it is found in a text; half of a surrogate pair is some character."""
        return self._compiled.search(text.encode(errors="replace")) is not None
