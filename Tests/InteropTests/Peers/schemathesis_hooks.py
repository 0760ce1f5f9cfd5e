"""What schemathesis has to know of the link: names in certificates, hashes, and requests for certificates."""

import base64
import hashlib
import os

import requests.adapters
import schemathesis

station = os.environ["LINK_STATION"]
request = open(os.environ["LINK_REQUEST"]).read()
last = ("0/0", "0" * 64)

# A station is known by the one name in its certificate, which is no host's; who signed it is still checked.
plain = requests.adapters.HTTPAdapter.init_poolmanager


def init_poolmanager(self, *arguments, **more):
    plain(self, *arguments, assert_hostname=False, **more)


requests.adapters.HTTPAdapter.init_poolmanager = init_poolmanager


@schemathesis.serializer("application/x-pem-file")
def pem(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()


def chained(event):
    """The event as the next one of this station's journal; what else was made up for it stays."""
    global last
    body = event["data"].encode() if event.get("data") is not None else base64.b64decode(event.get("data_base64") or "")
    sequence = int(last[0].split("/")[1]) + 1
    place = (1).to_bytes(4, "big") + sequence.to_bytes(8, "big")
    digest = hashlib.sha256(bytes.fromhex(last[1]) + place + body).hexdigest()
    event = event | {
        "id": f"1/{sequence}", "epoch": 1, "sequence": str(sequence), "source": f"urn:linli:station:{station}",
        "previous": last[0], "previoushash": last[1], "hash": digest, "monotonic": event["monotonic"][:19],
    }
    last = (event["id"], digest)
    return event


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes of what fits the schema what the parent accepts. What was made wrong stays wrong."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if case.operation.path.endswith("/hello"):
        head = {"position": "1/1", "hash": "0" * 64}
        case.body = case.body | {"station": station, "versions": case.body["versions"] + [1], "head": head}
    elif case.operation.path.endswith("/events"):
        case.body = [chained(event) for event in case.body]
    elif case.operation.path.endswith("/readings"):
        # Not more devices in all than are kept of one station.
        readings = [item | {"asOf": "7"} for item in case.body["readings"][:5]]
        case.body = case.body | {"station": station, "monotonic": "9", "readings": readings}
    elif case.operation.path.endswith("/keys"):
        # Each name once, in order, in a stretch that holds them all.
        keys = {key["name"]: key for key in case.body["keys"]}
        keys = [keys[name] for name in sorted(keys)]
        case.body = case.body | {"station": station, "after": "", "through": "", "keys": keys}
    elif case.operation.path.endswith("/renew"):
        case.body = request
