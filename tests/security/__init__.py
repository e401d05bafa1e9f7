"""What attackers try: public test vectors, known tricks, and random mutations."""

from __future__ import annotations
