"""The engine: where a reduction runs; no arithmetic of its own."""
