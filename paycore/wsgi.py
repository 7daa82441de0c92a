"""What the web server calls."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paycore.settings.local")

application = get_wsgi_application()

# Every view is imported before the first request, not during it.
get_resolver().check()
# What is loaded by now stays for ever. Without this the collector would walk all of
# Django each time a batch makes many objects: a fifth of a batch's time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
