"""The file that a form gives away, as a marketer uploads it."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from .webforms import offers

_MEGABYTES = offers.MOST_BYTES // 1024**2


class OfferFileForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text=f"PDF, Office, EPUB, ZIP, pictures, sound or film; {_MEGABYTES} MB at most.",
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > offers.MOST_BYTES:
            raise forms.ValidationError(f"A file may have {_MEGABYTES} MB at most.")
        if offers.kind_of(file.name or "") is None:
            endings = ", ".join(sorted(offers.KINDS))
            raise forms.ValidationError(f"Only files that end in one of these are given away: {endings}.")
        return file
