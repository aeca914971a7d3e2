"""Print what the default integrations of Home Assistant, and those named on the command line, require.

Run with the Python of the environment in which Home Assistant is installed: `install.sh pin` does.
"""

import json
import pathlib
import sys

from homeassistant import bootstrap

components = pathlib.Path(bootstrap.__file__).parent / "components"
# Voice: its libraries have no wheels and would need a compiler, and nothing else needs them.
skip = {"assist_pipeline", "assist_satellite"}
todo = [*bootstrap.CORE_INTEGRATIONS, *bootstrap.DEFAULT_INTEGRATIONS, "isal", *sys.argv[1:]]
seen, requirements = set(), set()
while todo:
    domain = todo.pop()
    if domain in seen | skip:
        continue
    seen.add(domain)
    manifest = json.loads((components / domain / "manifest.json").read_text())
    todo += manifest.get("dependencies", [])
    requirements.update(manifest.get("requirements", []))
print("\n".join(sorted(requirements)))
