"""Start Home Assistant without the default integrations that a test on one machine has no use for.

Left out is what calls out to the internet at the start and what needs native programs or libraries: each would only add
errors to the log. Everything else, the frontend included (without it Home Assistant starts in recovery mode), is as in a
fresh installation. mDNS stays on loopback. When standard input ends, whoever started it is dead, and so is this.
"""

import os
import sys
import threading

from homeassistant import __main__, bootstrap
from homeassistant.components import zeroconf

LEFT_OUT = {
    "analytics",  # calls out
    "marketplace",  # calls out
    "assist_satellite",  # voice, compiled libraries
    "tts",  # ffmpeg
    "camera",  # libturbojpeg
    "image_processing",  # camera
}

bootstrap.DEFAULT_INTEGRATIONS -= LEFT_OUT
zeroconf._async_get_zc_args = lambda hass: {"interfaces": ["127.0.0.1"], "ip_version": zeroconf.IPVersion.V4Only}


def follow():
    while os.read(0, 1):
        pass
    os._exit(1)


threading.Thread(target=follow, daemon=True).start()
sys.exit(__main__.main())
