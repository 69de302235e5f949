"""`python -m benchmarks`: every benchmark there is."""

import sys

from benchmarks.backup import main

sys.exit(main())
