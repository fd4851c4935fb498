"""The official Python SDK, unmodified, against the emulator. Each case is a function of its topic's file.

Prints, as JSON: the calls, the errors that were asserted by their tags, the routes that were called, and those that the SDK has a
method for and the emulator serves, but no case called.
"""

import json
import sys
import traceback

import case_content
import case_links
import case_people
import case_tree
from harness import Count, is_served, routes_of_the_sdk

broken = []
cases = case_people.CASES + case_content.CASES + case_tree.CASES + case_links.CASES
for case in (*cases, case_people.farewell):
    try:
        case()
    except Exception:
        broken.append(case.__name__)
        traceback.print_exc()
if broken:
    sys.exit(f"failed: {', '.join(broken)}")
assert is_served("files/upload") and not is_served("files/nothing")
assert Count.routes <= routes_of_the_sdk(), "the SDK's list is whole"
left_out = [name for name in sorted(routes_of_the_sdk() - Count.routes) if is_served(name)]
print(
    json.dumps(
        {"calls": Count.calls, "refusals": Count.refusals, "routes": sorted(Count.routes), "left_out": left_out}
    )
)
