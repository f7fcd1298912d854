"""`python -m genlab models`, `python -m genlab sample <card>`, …: see `genlab.cli`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported
    from genlab.cli import main

    sys.exit(main(sys.argv[1:]))
