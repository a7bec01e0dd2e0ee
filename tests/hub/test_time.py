"""Without a network the answer comes at once: fresh processes, told by the variables of `huggingface_hub` as a user's are."""

import tempfile

from benchmarks import hub as benchmark
from tests.hub.server import served

SOON = 3.0  # seconds; benchmarks/hub.py shows less than one on a machine at rest


def test_without_a_network_the_error_comes_soon_and_the_cache_serves():
    with served() as there, tempfile.TemporaryDirectory() as home:
        benchmark.fill(there)
        assert benchmark.row("fetched", home, there.address, "me/good").said == "loaded"
        asked = len(there.asked)
        rows = {row.case: row for row in benchmark.unanswered(home)}
        assert len(there.asked) == asked
    for case, row in rows.items():
        assert row.seconds < SOON
        if case.endswith(", cached"):
            assert row.said == "loaded"
        else:
            assert (
                row.said.startswith("MediaError: me/none is not on this machine, and ")
                and "\n" not in row.said
            )
    assert len(rows) == 6
