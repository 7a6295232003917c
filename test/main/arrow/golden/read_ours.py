"""Prints what pyarrow and polars read of Arrow files of ours, as JSON: floats by their bits, bytes as hex, times as integers.

usage: read_ours.py FILE … (*.arrow are files, *.arrows streams)
"""
import json
import struct
import sys

import polars as pl
import pyarrow as pa
import pyarrow.ipc


def plain(value, kind):
    if value is None:
        return None
    if kind == "f64":
        return struct.pack(">d", value).hex()
    if kind == "f32":
        return struct.pack(">f", value).hex()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def floats(array, kind):
    """By the bits of the buffer: Python's floats may lose a NaN's payload."""
    width, code = (8, ">Q") if kind == "f64" else (4, ">I")
    result = []
    for chunk in array.chunks:
        raw = chunk.buffers()[1].to_pybytes()
        for i in range(len(chunk)):
            at = (chunk.offset + i) * width
            bits = raw[at : at + width][::-1].hex()
            result.append(bits if chunk[i].is_valid else None)
    return result


def columns_of(table):
    result = {}
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_timestamp(field.type):
            result[field.name] = [str(v) for v in column.cast(pa.int64()).to_pylist()]
        elif pa.types.is_float64(field.type) or pa.types.is_float32(field.type):
            result[field.name] = floats(column, "f64" if pa.types.is_float64(field.type) else "f32")
        else:
            result[field.name] = [plain(v, None) for v in column.to_pylist()]
    return result


def polars_columns(frame):
    result = {}
    for name in frame.columns:
        column = frame[name]
        kind = {pl.Float64: "f64", pl.Float32: "f32"}.get(column.dtype)
        if isinstance(column.dtype, pl.Datetime):
            column = column.to_physical()
        result[name] = [plain(v, kind) for v in column.to_list()]
    return result


answer = {}
for path in sys.argv[1:]:
    is_stream = path.endswith(".arrows")
    table = (pa.ipc.open_stream(path) if is_stream else pa.ipc.open_file(path)).read_all()
    table.validate(full=True)
    frame = pl.read_ipc_stream(path) if is_stream else pl.read_ipc(path)
    answer[path.rsplit("/", 1)[-1]] = {
        "types": {field.name: str(field.type) for field in table.schema},
        "pyarrow": columns_of(table),
        "polars": polars_columns(frame),
    }
print(json.dumps(answer))
