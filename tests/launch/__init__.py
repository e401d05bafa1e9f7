"""Tests of starting and stopping, with an app of one page."""
