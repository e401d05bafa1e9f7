"""What devices are called in the list of them."""

from __future__ import annotations

import subprocess
import sys

FIRST_LOOK = """
import time
from authdemo.devtools.state import client_name

began = time.thread_time()
client_name("Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0.0.0 Safari/537.36")
print(time.thread_time() - began)
"""


def test_first_client_name_blocks_no_request() -> None:
    looked = subprocess.run(
        [sys.executable, "-c", FIRST_LOOK], capture_output=True, text=True, check=True
    )
    assert float(looked.stdout) < 0.02
