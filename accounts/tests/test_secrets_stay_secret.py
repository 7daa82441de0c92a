"""Passwords, tokens and keys are neither stored nor logged."""

import logging

import pytest
from django.db import connection

from paycore.testing.cast import PASSWORD, Caller

pytestmark = pytest.mark.django_db
LOGIN = {"email": "ada@paycore.example", "password": PASSWORD}


def everything_stored():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            yield "\n".join(row for (row,) in cursor.fetchall())


def test_whatever_somebody_does(anonymous, caplog):
    caplog.set_level(logging.DEBUG)

    anonymous.post("/v1/users", LOGIN, key="once")
    anonymous.post("/v1/users", LOGIN, key="once")
    anonymous.post("/v1/users", LOGIN | {"password": [PASSWORD]})
    session = anonymous.post("/v1/auth/login", LOGIN, key="once").json()
    ada = Caller(headers={"Authorization": f"Bearer {session['access']}"})
    body = {"name": "Till 7", "scopes": ["accounts:read"]}
    key = ada.post("/v1/api-keys", body, key="once").json()["key"]
    server = Caller(headers={"X-API-Key": key})
    assert server.get("/v1/users/me").status_code == 200
    assert server.get("/v1/api-keys").status_code == 403
    refreshed = anonymous.post("/v1/auth/refresh", {"refresh": session["refresh"]})

    traces = [caplog.text, *everything_stored()]
    assert "ada@paycore.example" in "".join(traces)
    for secret in (
        PASSWORD,
        key[12:],
        session["access"].rpartition(".")[2],
        session["refresh"].rpartition(".")[2],
        refreshed.json()["access"].rpartition(".")[2],
    ):
        assert not [trace for trace in traces if secret in trace]
