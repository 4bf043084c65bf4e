"""What the page is built of is what the lock file and the documents say."""

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = files("mmext.viewing") / "static"


def test_the_notices_are_of_the_locked_versions():
    lock = json.loads((ROOT / "viewer" / "package-lock.json").read_text())["packages"]
    notices = (STATIC / "openlayers.NOTICES.txt").read_text()
    found = re.findall(r"^={72}\n(\S+) (\S+) \((.+)\)$", notices, re.M)
    assert {"ol", "geotiff"} <= {name for name, _, _ in found}
    for name, version, licence in found:
        locked = lock[f"node_modules/{name}"]
        assert (locked["version"], locked["license"]) == (version, licence)
        assert locked["integrity"].startswith("sha512-")


def test_the_bundle_is_the_one_that_the_documents_name():
    page = (ROOT / "docs" / "viewing.md").read_text()
    found = hashlib.sha256((STATIC / "openlayers.js").read_bytes()).hexdigest()
    assert found in page


def test_the_page_refers_to_nothing_elsewhere():
    for file in STATIC.iterdir():
        if not file.name.startswith("openlayers"):
            assert not re.search(r"https?://|//\w+\.\w+/", file.read_text()), file.name
