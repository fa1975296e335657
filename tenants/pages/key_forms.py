"""The forms about keys."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from tenants.callers import Caller
from tenants.models import SPACE_NAME, Permission, SigningKey
from tenants.operations import Action
from tenants.pages.page_form import PageForm
from tenants.services.key_ends import AS_BEFORE, AsBefore
from tenants.services.keys import KeyView, NewKey, create_key, rotate_key
from tenants.services.signing_keys import SigningKeyView, create_signing_key, rotate_signing_key

NEVER, SAME = "never", "same"
# Days until a key ends.
LIFETIMES = [(NEVER, "When it is revoked"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")]
DAY = 86_400
GRACES = [("0", "At once"), ("3600", "In an hour"), ("86400", "In a day")]
MOST_SPACES = 100


def _ends_at(lifetime: str) -> datetime | None:
    return None if lifetime in ("", NEVER) else timezone.now() + timedelta(days=int(lifetime))


def lifetime_of(key: KeyView | SigningKeyView) -> str:
    """As one of the choices: how long a key was to live when it was made, which one in its place is likely to as well."""
    if key.expires_at is None:
        return NEVER
    days = str(round((key.expires_at - key.created_at) / timedelta(days=1)))
    return days if days in dict(LIFETIMES) else SAME


class SpacesField(forms.CharField):
    """Names of spaces, one a line or with commas or blanks between."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys((super().to_python(value) or "").replace(",", " ").split()))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST_SPACES:
            raise forms.ValidationError(f"This names {len(value):,} spaces; allowed: {MOST_SPACES}.", "max_length")
        for name in value:
            SPACE_NAME(name)

    def run_validators(self, value: Any) -> None:
        """Each name has had its own."""


class NewKeyForm(PageForm):
    name = forms.CharField(max_length=100, help_text="The application that is to use it.")
    spaces = SpacesField(
        help_text="Names of spaces, one a line: your own, or shared with you.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    permissions = forms.MultipleChoiceField(
        label="It may",
        choices=Permission.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Permission.READ.value, Permission.WRITE.value],
    )
    lifetime = forms.ChoiceField(label="It ends", choices=LIFETIMES, required=False)
    named = {"expires_at": "lifetime"}

    def create(self, caller: Caller) -> NewKey | None:
        """Make the key; ``None`` for a space or permission that the tenant does not hold."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        spaces = dict.fromkeys(given["spaces"], frozenset(given["permissions"]))
        return self.carry_out(
            caller,
            Action.CREATE_KEY,
            lambda: create_key(caller, None, spaces, name=given["name"], expires_at=_ends_at(given["lifetime"])),
        )


class RotationForm(PageForm):
    lifetime = forms.ChoiceField(label="The new key ends", choices=[(SAME, "When the old one was to"), *LIFETIMES])
    grace = forms.TypedChoiceField(
        label="The old key ends", choices=GRACES, coerce=int, initial=DAY, help_text="Until then both work."
    )

    named = {"expires_at": "lifetime"}

    @property
    def grace_given(self) -> timedelta:
        return timedelta(seconds=self.cleaned_data["grace"])

    @property
    def end_given(self) -> datetime | AsBefore | None:
        lifetime = self.cleaned_data["lifetime"]
        return AS_BEFORE if lifetime == SAME else _ends_at(lifetime)


class RotateForm(RotationForm):
    def rotate(self, caller: Caller, key_id: UUID) -> NewKey | None:
        """Put a new key in its place; ``None`` for one that has ended or was rotated before."""
        if not self.is_valid():
            return None
        return self.carry_out(
            caller,
            Action.ROTATE_KEY,
            lambda: rotate_key(caller, key_id, grace=self.grace_given, expires_at=self.end_given),
        )


class PublicKeyForm(PageForm):
    public_key = forms.CharField(
        label="Public key",
        required=False,
        max_length=10_000,
        help_text="PEM, for EdDSA and RS256.",
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "placeholder": "-----BEGIN PUBLIC KEY-----"}),
    )

    def clean_public_key(self) -> str | None:
        given: str = self.cleaned_data["public_key"]
        if "PRIVATE KEY" in given:
            # It should not stand in the answer too.
            self.data = dict(self.data.items()) | {"public_key": ""}
        return given or None


class NewSigningKeyForm(PublicKeyForm):
    name = forms.CharField(max_length=100, help_text="The backend that is to sign with it.")
    algorithm = forms.ChoiceField(
        choices=[
            (SigningKey.Algorithm.EDDSA.value, "EdDSA: you keep the private key"),
            (SigningKey.Algorithm.RS256.value, "RS256: you keep the private key"),
            (SigningKey.Algorithm.HS256.value, "HS256: a secret, shown once"),
        ],
    )
    lifetime = forms.ChoiceField(label="It ends", choices=LIFETIMES, required=False)
    field_order = ["name", "algorithm", "public_key", "lifetime"]
    named = {"expires_at": "lifetime"}

    def create(self, caller: Caller) -> tuple[SigningKeyView, str | None] | None:
        """Register the key, and give the secret if one was drawn; ``None`` for a public key that will not do."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        return self.carry_out(
            caller,
            Action.CREATE_SIGNING_KEY,
            lambda: create_signing_key(
                caller,
                name=given["name"],
                algorithm=given["algorithm"],
                public_key=given["public_key"],
                expires_at=_ends_at(given["lifetime"]),
            ),
        )


class RotateSigningKeyForm(RotationForm, PublicKeyForm):
    """A key of HS256 takes no public key: its page does not ask for one."""

    field_order = ["public_key", "lifetime", "grace"]

    def rotate(self, caller: Caller, key_id: UUID) -> tuple[SigningKeyView, str | None] | None:
        """Put a new key in its place; ``None`` for one that has ended or was rotated before, or a public key that will not do."""
        if not self.is_valid():
            return None
        return self.carry_out(
            caller,
            Action.ROTATE_SIGNING_KEY,
            lambda: rotate_signing_key(
                caller,
                key_id,
                public_key=self.cleaned_data["public_key"],
                grace=self.grace_given,
                expires_at=self.end_given,
            ),
        )
