"""Write console/src/api/types.ts from the Structs of `fluoro.wire.console_api`.

With `--check` nothing is written: status 1 when the file is not what would be written.
"""

import argparse
import ast
import inspect
import sys
from pathlib import Path

import msgspec
from msgspec import inspect as shapes

from field_notes import field_notes
from fluoro.wire import console_api

TARGET = Path(__file__).parents[1] / "console" / "src" / "api" / "types.ts"
_HEAD = "// Written by scripts/console_types.py from src/fluoro/wire/console_api.py: change that.\n"
_WIDTH = 100
_PLAIN: dict[type[shapes.Type], str] = {
    shapes.AnyType: "unknown",
    shapes.RawType: "unknown",
    shapes.NoneType: "null",
    shapes.BoolType: "boolean",
    shapes.IntType: "number",
    shapes.FloatType: "number",
    shapes.StrType: "string",
}


def typescript(kind: shapes.Type) -> str:
    """The TypeScript spelling of one type."""
    match kind:
        case shapes.StructType(cls=struct):
            return struct.__name__
        case shapes.TupleType(item_types=items):
            return f"[{', '.join(map(typescript, items))}]"
        case shapes.ListType(item_type=item):
            of = typescript(item)
            return f"({of})[]" if " | " in of else f"{of}[]"
        case shapes.UnionType(types=types):
            return " | ".join(map(typescript, types))
    return _PLAIN[type(kind)]


def render() -> str:
    """The whole file, interfaces in the order of the module."""
    tree = ast.parse(inspect.getsource(console_api))
    interfaces = [_interface(node) for node in tree.body if isinstance(node, ast.ClassDef)]
    return "\n".join([_HEAD, *interfaces])


def _interface(node: ast.ClassDef) -> str:
    struct: type[msgspec.Struct] = getattr(console_api, node.name)
    notes = field_notes(node)
    lines = _comment(inspect.getdoc(struct) or "", "")
    lines.append(f"export interface {node.name} {{")
    for field in msgspec.structs.fields(struct):
        lines += _comment(notes.get(field.name, ""), "  ")
        lines.append(f"  {field.encode_name}: {typescript(shapes.type_info(field.type))};")
    return "\n".join([*lines, "}", ""])


def _comment(text: str, indent: str) -> list[str]:
    lines = text.splitlines()
    if not lines:
        return []
    if len(lines) == 1 and len(indent + text) + len("/**  */") <= _WIDTH:
        return [f"{indent}/** {text} */"]
    body = [f"{indent} * {line}".rstrip() for line in lines]
    return [f"{indent}/**", *body, f"{indent} */"]


def main() -> int:
    """Write the file, or compare."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="compare instead of writing")
    is_check = options.parse_args().check
    text = render()
    if not is_check:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print(f"{TARGET} is not current: run scripts/console_types.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
