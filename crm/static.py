"""Serve hashed, compressed files once ``collectstatic`` has run, and plain ones before."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one for a file that was added since ``collectstatic``."""
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name
