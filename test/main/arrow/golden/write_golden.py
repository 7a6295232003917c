"""Writes the Arrow files that test/main/arrow/python-writes.test.ts ingests: pip install pyarrow polars, then run it here.

Made with pyarrow 26.0.1 and polars 2.1.0.
"""
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc

LONG = "a text that is longer than a view holds in itself"
TABLE = pa.table(
    {
        "ts": pa.array([1, 2, 3, 4, 5], pa.timestamp("us", tz="UTC")),
        "int8": pa.array([1, None, -128, 4, 127], pa.int8()),
        "int16": pa.array([1, None, -32768, 4, 32767], pa.int16()),
        "int32": pa.array([1, None, -(2**31), 4, 2**31 - 1], pa.int32()),
        "int64": pa.array([1, None, -(2**63), 4, 2**63 - 1], pa.int64()),
        "uint8": pa.array([1, None, 255, 4, 5], pa.uint8()),
        "uint16": pa.array([1, None, 65535, 4, 5], pa.uint16()),
        "uint32": pa.array([1, None, 2**32 - 1, 4, 5], pa.uint32()),
        "uint64": pa.array([1, None, 2**63 - 1, 4, 5], pa.uint64()),
        "float16": pa.array(np.array([1.5, -0.0, 65504, 6e-8, np.inf], np.float16)),
        "float32": pa.array([1.5, None, -0.0, 1e-45, float("-inf")], pa.float32()),
        "float64": pa.array([0.1, None, -0.0, 5e-324, float("inf")], pa.float64()),
        "bool": pa.array([True, None, False, True, True]),
        "utf8": pa.array(["a", None, "", LONG, "ü😀"]),
        "large_utf8": pa.array(["a", None, "", LONG, "ü😀"], pa.large_string()),
        "utf8_view": pa.array(["a", None, "", LONG, "ü😀"], pa.string_view()),
        "binary": pa.array([b"a", None, b"", LONG.encode(), b"\x00\xff"]),
        "large_binary": pa.array([b"a", None, b"", LONG.encode(), b"\x00\xff"], pa.large_binary()),
        "binary_view": pa.array([b"a", None, b"", LONG.encode(), b"\x00\xff"], pa.binary_view()),
        "fixed": pa.array([b"abc", None, b"xyz", b"\x00\x01\x02", b"123"], pa.binary(3)),
        "dictionary": pa.array(["on", None, "off", "on", "on"]).dictionary_encode(),
        "numbers": pa.array([7, None, 8, 7, 9], pa.int64()).dictionary_encode(),
        "date": pa.array([1, None, -1, 4, 5], pa.date32()),
        "time": pa.array([1000, None, -1000, 4000, 5000], pa.timestamp("us")),
        "null": pa.nulls(5),
    }
)


def write(name, stream=False, compression=None):
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(name, TABLE.schema, options=options) as writer:
        # two batches, one of them a slice that does not begin at a byte of its bitmaps
        writer.write_table(TABLE.slice(0, 3))
        writer.write_table(TABLE.slice(3))


write("pyarrow.arrow")
write("pyarrow.arrows", stream=True)
write("pyarrow-lz4.arrows", stream=True, compression="lz4")
write("pyarrow-zstd.arrow", compression="zstd")
pa.feather.write_feather(TABLE, "pyarrow.feather")
frame = pl.DataFrame(
    {
        "ts": pl.Series([1, 2, 3], dtype=pl.Datetime("us")),
        "text": ["a", None, LONG],
        "category": pl.Series(["x", None, "y"], dtype=pl.Categorical),
        "number": [1.5, None, -0.0],
        "blob": [b"\x00", None, b""],
        "flag": [True, None, False],
    }
)
frame.write_ipc("polars.arrow")
frame.write_ipc_stream("polars.arrows")
