"""Three-valued conditions over a record (foundation.md 5): the small part of CEL that the recount and the as-at
filters need. True, False and None (unknown); ABSENT stands for a field that the source does not have.

Known: && || ! ( ), == != < <= > >=, integers, 'text' and "text", true, false, null, paths a.name.
"""
import ast
import functools
import re

ABSENT = object()


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def either(a, b):
    return True if a is True or b is True else None if a is None or b is None else False


def no(a):
    return None if a is None else not a


def compare(op, a, b):
    """A comparison; absent is unknown in every one of them, null only in those of order."""
    if a is ABSENT or b is ABSENT:
        return None
    if op in ("==", "!="):
        return (a == b) == (op == "==")
    if a is None or b is None:
        return None
    return a < b if op == "<" else a <= b if op == "<=" else a > b if op == ">" else a >= b


OPS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def condition(text):
    """Turns the text into a function of a lookup (path -> value, None or ABSENT)."""
    parts = re.split(r"""('[^']*'|"[^"]*")""", text)
    for k in range(0, len(parts), 2):
        plain = parts[k].replace("&&", " and ").replace("||", " or ")
        plain = re.sub(r"!(?!=)", " not ", plain)
        plain = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", re.sub(r"\bnull\b", "None", plain)))
        parts[k] = plain
    tree = ast.parse("".join(parts).strip(), mode="eval").body

    def value(node):
        if isinstance(node, ast.Constant):
            return lambda look: node.value
        if isinstance(node, (ast.Name, ast.Attribute)):
            path = ast.unparse(node)
            return lambda look: look(path)
        raise ValueError("not supported in a condition: " + ast.unparse(node))

    def build(node):
        if isinstance(node, ast.BoolOp):
            join = both if isinstance(node.op, ast.And) else either
            parts = [build(v) for v in node.values]
            return lambda look: functools.reduce(join, [p(look) for p in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            part = build(node.operand)
            return lambda look: no(part(look))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            op, a, b = OPS[type(node.ops[0])], value(node.left), value(node.comparators[0])
            return lambda look: compare(op, a(look), b(look))
        plain = value(node)
        return lambda look: {True: True, False: False}.get(plain(look))

    return build(tree)
