"""compiled: how kernels are compiled by numba, and where the machine code is kept between runs.

Only modules that are reached lazily import this one: numba takes a third of a second to import, and
the first compilation on a machine seconds.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numba
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

Compiled: TypeAlias = Callable[..., Any]

FLOATS = types.Array(types.float32, 2, "C", readonly=True)
"""Vectors: a memory map that may be read only, or any C-contiguous float32 array."""

LABELS = types.Array(types.int32, 1, "C", readonly=True)
ROW_IDS = types.Array(types.int64, 1, "C", readonly=True)
NUMBERS = types.Array(types.float64, 2, "C", readonly=True)

_FAST = {"reassoc", "contract"}
"""Sums may be taken in lanes, and a product and a sum may be one step. NaN and infinity stay."""


def compiled(signature: Any, fastmath: set[str] = _FAST) -> Callable[[Compiled], Compiled]:
    """Compile a function for one signature, without the GIL, kept on disk between runs.

    Parameters
    ----------
    signature : numba types, `types.void(FLOATS, LABELS)`. A writable array fits where the
        signature says read only.
    fastmath : what the compiler may assume of floats; see numba.
    """

    def decorate(function: Compiled) -> Compiled:
        options: dict[str, Any] = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
        try:
            made: Compiled = numba.njit(signature, cache=True, **options)(function)
        except (RuntimeError, OSError):  # nowhere to keep it, or a full disk: compile each time
            made = numba.njit(signature, **options)(function)
        return made

    return decorate


def _keep_code_where_we_may_write() -> None:
    """Numba keeps machine code beside the source; where that cannot be, in a folder of ours.

    An environment or a user that chose a folder (`NUMBA_CACHE_DIR`) is left alone.
    """
    if getattr(config, "CACHE_DIR", "") or os.access(Path(__file__).parent, os.W_OK):
        return
    home = os.environ.get("RELEVANCEAI_HOME") or os.environ.get("XDG_CACHE_HOME")
    if not home and os.path.expanduser("~") != "~":  # noqa: PTH111 - Path would raise
        home = str(Path("~").expanduser() / ".cache" / "relevanceai")
    if home:
        config.CACHE_DIR = str(Path(home) / "numba")  # type: ignore[attr-defined]


_keep_code_where_we_may_write()


def _prefetch(_typing: Any, array: Any, row: Any, column: Any) -> Any:
    """Ask for the cache line of an element, into the second-level cache; never faults."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        index = [
            context.cast(builder, arguments[place], signature.args[place], types.intp)
            for place in (1, 2)
        ]
        pointer = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
            context, builder, signature.args[0], held, index, wraparound=False
        )
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0",
        )
        # a read, kept in the second level, of data
        builder.call(function, [builder.bitcast(pointer, byte), number(0), number(2), number(1)])
        return context.get_dummy_value()

    return types.void(array, row, column), generate


prefetch: Compiled = intrinsic(_prefetch)
"""`prefetch(array, row, column)`, inside compiled functions: ask for an element ahead of its use."""
