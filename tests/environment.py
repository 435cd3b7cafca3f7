"""What kind of run this is."""

from __future__ import annotations

import os

# AddressSanitizer holds memory of its own, replaces malloc, and slows the engine down.
SANITIZED = "san.so" in os.environ.get("LD_PRELOAD", "")
