from django.apps import AppConfig


class StackConfig(AppConfig):
    name = "paycore.stack"
    label = "stack"
    verbose_name = "Stack"
