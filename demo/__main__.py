"""`python -m demo up|status|stop|clean|env`: the embedded stack, see demo/README.md."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one must say so, not fail on some import
    sys.exit("Python 3.11 or newer is needed, and this is {}.{}.".format(*sys.version_info[:2]))

from demo.commands import main

sys.exit(main())
