"""Runs one Python peer for bench/peers/python.ts: a JSON line in for each call, a JSON line out when it is done."""

import importlib.metadata
import json
import os
import sys
import time

import numpy

from contestants import PEERS

COLUMNS = ("ts", "temp", "pressure", "vib", "count")


def load(path):
    """A table's columns, as bench/peers/python.ts wrote them one after the other."""
    values = numpy.fromfile(path, dtype="<f8").reshape(len(COLUMNS), -1)
    return dict(zip(COLUMNS, values))


def sync_files(folder):
    for below, _, names in os.walk(folder):
        for name in names:
            fd = os.open(os.path.join(below, name), os.O_RDWR)
            os.fsync(fd)
            os.close(fd)


def main():
    peer = PEERS[sys.argv[1]]()
    folder = None
    version = importlib.metadata.version(peer.package)
    for line in sys.stdin:
        call = json.loads(line)
        answer = {}
        if call["do"] == "version":
            answer["version"] = version
        elif call["do"] == "open":
            folder = call["folder"]
            peer.create(folder, {name: load(path) for name, path in call["tables"]}, call["w1"])
        elif call["do"] == "append":
            if call["work"] == "w1":
                peer.append_rows(call["names"])
            else:
                peer.append_batches(call["names"], call["batch"])
        elif call["do"] == "durable":
            peer.finish()
            sync_files(folder)
        elif call["do"] == "close":
            peer.close()
        elif call["do"] == "reopen":
            peer.reopen()
        elif call["do"] == "compact":
            peer.compact()
        elif call["do"] == "read":
            back = peer.read(call["name"])
            numpy.concatenate([numpy.asarray(back[each], dtype="<f8") for each in COLUMNS]).tofile(call["into"])
        answer["cpu"] = time.process_time()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
