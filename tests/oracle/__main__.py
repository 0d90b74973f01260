"""The oracle: what the product must show for the real ServiceNow log, computed without the product.

    python3 tests/oracle log                          figures of the fold, asserted (4 s)
    python3 tests/oracle recount [--settings F.toml]  8.6.1 check by check (3 s; 7 s with all settings)
    python3 tests/oracle recount --compare ROWS.json  the same against `vouch check --format json` or an assess report
    python3 tests/oracle asat --url U --token T       1,000 random (T, known) pairs against a running server
    cd tests/oracle && python3 -m unittest            hand-made cases

Standard library only; Python 3.11 or later. Each module's own docstring says why it reads the texts as it does.
"""
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("log", "recount", "asat"):
        print(__doc__)
        sys.exit(2)
    sys.exit(importlib.import_module(sys.argv[1]).main(sys.argv[2:]))
