"""Writes an image of a container as the archive that `docker load` reads (image specification 1.2 of Docker).

Arguments: a JSON file with `name`, `tag`, `created`, `architecture`, `config`, `uid`, `gid`, and a file with store
paths, those that few others need last; then the folder whose content is the top layer. The archive goes to
standard output. The same input gives the same bytes.
"""

import datetime
import hashlib
import io
import json
import os
import sys
import tarfile


def seconds(text):
    """The time of a text in RFC 3339's form; `now` is the only one that differs from run to run."""
    if text == "now":
        return int(datetime.datetime.now(datetime.timezone.utc).timestamp())
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def stamp(time):
    """A time in RFC 3339's form."""
    return datetime.datetime.fromtimestamp(time, datetime.timezone.utc).isoformat()


class Layer:
    """An archive of files that is written twice: once for its hash and size, once into the image."""

    def __init__(self, entries, time):
        self.entries = entries
        self.time = time
        counter = Counter()
        self.write(counter)
        self.digest, self.size = counter.hash.hexdigest(), counter.size

    def write(self, out):
        """Writes the archive to a stream."""
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for source, place, owner in self.entries:
                self.add(archive, source, place, owner)

    def add(self, archive, source, place, owner):
        """Adds a file, or a folder with all in it in the order of names."""
        info = archive.gettarinfo(source, place)
        info.uid, info.gid = owner
        info.uname = info.gname = ""
        info.mtime = self.time
        if info.islnk():
            info.type, info.linkname, info.size = tarfile.REGTYPE, "", os.stat(source).st_size
        if info.isreg():
            with open(source, "rb") as file:
                archive.addfile(info, file)
        else:
            archive.addfile(info)
        if info.isdir():
            for name in sorted(os.listdir(source)):
                self.add(archive, os.path.join(source, name), os.path.join(place, name), owner)


class Counter(io.RawIOBase):
    """A stream that keeps nothing but the hash and the number of its bytes."""

    def __init__(self):
        super().__init__()
        self.hash, self.size = hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return len(data)


class Pipe(io.RawIOBase):
    """Passes on what is written, below an archive that goes on."""

    def __init__(self, out):
        super().__init__()
        self.out = out

    def write(self, data):
        return self.out.write(data)


def grouped(paths, most):
    """Store paths by layer: each its own, but for the last layer, which has what is left."""
    if len(paths) <= most:
        return [[path] for path in paths]
    return [[path] for path in paths[: most - 1]] + [paths[most - 1 :]]


def add_bytes(archive, name, data, time):
    """Adds a small file to the image."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), time, 0o444
    archive.addfile(info, io.BytesIO(data))


def add_layer(archive, layer, name, time):
    """Adds a layer to the image as it is made."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = layer.size, time, 0o444
    archive.addfile(info)
    layer.write(Pipe(archive.fileobj))
    # What `addfile` would have done after the content.
    rest = -layer.size % tarfile.BLOCKSIZE
    archive.fileobj.write(b"\0" * rest)
    archive.offset += layer.size + rest


def main(settings, store_paths, top):
    with open(settings, encoding="utf-8") as file:
        settings = json.load(file)
    with open(store_paths, encoding="utf-8") as file:
        paths = file.read().split()
    time = seconds(settings["created"])
    root = (0, 0)
    layers = [
        Layer([(path, path.lstrip("/"), root) for path in layer], time)
        for layer in grouped(paths, settings["maxLayers"] - 1)
    ]
    owner = (settings["uid"], settings["gid"])
    names = sorted(os.listdir(top))
    layers.append(Layer([(os.path.join(top, name), name, owner) for name in names], time))
    image = {
        "created": stamp(time),
        "architecture": settings["architecture"],
        "os": "linux",
        "config": settings["config"],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer.digest for layer in layers]},
        "history": [{"created": stamp(time)} for _ in layers],
    }
    image = json.dumps(image, sort_keys=True).encode()
    digest = hashlib.sha256(image).hexdigest()
    manifest = {
        "Config": digest + ".json",
        "RepoTags": [settings["name"] + ":" + settings["tag"]],
        "Layers": [layer.digest + "/layer.tar" for layer in layers],
    }
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        for layer in layers:
            add_layer(archive, layer, layer.digest + "/layer.tar", time)
        add_bytes(archive, digest + ".json", image, time)
        add_bytes(archive, "manifest.json", json.dumps([manifest]).encode(), time)


main(*sys.argv[1:])
