"""One thread for BLAS: set by the outermost block, taken back by it, whatever happens."""

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from relevanceai.engine.blas import one_blas_thread


def blas_threads() -> set[int]:
    np.eye(2) @ np.eye(2)
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_the_limit_holds_until_the_outermost_block_has_ended() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        with one_blas_thread():
            with one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {2}


def test_an_error_inside_takes_the_limit_back() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        with pytest.raises(ZeroDivisionError), one_blas_thread():
            1 / 0  # noqa: B018
        assert blas_threads() == {2}
        with one_blas_thread():
            assert blas_threads() == {1}


def test_the_blas_of_a_library_that_is_loaded_inside_is_held_too() -> None:
    code = (
        "from relevanceai.engine.each import each\n"
        "from threadpoolctl import threadpool_info, threadpool_limits\n"
        "def work(_):\n"
        "    import scipy.linalg\n"
        "    return {one['num_threads'] for one in threadpool_info() if one['user_api'] == 'blas'}\n"
        "print(each(work, range(2), workers=2))\n"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout == "[{1}, {1}]\n"
