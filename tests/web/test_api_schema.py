"""The description of the API holds together; ``tests.trial`` compares it with the answers."""

import json
import re

from flask import Flask


def test_every_reference_of_the_description_leads_somewhere(app: Flask) -> None:
    text = app.test_client().get("/api/v1/openapi.json").text
    document = json.loads(text)
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        found = document
        for step in reference.split("/"):
            found = found[step]
        assert found


def test_the_description_is_openapi_3_1_and_names_every_address(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    routes = {
        rule.rule.replace("int:", "")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    assert described == routes
