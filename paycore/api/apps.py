from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "paycore.api"
    label = "api"
    verbose_name = "API"
