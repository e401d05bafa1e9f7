"""What attackers try: known vectors and tricks, random mutations, made-up requests."""

from __future__ import annotations
