"""One thread, no display, and one hypothesis profile for the whole suite."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

# Circuits here are small: more threads cost more than they give, and one thread makes float sums
# repeat exactly. Set before numpy and torch load; a value from outside wins.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Paths are searched for and kept in a folder of the run's own, not in the user's cache; the
# processes of one run share it.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _cache = tempfile.TemporaryDirectory(prefix="tnqlstm-tests-")
    os.environ["TNQLSTM_CACHE"] = _cache.name

# Examples are the same in each run, so that a red run can be repeated; no deadline, because the
# first example of a test may import quimb or torch.
settings.register_profile(
    "tnqlstm",
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tnqlstm")
