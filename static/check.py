"""Check a saved record of answers: python3 check.py record.jsonl heads.txt."""

import hashlib
import json
import sys

hashes, previous = [], "0" * 64
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    if "licence" in event:
        continue
    stored = event.pop("hash")
    assert event["previous_hash"] == previous, f"not chained: {event['sequence']}"
    if not event.get("sealed"):
        text = json.dumps(event, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == stored, f"changed: {event['sequence']}"
    hashes.append(stored)
    previous = stored
for line in open(sys.argv[2], encoding="utf-8"):
    if line.startswith("#"):
        continue
    day, count, head = line.split()
    assert hashes[int(count) - 1 : int(count)] == [head], f"not the head of {day}"
print(len(hashes), "events hold; the last hash is", previous)
