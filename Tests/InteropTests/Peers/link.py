"""What tools of others say of the link's files: `files FOLDER`, or `answers FOLDER`, which reads lines of a schema's name and a JSON value."""

import base64
import hashlib
import json
import pathlib
import sys

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

folder = pathlib.Path(sys.argv[2])
openapi = yaml.safe_load((folder / "openapi.yaml").read_text())
events = json.loads((folder / "events.schema.json").read_text())
values = json.loads((folder / "readings.schema.json").read_text())
registry = Registry().with_resources([
    ("file:///openapi.yaml", Resource(openapi, DRAFT202012)),
    ("file:///events.schema.json", Resource(events, DRAFT202012)),
    ("file:///readings.schema.json", Resource(values, DRAFT202012)),
])


def check(value, schema, what):
    """`schema` is a reference; relative ones in it are found beside the OpenAPI file."""
    validator = Draft202012Validator({"$ref": schema}, registry=registry, format_checker=FormatChecker())
    for error in validator.iter_errors(value):
        sys.exit(f"{what}: {error.json_path}: {error.message}")


def pointer(parts):
    return "file:///openapi.yaml#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def examples(node, parts):
    """Every example of a media type, wherever it stands."""
    count = 0
    if isinstance(node, dict):
        if "example" in node and "schema" in node:
            check(node["example"], pointer(parts + ["schema"]), "/".join(parts))
            count += 1
        for key, value in node.items():
            count += examples(value, parts + [str(key)])
    return count


def chain(batch):
    """Each hash reckoned anew, and each entry after the one before it."""
    last = None
    for event in batch:
        body = event["data"].encode() if "data" in event else base64.b64decode(event["data_base64"])
        place = event["epoch"].to_bytes(4, "big") + int(event["sequence"]).to_bytes(8, "big")
        found = hashlib.sha256(bytes.fromhex(event["previoushash"]) + place + body).hexdigest()
        if found != event["hash"] or event["id"] != f"{event['epoch']}/{event['sequence']}":
            sys.exit(f"{event['id']}: hash {found}")
        if last and (event["previous"], event["previoushash"]) != last:
            sys.exit(f"{event['id']}: does not follow {last}")
        last = (event["id"], event["hash"])


def files():
    validate(openapi, base_uri=(folder / "openapi.yaml").resolve().as_uri())
    Draft202012Validator.check_schema(events)
    Draft202012Validator.check_schema(values)
    count = examples(openapi, [])
    batch = json.loads((folder / "Vectors/batch.json").read_text())
    check(batch, "file:///events.schema.json", "batch.json")
    chain(batch)
    receipt = json.loads((folder / "Vectors/receipt.json").read_text())
    check(receipt, pointer(["components", "schemas", "Receipt"]), "receipt.json")
    data = [line[6:] for line in (folder / "Vectors/command.txt").read_text().splitlines() if line.startswith("data: ")]
    check(json.loads(data[0]), pointer(["components", "schemas", "Command"]), "command.txt")
    readings = json.loads((folder / "Vectors/readings.json").read_text())
    check(readings, "file:///readings.schema.json", "readings.json")
    for change in ({"unit": "V"}, {"quantity": "upTimeSeconds"}, {"value": 2**53}, {"device": "A/256"}, {"asOf": "-1"}):
        if Draft202012Validator(values).is_valid(readings | {"readings": [readings["readings"][0] | change]}):
            sys.exit(f"taken: {change}")
    # What the schema must not take.
    for change in ({"hash": "0"}, {"epoch": 0}, {"data_base64": "YQ=="}, {"specversion": "0.3"}, {"time": "yesterday"}):
        if Draft202012Validator(events, format_checker=FormatChecker()).is_valid([batch[0] | change]):
            sys.exit(f"taken: {change}")
    print(f"{count} examples, {len(batch)} entries")


def answers():
    count = 0
    for line in sys.stdin:
        name, text = line.split(" ", 1)
        check(json.loads(text), pointer(["components", "schemas", name]), name)
        count += 1
    print(f"{count} answers")


{"files": files, "answers": answers}[sys.argv[1]]()
