"""What every checkpoint provider must keep, as tests that any of them can run.

    from playbooks.checkpoints.conformance import ProviderConformance
    from my_package import MyProvider

    class TestMyProvider(ProviderConformance):
        provider = MyProvider

pytest collects the class. The provider's class must be importable by its name: the tests of concurrency and of crashes
make it again in processes of their own, by `provider(base_path=…)` if it takes that, and kill them. What those leave
must be seen through a provider made anew in another process.

`kills` says how many processes are killed in each way; a part alone (`BaseConformance`, `RetentionConformance`, …) is
run in the same three lines.

Apart from the tests of the engine because other packages run it. It needs pytest, which the engine does not.
"""

import pytest

# Before they are imported: a failure would be a bare AssertionError in another package's tests.
_PARTS = ("base", "concurrency", "crash", "retention", "suite")
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from playbooks.checkpoints.conformance.base import BaseConformance  # noqa: E402
from playbooks.checkpoints.conformance.concurrency import ConcurrencyConformance  # noqa: E402
from playbooks.checkpoints.conformance.crash import CrashConformance  # noqa: E402
from playbooks.checkpoints.conformance.retention import RetentionConformance  # noqa: E402

__all__ = [
    "BaseConformance",
    "ConcurrencyConformance",
    "CrashConformance",
    "ProviderConformance",
    "RetentionConformance",
]


class ProviderConformance(BaseConformance, RetentionConformance, ConcurrencyConformance, CrashConformance):
    """All of it: what a provider does when called, when told to forget, at once with others, and when killed."""
