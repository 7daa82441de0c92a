from django.apps import AppConfig


class FxConfig(AppConfig):
    name = "fx"
    default_auto_field = "django.db.models.BigAutoField"
