"""Processors by what the system says of them."""

from vidsr.bench import machine
from vidsr.run import processor

XEON = "processor: 0\nmodel name\t: A Xeon\nflags\t\t: avx2 avx512f avx_vnni avx512_bf16\n\nprocessor: 1\nflags: amx_tile\n"


def test_instruction_sets_are_named_and_so_are_those_that_are_absent(monkeypatch):
    monkeypatch.setattr(processor, "text", lambda: XEON)
    about = machine.described()
    assert about["cpu"] == "A Xeon" and [name for name, there in about["sets"].items() if not there] == [
        "AMX"
    ]
    assert machine.sentence(about).startswith("A Xeon: AVX2, AVX512, VNNI, BF16; without AMX. ")


def test_a_system_that_tells_nothing(monkeypatch):
    monkeypatch.setattr(processor, "text", lambda: "")
    about = machine.described()
    assert about["sets"] is None and about["cpu"] and about["cores"] >= 1
    assert "not told" in machine.sentence(about)
    assert "jax" in about["versions"]
