def test_x(db):
    from django.db import connection

    with connection.cursor() as c:
        c.execute("show fsync")
        assert c.fetchone() == ("off",)
