"""Where the back office is, and two ways to it that people and browsers take."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from paycore.backoffice import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin", views.show_the_way),
    path("favicon.ico", views.show_favicon),
    path("admin/", admin.site.urls),
]
