#!/usr/bin/env python3
"""Verifies a Vouch ledger without Vouch.

Written from the public texts alone (RFC 9162, RFC 8785, RFC 8032, C2SP signed-note and tlog-checkpoint) and from
docs/ledger.md; it shares no code with the product. Needs Python 3.9 and the package "cryptography".

    verify.py http://127.0.0.1:8020 --token-file token.txt --record incidents/INC-42
    verify.py FOLDER

A folder holds what the routes answer, one file an answer:
    checkpoint  key  entries-from-M.json  proof-index-I-size-N.json  proof-from-M-size-N.json  records/*.json
All proofs of a folder are checked; from a server as many as --samples and --pairs ask for, chosen at random.

Prints one JSON object. Exit status: 0 everything holds, 1 something was altered, 2 something could not be read.
"""

import argparse
import base64
import binascii
import hashlib
import http.client
import json
import pathlib
import random
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print(json.dumps({"ok": False, "unreadable": "the Python package cryptography is missing"}))
    sys.exit(2)

TIMEOUT_SECONDS = 60
ANSWER_BYTES_MAX = 256 * 1024 * 1024
INTEGER_MAX = 2**53 - 1
FIELD_LABEL = b"vouch-field-v1"


class Unreadable(Exception):
    """Something is missing or has no sense as an answer: exit status 2."""


class Different(Exception):
    """Something is there and wrong: exit status 1."""

    def __init__(self, what, where=None, expected=None, found=None):
        super().__init__(what)
        self.report = {"what": what, "where": where, "expected": expected, "found": found}

# --- where answers come from ---

def read_file(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error


class Server:
    """The REST routes below /api/v1."""

    def __init__(self, base, token):
        self.base = base.rstrip("/") + "/api/v1/"
        self.headers = {"Authorization": "Bearer " + token} if token else {}

    def get(self, path, **query):
        address = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        try:
            request = urllib.request.Request(address, headers=self.headers)
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.read(ANSWER_BYTES_MAX)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unreadable(f"{address}: {error}") from error

    def inclusions(self, size, options, chance):
        return [(index, size) for index in chance.sample(range(size), min(options.samples, size))]

    def pairs(self, size, options, chance):
        return [sorted(chance.choices(range(1, size + 1), k=2)) for _ in range(options.pairs if size else 0)]

    def records(self, options):
        return [name + "/proof" for name in options.record]


class Folder:
    """The same answers as files."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def get(self, path, **query):
        words = [str(word) for pair in query.items() if pair[0] != "limit" for word in pair]
        path = path.replace("ledger/", "")
        path = self.folder / ("-".join([path] + words) + ".json" if words else path)
        return read_file(path)

    def named(self, pattern):
        matches = (re.fullmatch(pattern, path.name) for path in sorted(self.folder.glob("proof-*")))
        return [(int(match[1]), int(match[2])) for match in matches if match]

    def inclusions(self, *_):
        return self.named(r"proof-index-(\d+)-size-(\d+)\.json")

    def pairs(self, *_):
        return self.named(r"proof-from-(\d+)-size-(\d+)\.json")

    def records(self, _options):
        return ["records/" + path.name for path in sorted(self.folder.glob("records/*.json"))]

# --- reading ---

def no_repeats(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def read_json(data, where):
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=no_repeats)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{where}: not the JSON that was expected: {error}") from error


def unbase64(text, where):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (AttributeError, ValueError, binascii.Error) as error:
        raise Unreadable(f"{where}: not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Unreadable(f"{where}: base64 with stray bits")
    return data


def read_proof(source, **query):
    """The hashes of a proof, and the leaf's hash if it is stated."""
    where = f"proof {query}"
    answer = read_json(source.get("ledger/proof", **query), where)
    try:
        stated = answer.get("leaf_hash")
        return [unbase64(item, where) for item in answer["hashes"]], stated and unbase64(stated, where)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{where}: no list of hashes") from error

# --- canonical JSON, RFC 8785, for values without fractions ---

SHORT_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def canonical(value):
    return canonical_text(value).encode("utf-8")


def canonical_text(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise ValueError(f"{value} is beyond 2^53 - 1")
        return str(value)
    if isinstance(value, str):
        escaped = (SHORT_ESCAPES.get(ord(c)) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value)
        return '"' + "".join(escaped) + '"'
    if isinstance(value, list):
        return "[" + ",".join(canonical_text(item) for item in value) + "]"
    if isinstance(value, dict):
        # Sorted by UTF-16 code units; big-endian bytes sort the same way.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical_text(key) + ":" + canonical_text(value[key]) for key in keys) + "}"
    raise ValueError(f"{type(value).__name__} has no canonical form here")

# --- signed note and checkpoint, C2SP ---

def read_key(text):
    """A verifier key, name+id+base64(0x01 ‖ key); returns name, id bytes, key bytes."""
    try:
        name, key_id, encoded = text.strip("\n").split("+", 2)
    except ValueError as error:
        raise Unreadable("key: expected name+id+base64") from error
    data = unbase64(encoded, "key")
    if len(data) != 33 or data[0] != 1:
        raise Unreadable("key: expected an Ed25519 key")
    computed = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if computed.hex() != key_id:
        raise Different("key id does not belong to this key", "key", computed.hex(), key_id)
    return name, computed, data[1:]


def open_checkpoint(note, key):
    """Verifies the signature; returns size and root."""
    name, key_id, public = key
    try:
        text, block = note.decode("utf-8").rsplit("\n\n", 1)
    except ValueError as error:
        raise Unreadable("checkpoint: not a signed note") from error
    text += "\n"
    if any(ord(c) < 32 and c != "\n" for c in text + block) or not block.endswith("\n"):
        raise Unreadable("checkpoint: not a signed note")
    verified = False
    for line in block[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Unreadable("checkpoint: a line below the empty line is no signature")
        signature = unbase64(parts[2], "checkpoint signature")
        if parts[1] != name or signature[:4] != key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
        except InvalidSignature as error:
            raise Different("signature of the checkpoint is wrong", "checkpoint") from error
        verified = True
    if not verified:
        raise Different("checkpoint is not signed by this key", "checkpoint", name)
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise Unreadable("checkpoint: expected origin, size and root")
    if lines[0] != name:
        raise Different("checkpoint is of another log", "checkpoint", name, lines[0])
    root = unbase64(lines[2], "checkpoint root")
    if len(root) != 32:
        raise Unreadable("checkpoint: root has not 32 bytes")
    return int(lines[1]), root

# --- Merkle tree, RFC 9162 section 2.1 ---

def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Stack:
    """Roots of the full subtrees from left to right, as RFC 9162 2.1.2 builds the tree."""

    def __init__(self):
        self.count = 0
        self.hashes = []

    def push(self, value):
        self.hashes.append(value)
        self.count += 1
        merges = self.count
        while merges % 2 == 0:
            right = self.hashes.pop()
            self.hashes.append(node_hash(self.hashes.pop(), right))
            merges //= 2

    def root(self):
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        value = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            value = node_hash(left, value)
        return value


def included(value, index, size, path, root):
    """RFC 9162 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, value
    for p in path:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            r = node_hash(p, r)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first, first_root, second, second_root, path):
    """RFC 9162 2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path
    if not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    fn, sn = first - 1, second - 1
    while fn % 2 == 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root

# --- the leaves and what is shown of them ---

def all_leaves(source, size):
    """The first `size` leaves in order."""
    index = 0
    while index < size:
        where = f"entries from {index}"
        page = read_json(source.get("ledger/entries", **{"from": index, "limit": 256}), where)
        try:
            entries = [(entry["index"], unbase64(entry["leaf"], where)) for entry in page["entries"]]
        except (KeyError, TypeError) as error:
            raise Unreadable(f"{where}: expected a list of index and leaf") from error
        if not entries:
            raise Different("leaves are missing", {"leaf": index}, size, index)
        for stated, leaf in entries:
            if stated != index:
                raise Different("leaves are out of order", {"leaf": index}, index, stated)
            if index < size:
                yield leaf
            index += 1


class Chains:
    """Each record's versions count 1, 2, 3, … and name the leaf before them."""

    def __init__(self, log):
        self.log = log
        self.last = {}
        self.indexes = {}
        self.successor = False
        self.continued = 0

    def check(self, index, leaf):
        where = {"leaf": index}
        try:
            members = read_json(leaf, f"leaf {index}")
            if canonical(members) != leaf:
                raise Different("leaf is not in its canonical form", where)
            record, version, previous = members["record"], members["version"], members.get("previous")
            if members["v"] != 1 or members["log"] != self.log:
                raise Different("leaf is of another log or format", where, self.log, members["log"])
            self.successor |= index == 0 and members["kind"] == "succession"
        except (Unreadable, ValueError, KeyError, TypeError) as error:
            raise Different(f"leaf has not the expected members: {error}", where) from error
        known = self.last.get(record)
        if self.successor and known is None and version != 1 and previous:
            # A successor log continues records whose earlier leaves are in the old log.
            self.continued += 1
        else:
            # Either this leaf was altered or the one before it.
            expected = [1, None] if known is None else [known[0] + 1, known[1]]
            where["leaf_before"] = None if known is None else known[2]
            if [version, previous] != expected:
                raise Different("record's chain of versions is broken", where, expected, [version, previous])
        self.last[record] = (version, leaf_hash(leaf).hex(), index)
        self.indexes.setdefault(record, []).append(index)


def check_openings(name, answer, leaves, chains, counts):
    """The shown leaves are all that the log has of this record, and the shown values are the sealed ones."""
    try:
        shown = [(item["index"], unbase64(item["leaf"], name), item["openings"]) for item in answer["leaves"]]
        known = {}
        for index, leaf, openings in shown:
            if not 0 <= index < len(leaves):
                counts["unsigned"] += 1
            elif leaf_hash(leaf) != leaves[index]:
                raise Different("shown leaf is not the logged one", {"record": name, "leaf": index})
            else:
                known[index] = read_json(leaf, name)["record"]
            check_fields(name, index, read_json(leaf, name).get("fields", {}), openings)
            counts["openings"] += len(openings)
        logged = chains.indexes.get(next(iter(known.values()), None), [])
        if not shown or chains.indexes and sorted(known) != logged:
            raise Different("shown leaves are not all of one record", {"record": name}, logged, sorted(known))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{name}: expected leaves with openings: {error}") from error


def check_fields(name, index, commitments, openings):
    for opening in openings:
        key, salt = opening["key"], bytes.fromhex(opening["salt"])
        where = {"record": name, "leaf": index, "field": key}
        material = FIELD_LABEL + len(key.encode()).to_bytes(4, "big") + key.encode() + salt
        found = hashlib.sha256(material + canonical(opening["value"])).hexdigest()
        if len(salt) != 32 or commitments.get(key) != found:
            raise Different("shown value is not the sealed one", where, commitments.get(key), found)

# --- putting it together ---

def roots_at(leaves, sizes):
    """Roots at these sizes, computed from the leaf hashes in one pass."""
    stack, roots = Stack(), {}
    for size in sorted(set(sizes)):
        if size > len(leaves):
            raise Different("a proof is for more leaves than the checkpoint has", None, len(leaves), size)
        for leaf in leaves[stack.count:size]:
            stack.push(leaf)
        roots[size] = stack.root()
    return roots


def verify(options, counts, summary):
    if options.token_file:
        options.token = read_file(options.token_file).decode("ascii", "replace").strip()
    source = Server(options.source, options.token) if "://" in options.source else Folder(options.source)
    note = source.get("ledger/checkpoint")
    key = read_key(options.key or source.get("ledger/key").decode("utf-8", "replace"))
    size, root = open_checkpoint(note, key)
    summary.update(origin=key[0], entries=size, root=root.hex(), key_pinned=bool(options.key))
    counts["signatures"] += 1

    leaves = []
    chains = Chains(key[0].split("/", 1)[-1])
    for index, leaf in enumerate(all_leaves(source, size)):
        leaves.append(leaf_hash(leaf))
        if options.chains:
            chains.check(index, leaf)
            counts["leaves_read"] += 1
    found = roots_at(leaves, [size])[size]
    if found != root:
        raise Different("leaves do not give the signed root", "checkpoint", root.hex(), found.hex())
    summary["records"], summary["continued_from_an_older_log"] = len(chains.last), chains.continued

    chance = random.Random(options.seed)
    inclusions, pairs = source.inclusions(size, options, chance), source.pairs(size, options, chance)
    known = roots_at(leaves, [at for _, at in inclusions] + [at for pair in pairs for at in pair])
    for index, at in inclusions:
        path, stated = read_proof(source, index=index, size=at)
        if index >= at or not included(leaves[index], index, at, path, known[at]):
            raise Different("inclusion proof is wrong", {"leaf": index, "size": at})
        if stated not in (None, leaves[index]):
            raise Different("stated leaf hash is wrong", {"leaf": index}, leaves[index].hex(), stated.hex())
        counts["inclusion_proofs"] += 1
    for start, end in pairs:
        path, _ = read_proof(source, **{"from": start, "size": end})
        if not consistent(start, known[start], end, known[end], path):
            raise Different("consistency proof is wrong", {"from": start, "size": end})
        counts["consistency_proofs"] += 1
    for name in source.records(options):
        check_openings(name, read_json(source.get(name), name), leaves, chains, counts)
        counts["record_proofs"] += 1
    if options.checkpoint:
        check_saved(options.checkpoint, source, key, (size, root), counts)


def check_saved(path, source, key, head, counts):
    """The log must continue what a checkpoint says that the reader kept: this finds a rewritten and re-signed log."""
    start, root = open_checkpoint(read_file(path), key)
    counts["signatures"] += 1
    size, now = head
    if start > size:
        raise Different("the log is shorter than the saved checkpoint", str(path), start, size)
    proof = [] if start in (0, size) else read_proof(source, **{"from": start, "size": size})[0]
    if not consistent(start, root, size, now, proof):
        raise Different("the log does not continue the saved checkpoint", str(path))
    counts["saved_checkpoints"] += 1


def main():
    parser = argparse.ArgumentParser(description="Verifies a Vouch ledger without Vouch.")
    add = parser.add_argument
    add("source", help="base address of a server, or a folder")
    add("--token", help="access token")
    add("--token-file", help="file with the access token")
    add("--key", help="the verifier key as known from elsewhere; else the source's own word")
    add("--checkpoint", help="a checkpoint kept from earlier, which the log must continue")
    add("--record", action="append", default=[], help="record to check, such as incidents/INC-42")
    add("--samples", type=int, default=64, help="inclusion proofs to ask a server for")
    add("--pairs", type=int, default=32, help="consistency proofs to ask a server for")
    add("--seed", type=int, help="makes the choice repeatable")
    add("--no-chains", dest="chains", action="store_false", help="hash leaves without reading them")
    options = parser.parse_args()
    names = "signatures leaves_read inclusion_proofs consistency_proofs record_proofs openings unsigned saved_checkpoints"
    counts = dict.fromkeys(names.split(), 0)
    summary, status = {"ok": False}, 2
    try:
        verify(options, counts, summary)
        summary["ok"], status = True, 0
    except Different as difference:
        summary["first_difference"], status = difference.report, 1
    except Unreadable as error:
        summary["unreadable"] = str(error)
    summary["checked"] = counts
    print(json.dumps(summary, indent=2))
    return status


if __name__ == "__main__":
    sys.exit(main())
