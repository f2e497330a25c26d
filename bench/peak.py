"""Score everybody in a process of its own; prints resident MiB before, and at its peak."""

import resource
import sys

import django

if __name__ == "__main__":
    django.setup()
    from bench.measuring import resident_mib
    from bench.rules import score_everybody
    from scoring.rescoring import rescore_changed

    rescore_changed(limit=1)  # connected, compiled: what an idle worker holds
    idle = resident_mib()
    score_everybody()
    unit = 2**20 if sys.platform == "darwin" else 2**10
    sys.stdout.write(f"{idle} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}\n")
