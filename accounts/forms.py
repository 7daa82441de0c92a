"""How staff get into the back office, and change their password there."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import User
from paycore.api.errors import RateLimited
from paycore.api.ratelimit import Tier, address_of, count_request
from paycore.lib.errors import ServiceUnavailable
from paycore.lib.origin import Origin

if TYPE_CHECKING:
    # unfold has no types; its forms add only how they look.
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
    from django.contrib.auth.forms import PasswordChangeForm
else:
    from unfold.forms import AdminOwnPasswordChangeForm as PasswordChangeForm
    from unfold.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Email and password, tried no more often than the API lets anybody try."""

    def clean(self) -> dict[str, Any]:
        assert self.request is not None, "The site passes its request."
        try:
            count_request(Tier.ANONYMOUS, address_of(self.request), is_closed=True)
        except (RateLimited, ServiceUnavailable) as refusal:
            raise ValidationError(refusal.detail) from refusal
        return super().clean()


class NewPasswordForm(PasswordChangeForm):
    """One's own new password. It ends the tokens that one has, too."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT002  # Django's signature.
        self.user = services.set_password(
            user_id=self.user.pk,
            password=self.cleaned_data["new_password1"],
            origin=Origin.of_user(self.user.pk),
        )
        return self.user
