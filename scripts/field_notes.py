"""The strings beneath the fields of a class: what generated pages and types say of each field."""

import ast
import inspect
from itertools import pairwise


def field_notes(node: ast.ClassDef) -> dict[str, str]:
    """Notes by field, without the source's indentation."""
    notes = {}
    for above, below in pairwise(node.body):
        match above, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(note))),
            ):
                notes[name] = inspect.cleandoc(note)
    return notes
