"""The process that ``guard`` starts: one request a line on its input, one answer a line on its output."""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback

from tests.hostile_stores.guard import MEMORY
from tests.hostile_stores.measure import original, outcome
from tests.hostile_stores.mutations import plan_of


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        seed, mode, number = json.loads(line)
        original(seed)
        plan_of(seed)
        began = time.monotonic()
        try:
            said = outcome(seed, mode, number)
        except Exception:
            # Whatever it is, it is what this looks for.
            said = {"escaped": traceback.format_exc()[-1500:]}
        said["seconds"] = round(time.monotonic() - began, 3)
        said["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
