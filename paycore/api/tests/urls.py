"""Views that only the tests of this layer call, on no domain at all."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import SuspiciousOperation
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import include, path
from rest_framework.authentication import BaseAuthentication

from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import PageQuery, read_page
from paycore.api.principals import Principal, Role, Scope
from paycore.api.shapes import (
    AmountText,
    BodyId,
    CurrencyCode,
    Metadata,
    MoneyRequest,
    Reference,
    Request,
    Resource,
    ShortText,
)
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import DomainError, Kind, NotFound, PermissionDenied

handler400 = "paycore.api.problems.handle_400"
handler403 = "paycore.api.problems.handle_403"
handler404 = "paycore.api.problems.handle_404"
handler500 = "paycore.api.problems.handle_500"


class ByHeader(BaseAuthentication):
    """The caller is who the headers say."""

    def authenticate(self, request):
        user = request.headers.get("X-Test-User")
        if user is None:
            return None
        if user == "suspended":
            raise PermissionDenied(why="You are suspended.")
        scopes = request.headers.get("X-Test-Scopes")
        principal = Principal(
            user_id=UUID(user),
            role=Role(request.headers.get("X-Test-Role", "user")),
            scopes=None if scopes is None else frozenset(scopes.split()),
        )
        return principal, None


class View(ApiView):
    authentication_classes = [ByHeader]


class OrderRequest(MoneyRequest):
    source_id: BodyId
    amount: AmountText
    currency: CurrencyCode | None = None
    reference: Reference | None = None
    description: Annotated[str, ShortText(20)] | None = None
    metadata: Metadata = {}


class OrderResource(Resource):
    reference: str | None
    count: int


class Note(Request):
    note: Annotated[str, ShortText(20)] | None = None


class TestInsufficientBalance(DomainError):
    """Stands for any refusal by a business rule."""

    __test__ = False

    code = "insufficient_balance"
    kind = Kind.REFUSED
    message = "The account has {available} {currency} available, not {required}."


class Orders(View):
    """Writes a group named like the reference; `work` is what a test wants done."""

    scopes = {"POST": Scope.TRANSFERS_WRITE}
    work: Callable[[], object] | None = None

    @documented(
        "Order", request=OrderRequest, answers={201: OrderResource}, key="required"
    )
    def post(self, request) -> HttpResponse:
        body = self.read_body(OrderRequest)

        def work() -> tuple[int, Resource]:
            Group.objects.create(name=body.reference or "order")
            if Orders.work is not None:
                Orders.work()
            count = Group.objects.filter(name__startswith="order").count()
            return 201, OrderResource(reference=body.reference, count=count)

        return self.answer_once(body, work, key_required=True)


class Notes(View):
    @documented("Note", request=Note, answers={200: OrderResource}, key="accepted")
    def post(self, request, note_id: str = "") -> HttpResponse:
        body = self.read_body(Note)

        def work() -> tuple[int, Resource]:
            Group.objects.create(name=f"note {Group.objects.count()}")
            return 200, OrderResource(
                reference=body.note,
                count=Group.objects.filter(name__startswith="note").count(),
            )

        return self.answer_once(body, work, key_required=False)


class GroupResource(Resource):
    name: str


class GroupQuery(PageQuery):
    name: str | None = None


class Groups(View):
    scopes = {"GET": Scope.ACCOUNTS_READ}
    operators = frozenset({"DELETE"})
    admins = frozenset({"PUT"})

    @documented("Groups", query=GroupQuery, answers={200: PageOf(GroupResource)})
    def get(self, request) -> HttpResponse:
        query = self.read_query(GroupQuery)
        rows = Group.objects.all()
        if query.name is not None:
            rows = rows.filter(name=query.name)
        page = read_page(rows, query=query, order=("pk",))
        return self.answer(page.map(lambda group: GroupResource(name=group.name)))

    def delete(self, request) -> HttpResponse:
        return self.answer(None, 204)

    def put(self, request) -> HttpResponse:
        return self.answer({"principal": self.principal.name})


class Thing(View):
    def get(self, request, thing_id: str) -> HttpResponse:
        return self.answer({"id": path_id(thing_id, NotFound)})


class SignUp(ApiView):
    public = True

    def post(self, request) -> HttpResponse:
        body = self.read_body(Note)

        def work() -> tuple[int, Resource]:
            Group.objects.create(name=f"person {Group.objects.count()}")
            return 201, OrderResource(reference=body.note, count=Group.objects.count())

        return self.answer_once(body, work, key_required=False)


class Failing(View):
    """Raises what a test wants raised."""

    public = True
    error: BaseException = RuntimeError("the password is hunter2")

    def get(self, request) -> HttpResponse:
        raise Failing.error


class SlowQuery(ApiView):
    public = True

    def get(self, request) -> HttpResponse:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(2)")
        raise AssertionError("unreachable")


def plain_failure(request: Any) -> HttpResponse:
    raise RuntimeError("the password is hunter2")


def plain_suspicion(request: Any) -> HttpResponse:
    raise SuspiciousOperation("the password is hunter2")


urlpatterns = [
    path("v1/orders", Orders.as_view()),
    path("v1/notes", Notes.as_view()),
    path("v1/notes/<str:note_id>/again", Notes.as_view()),
    path("v1/groups", Groups.as_view()),
    path("v1/things/<str:thing_id>", Thing.as_view()),
    path("v1/sign-up", SignUp.as_view()),
    path("v1/failing", Failing.as_view()),
    path("v1/slow", SlowQuery.as_view()),
    path("plain/failure", plain_failure),
    path("plain/suspicion", plain_suspicion),
    path("", include("paycore.api.urls")),
]
