from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "payouts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before the models are there.
        from payouts.services.held import HeldPayouts
        from risk.payments import SubjectType
        from risk.subjects import register_subject

        register_subject(SubjectType.PAYOUT, HeldPayouts())
