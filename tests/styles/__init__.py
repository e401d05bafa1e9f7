"""The forms and pages in apps with other styles."""
