from django.apps import AppConfig

# As a module: a second config in this namespace would compete to be the default.
from django.contrib.admin import apps as admin_apps


class BackOfficeConfig(AppConfig):
    name = "paycore.backoffice"
    label = "backoffice"
    default = True


class BackOfficeAdmin(admin_apps.AdminConfig):
    """Django's admin, with a site of ours instead of its own."""

    default = False
    default_site = "paycore.backoffice.site.BackOfficeSite"
