"""The action record.append, for tests: appends what an automation hands over to a file, and says so only when it is on the disk.

While the file "hold" is in the configuration folder, Home Assistant does not get further than NOT_RUNNING.
"""

import asyncio
import json
import os
import time

import homeassistant.helpers.config_validation as cv

DOMAIN = "record"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass, config):
    """Register the action."""
    fd = await hass.async_add_executor_job(
        os.open, hass.config.path("record.jsonl"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600
    )

    def write(line):
        os.write(fd, line)
        os.fsync(fd)

    async def append(call):
        line = json.dumps({"at": time.time(), **call.data}) + "\n"
        await hass.async_add_executor_job(write, line.encode())

    hass.services.async_register(DOMAIN, "append", append)
    while await hass.async_add_executor_job(os.path.exists, hass.config.path("hold")):
        await asyncio.sleep(0.05)
    return True
