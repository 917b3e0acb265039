#!/usr/bin/python3
"""Many versions of documents: what was published or refused before never stands in the way of the next one."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import zoneinfo  # noqa: E402 pylint: disable=wrong-import-position

from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

NORTH = "{code: north, name: 北, parent: city}"
DAEMON = []


def with_zone(name, parent="city"):
    return CITY.replace(NORTH, f"{{code: north, name: 北, parent: {parent}, zone: {name}}}")


def test_zones():
    """Zones that a refused registry names take no place; those of registries in force have enough."""
    daemon = city()
    DAEMON.append(daemon)
    office = Client(daemon, "office")
    zones = sorted(name for name in zoneinfo.available_timezones() if name.startswith(("Europe/", "America/", "Asia/")))
    refused = {office.publish(1, with_zone(name, "nowhere")).error.code for name in zones[:300]}
    same(refused, {DOCUMENT}, "300 registries with an error, each with another zone, are refused")
    taken = [office.publish(1, with_zone(name)).WhichOneof("result") for name in zones[:60]]
    same(set(taken), {"receipt"}, "60 registries follow each other, each with another zone")


def test_versions():
    """More versions of a policy than a year has days."""
    daemon = DAEMON[0]
    office = Client(daemon, "office")
    policy = (ROOT / "policy" / "municipal.yaml").read_text()
    taken = [office.publish(2, policy, "municipal.yaml").WhichOneof("result") for _ in range(400)]
    same(set(taken), {"receipt"}, "400 versions are published")
    is_served(daemon, "under the last")
    daemon.kill()
    daemon.start()
    is_served(daemon, "after a restart")


main(test_zones, test_versions)
