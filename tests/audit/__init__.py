"""Audits: what Lighthouse and axe-core, pinned here, say of the pages."""
