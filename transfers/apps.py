from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not before the models are there.
        from risk.payments import SubjectType
        from risk.subjects import register_subject
        from transfers.services.held import HeldTransfers

        register_subject(SubjectType.TRANSFER, HeldTransfers())
