"""Which kernels run: decided once at import, said in words, forced by the environment; with or without a compiler."""

import inspect
import os
import platform
import subprocess
import sys
from pathlib import Path

import kernel_cases
import numpy as np
import pytest

import seqwright.errors
from seqwright import kernels
from seqwright.kernels import reference


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_every_kernel_of_the_reference_is_offered_with_its_signature() -> None:
    assert set(reference.__all__) < set(kernels.__all__)
    for name in reference.__all__:
        assert inspect.signature(getattr(kernels, name)) == inspect.signature(getattr(reference, name))


def test_the_reference_can_be_forced_and_says_that_it_is_slow() -> None:
    described = run("from seqwright import kernels; print(kernels.description())", SEQWRIGHT_KERNELS="reference")
    assert described.stdout.startswith("NumPy reference kernels (slow")


CPUINFO = Path("/proc/cpuinfo")


@pytest.mark.skipif(not kernel_cases.INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
@pytest.mark.skipif(
    platform.machine() != "x86_64" or not CPUINFO.exists(), reason="needs /proc/cpuinfo of an x86-64 processor"
)
def test_the_instruction_sets_are_those_that_linux_lists() -> None:
    [flags] = {line for line in CPUINFO.read_text().splitlines() if line.startswith("flags")}
    listed = set(flags.split())
    needed = {"avx2": {"avx2", "fma"}, "avx512": {"avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl"}}
    expected = [isa for isa in ("avx512", "avx2") if needed[isa] <= listed]
    assert [*expected, "plain"] == kernel_cases.INSTRUCTION_SETS
    assert kernel_cases._native.vnni == (needed["avx512"] | {"avx512_vnni"} <= listed)
    assert kernel_cases._native.avx_vnni == (needed["avx2"] | {"avx_vnni"} <= listed)


def test_an_unknown_choice_lists_what_can_run_here() -> None:
    failed = run("import seqwright.kernels", SEQWRIGHT_KERNELS="native-z80")
    assert failed.returncode != 0
    assert "SEQWRIGHT_KERNELS=native-z80" in failed.stderr
    assert all(choice in failed.stderr for choice in kernels.available())


@pytest.mark.parametrize("n", ["0", "-1", "two", "1.5", "99999999999", "9" * 5000])
def test_a_number_of_threads_that_is_none_is_an_error(n: str) -> None:
    failed = run("import seqwright.kernels", SEQWRIGHT_THREADS=n)
    assert failed.returncode != 0
    assert f"SEQWRIGHT_THREADS={n}" in failed.stderr


def test_threads_can_be_set_where_kernels_are_compiled() -> None:
    before = kernels.threads()
    try:
        kernels.set_threads(3)
        assert kernels.threads() == (1 if kernels.description().startswith("NumPy") else 3)
    finally:
        kernels.set_threads(before)
    with pytest.raises(seqwright.errors.UsageError, match="at least 1"):
        kernels.set_threads(0)
    with pytest.raises(seqwright.errors.UsageError, match="at most"):
        kernels.set_threads(99_999_999_999)


def test_float64_arrays_go_to_the_reference() -> None:
    x = np.linspace(-2, 2, 37)
    out = np.empty_like(x)
    kernels.tanh_forward(x, out)
    np.testing.assert_array_equal(out, np.tanh(x))


def test_arguments_may_be_named() -> None:
    for dtype in (np.float32, np.float64):
        x = np.linspace(-2, 2, 37).astype(dtype)
        out = np.empty_like(x)
        kernels.tanh_forward(x=x, out=out)
        np.testing.assert_allclose(out, np.tanh(x), rtol=1e-6)
