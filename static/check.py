"""Check a saved record of answers: python3 check.py record.jsonl heads.txt."""

import hashlib
import json
import sys

SEALED = {"sequence", "sealed", "previous_hash", "hash"}


def check(holds, problem):
    """End with the problem unless all holds; no assert, since -O would leave it out."""
    if not holds:
        sys.exit(problem)


def canonical(event):
    """Return an event as it was hashed."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def read(line, where):
    """Return the event of a line."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    check(isinstance(event, dict), f"{where}: not written as an event is")
    return event


hashes, previous = [], "0" * 64
for number, line in enumerate(open(sys.argv[1], encoding="utf-8"), start=1):
    where = f"{sys.argv[1]}, line {number}"
    event = read(line, where)
    if number == 1 and "hash" not in event:
        continue  # Licence, credit and imprint.
    check(canonical(event) == line.rstrip("\n"), f"{where}: not written as an event is")
    check(event.get("sequence") == len(hashes) + 1, f"{where}: not event {len(hashes) + 1}")
    check(event.get("previous_hash") == previous, f"{where}: not chained to the one before")
    is_sealed = event.keys() == SEALED and event["sealed"] is True
    previous = event.pop("hash", None)
    computed = hashlib.sha256(canonical(event).encode()).hexdigest()
    check(is_sealed or computed == previous, f"{where}: changed")
    hashes.append(previous)
for number, line in enumerate(open(sys.argv[2], encoding="utf-8"), start=1):
    if line.startswith("#"):
        continue
    where = f"{sys.argv[2]}, line {number}"
    check(len(line.split()) == 3, f"{where}: not a day, a number and a hash")
    day, count, head = line.split()
    is_head = count.isdigit() and hashes[int(count) - 1 : int(count)] == [head]
    check(is_head, f"{where}: not the head of {day}")
print(len(hashes), "events hold; the last hash is", previous)
