"""The Python peers, each as its own documentation says is fastest. What is timed: append_*, then finish and an fsync of all files."""

import os

import numpy
import pyarrow
import pyarrow.parquet

VALUES = ("temp", "pressure", "vib", "count")
#: Far after every row.
LAST_MS = 2**52


def record_batch(columns, start, end, ts_name="ts"):
    """Rows as an Arrow batch; the floats are not copied. Preparing it is the price of an Arrow client."""
    arrays = [pyarrow.array(columns["ts"][start:end].astype("<i8"))]
    arrays += [pyarrow.array(columns[name][start:end]) for name in VALUES]
    return pyarrow.record_batch(arrays, names=[ts_name, *VALUES])


def batches(tables, names, size):
    """(table, first row, row after the last), tables in turn."""
    rows = len(tables[names[0]]["ts"])
    for start in range(0, rows, size):
        for name in names:
            yield name, start, min(rows, start + size)


class Peer:
    """`tables` are numpy arrays by column, by table."""

    def create(self, folder, tables, by_row):
        self.folder, self.tables = folder, tables
        self.rows = {name: self.prepared(columns) for name, columns in tables.items()} if by_row else {}
        self.start()

    def prepared(self, columns):
        """Each row as the client takes it: untimed, as the rows of the other engines are prepared, too."""
        values = numpy.stack([columns[name] for name in VALUES], axis=1).tolist()
        return list(zip(columns["ts"].astype("<i8").tolist(), values))

    def finish(self):
        pass

    def compact(self):
        pass


class Parquet(Peer):
    """pyarrow's writer with zstd, a file for each table, a row group for each batch; compaction makes one of all rows."""

    package = "pyarrow"

    def path(self, name):
        return os.path.join(self.folder, name + ".parquet")

    def start(self):
        schema = record_batch(next(iter(self.tables.values())), 0, 0).schema
        self.writers = {name: pyarrow.parquet.ParquetWriter(self.path(name), schema, compression="zstd") for name in self.tables}

    def append_batches(self, names, size):
        for name, start, end in batches(self.tables, names, size):
            self.writers[name].write_batch(record_batch(self.tables[name], start, end))
        # Without its footer a file cannot be read.
        for name in names:
            self.writers.pop(name).close()

    def close(self):
        for writer in self.writers.values():
            writer.close()
        self.writers = {}

    def reopen(self):
        pass

    def compact(self):
        for name in self.tables:
            table = pyarrow.parquet.read_table(self.path(name))
            pyarrow.parquet.write_table(table, self.path(name), compression="zstd")

    def read(self, name):
        table = pyarrow.parquet.read_table(self.path(name))
        return {column: table[column].to_numpy() for column in table.column_names}


class NanotsDb(Peer):
    """nanots-db: rows by append_row, batches as Arrow capsules, which its documentation recommends; flush, then fsync."""

    package = "nanots-db"

    def start(self):
        self.files = {name: "w.ntt" for name in self.tables}
        self.reopen()
        for name, db in self.dbs.items():
            db.create_table(name, list(VALUES))

    def open_file(self, file):
        import nanots_db

        return nanots_db.Db(os.path.join(self.folder, file))

    def reopen(self):
        opened = {file: self.open_file(file) for file in set(self.files.values())}
        self.dbs = {name: opened[file] for name, file in self.files.items()}

    def append_rows(self, names):
        appends = [self.dbs[name].append_row for name in names]
        for rows in zip(*(self.rows[name] for name in names)):
            for name, append, (ts, values) in zip(names, appends, rows):
                append(name, ts, values)

    def append_batches(self, names, size):
        for name, start, end in batches(self.tables, names, size):
            capsules = record_batch(self.tables[name], start, end, "ts_ms").__arrow_c_array__()
            self.dbs[name].append_rows_arrow_capsules(name, *capsules)

    def finish(self):
        for db in self.dbs.values():
            db.flush()

    def close(self):
        self.finish()
        self.dbs = {}

    def compact(self):
        """Each table into a file of its own first: 0.1.0 cannot pack a second table of a file (\"record type mismatch\")."""
        for name in self.tables:
            own = self.open_file(name + ".ntt")
            own.create_table(name, list(VALUES))
            own.append_rows_arrow_capsules(name, *self.dbs[name].query_table_range_arrow_capsules(name, 0, LAST_MS))
            own.flush()
            own.pack_table(name, 8192)
            self.files[name] = name + ".ntt"
        self.close()
        for file in os.listdir(self.folder):
            if file.startswith("w.ntt"):
                os.remove(os.path.join(self.folder, file))
        self.reopen()

    def read(self, name):
        ts, columns = self.dbs[name].query_table_range_columns(name, 0, LAST_MS)
        return {"ts": ts, **dict(zip(VALUES, columns))}


class Nanots(Peer):
    """nanots keeps frames of bytes in a file made at full size: a row is a frame of four doubles, a batch one of all columns."""

    package = "nanots"
    BLOCK_BYTES = 1024 * 1024
    #: Of a frame's header and of a block's index, at most; and blocks for each stream's last, which is not full.
    FRAME_BYTES = 64

    def start(self):
        import nanots

        self.path = os.path.join(self.folder, "w.nts")
        rows = sum(len(columns["ts"]) for columns in self.tables.values())
        blocks = rows * (40 + self.FRAME_BYTES) // self.BLOCK_BYTES + 2 * len(self.tables) + 2
        nanots.allocate_file(self.path, self.BLOCK_BYTES, blocks)
        self.writer = nanots.Writer(self.path)
        self.contexts = {name: self.writer.create_context(name, name) for name in self.tables}

    def prepared(self, columns):
        values = numpy.stack([columns[name] for name in VALUES], axis=1)
        return list(zip(columns["ts"].astype("<i8").tolist(), (row.tobytes() for row in values)))

    def append_rows(self, names):
        write = self.writer.write
        for rows in zip(*(self.rows[name] for name in names)):
            for name, (ts, data) in zip(names, rows):
                write(self.contexts[name], data, 0, ts)

    def append_batches(self, names, size):
        for name, start, end in batches(self.tables, names, size):
            columns = self.tables[name]
            data = b"".join(columns[each][start:end].tobytes() for each in ("ts", *VALUES))
            self.writer.write(self.contexts[name], data, 0, int(columns["ts"][start]))

    def close(self):
        self.contexts = self.writer = None

    def reopen(self):
        pass

    def read(self, name):
        import nanots

        frames = nanots.Reader(self.path).read(name, 0, LAST_MS)
        if self.rows:
            values = numpy.frombuffer(b"".join(frame["data"] for frame in frames)).reshape(-1, len(VALUES))
            return {"ts": [frame["timestamp"] for frame in frames], **{each: values[:, i] for i, each in enumerate(VALUES)}}
        parts = [numpy.frombuffer(frame["data"]).reshape(1 + len(VALUES), -1) for frame in frames]
        return dict(zip(("ts", *VALUES), numpy.concatenate(parts, axis=1)))


PEERS = {"parquet": Parquet, "nanots-db": NanotsDb, "nanots": Nanots}
