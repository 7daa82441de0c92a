"""The base of every view of the API: who may call it, and how it reads and answers.

A request is judged in the order of `ApiView.initial`: authentication and rate limit,
method, role and scope, the form of the answer; then the view reads the body (its
shape), and everything that depends on stored things comes after that.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel
from pydantic_core import to_json
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request as RestRequest
from rest_framework.views import APIView
from structlog.contextvars import bind_contextvars

from paycore.api import idempotency, problems, ratelimit
from paycore.api.errors import FieldError, MethodNotAllowed, NotAcceptable, ShapeErrors
from paycore.api.idempotency import Answer, Claim
from paycore.api.middleware import route_of
from paycore.api.pagination import Page, PageQuery, scope_of
from paycore.api.parsing import Document, is_storable, read_document
from paycore.api.principals import Principal, Scope
from paycore.api.ratelimit import Tier
from paycore.api.shapes import Resource, ShapeType, read_shape, read_uuid
from paycore.lib.errors import DomainError, PermissionDenied, Unauthenticated
from paycore.lib.origin import Origin

JSON: Final = "application/json"
Answerable = Resource | Page[Any] | dict[str, Any] | None
Methods = frozenset[str]


class ApiView(APIView):
    """A resource of the API.

    `scopes` is the scope that each method needs ("POST": Scope.ACCOUNTS_WRITE; HEAD
    goes by GET); a method that is not in it needs only authentication. `operators` and
    `admins` are methods for those roles alone.
    """

    scopes: ClassVar[Mapping[str, Scope]] = {}
    operators: ClassVar[Methods] = frozenset()
    admins: ClassVar[Methods] = frozenset()
    # Whether anybody may call it: sign-up, login, refresh.
    public: ClassVar[bool] = False
    # Whether what is posted holds a secret short enough to be guessed, such as a bank
    # account's number: nobody may try guesses against the stored fingerprints.
    confidential: ClassVar[bool] = False
    # Whether requests are counted; only what must always answer is not.
    limited: ClassVar[bool] = True
    # Left out of the OpenAPI document: pages for people, and the document itself.
    hidden: ClassVar[bool] = False
    # What it answers when all goes well, which the Accept header must admit; None where
    # there is one form, whatever is asked for. Problems are JSON in any case.
    produces: ClassVar[str | None] = JSON

    # OPTIONS is not answered: there is nothing about a resource that the OpenAPI
    # document does not say, and browsers of other origins are not served.
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        unknown = {*cls.scopes, *cls.operators, *cls.admins} - set(cls.own_methods())
        # A typo would leave a method open to everyone.
        assert not unknown, f"{cls.__name__} restricts {unknown}, which it has not."
        return super().as_view(**initkwargs)

    @classmethod
    def own_methods(cls) -> list[str]:
        return [name.upper() for name in cls.http_method_names if hasattr(cls, name)]

    @property
    def principal(self) -> Principal:
        principal: object = self.request.user
        assert isinstance(principal, Principal)
        return principal

    @property
    def origin(self) -> Origin:
        """Who asks and in which request, for events."""
        if self.public:
            return Origin(actor="anonymous", request_id=self.request_id)
        return Origin(actor=self.principal.name, request_id=self.request_id)

    @property
    def request_id(self) -> str:
        return getattr(self.request._request, "request_id", "")  # noqa: SLF001

    def read_body(self, shape: type[ShapeType]) -> ShapeType:
        """Raises: `ShapeErrors`, `PayloadTooLarge`, `UnsupportedMediaType`."""
        self.document = read_document(self.request._request)  # noqa: SLF001
        return read_shape(shape, self.document)

    def read_query(self, shape: type[ShapeType]) -> ShapeType:
        """Raises: `ShapeErrors`, also for parameters that the shape does not know."""
        parameters = _single_values(self.request._request)  # noqa: SLF001
        query = read_shape(shape, parameters)
        if isinstance(query, PageQuery):
            query._scope = scope_of(self.request.path, parameters)  # noqa: SLF001
        return query

    def answer(self, resource: Answerable, status: int = 200) -> HttpResponse:
        """The answer with this resource, page or plain document; None for no body."""
        return _response(Answer(status, render_json(resource)))

    def answer_once(
        self,
        body: BaseModel,
        work: Callable[[], tuple[int, Resource]],
        *,
        key_required: bool,
    ) -> HttpResponse:
        """Do `work` in one transaction, and only once for one Idempotency-Key.

        `body` is what `read_body` gave: the shape is judged before any replay. `work`
        may run more than once, so it has no effect outside the database; its result
        must contain no secret, because the answer is stored.
        """
        assert body is not None, "Read the body first; its shape comes before replays."
        key = idempotency.read_key(
            self.request.META.get("HTTP_IDEMPOTENCY_KEY"), is_required=key_required
        )

        def run() -> Answer:
            status, resource = work()
            return Answer(status, render_json(resource))

        if key is None:
            return _response(idempotency.answer_without_key(run))
        answer = idempotency.answer_once(
            self._claim(key), run, render_refusal=self._render_refusal
        )
        return _response(answer)

    # What Django REST framework calls, in this order.

    def initial(self, request: RestRequest, *args: Any, **kwargs: Any) -> None:
        self._authenticate(request)
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in self.allowed_methods:
            raise MethodNotAllowed(headers={"Allow": ", ".join(self.allowed_methods)})
        if not self.public:
            self._authorize(method)
        accept = request.META.get("HTTP_ACCEPT", "")
        if self.produces is not None and not is_acceptable(accept, self.produces):
            raise NotAcceptable(f"Answers are {self.produces}; Accept excludes that.")

    def finalize_response(  # type: ignore[override]
        self, request: RestRequest, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        return problems.answer_error(exc, self.request._request)  # noqa: SLF001

    def get_authenticators(self) -> list[Any]:
        # On public views a stale token must not stand in the way of a new one.
        return [] if self.public else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return []

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers are about one caller's money.
        return {"Cache-Control": "no-store"}

    def _authenticate(self, request: RestRequest) -> None:
        if self.public:
            if self.limited:
                self._limit(Tier.ANONYMOUS, is_closed=True)
            return
        try:
            principal = _principal_of(request)
        except (Unauthenticated, PermissionDenied, AuthenticationFailed):
            # Who tries credentials is counted by address, whatever they claim to be.
            self._limit(Tier.ANONYMOUS)
            raise
        bind_contextvars(principal=principal.name)
        self._limit(Tier.AUTHENTICATED, principal.name)

    def _limit(self, tier: Tier, subject: str = "", *, is_closed: bool = False) -> None:
        if not subject:
            subject = ratelimit.address_of(self.request._request)  # noqa: SLF001
        allowance = ratelimit.count_request(tier, subject, is_closed=is_closed)
        if allowance is not None:
            self.headers.update(allowance.headers)

    def _authorize(self, method: str) -> None:
        principal = self.principal
        if method in self.admins and not principal.is_admin:
            raise PermissionDenied(why="Only administrators may do this.")
        if method in self.operators and not principal.is_operator:
            raise PermissionDenied(why="Only operators may do this.")
        scope = self.scopes.get(method)
        if scope is not None and not principal.has_scope(scope):
            raise PermissionDenied(why=f"This API key lacks the scope {scope}.")

    def _claim(self, key: str) -> Claim:
        request = self.request._request  # noqa: SLF001
        principal = (
            f"address:{ratelimit.address_of(request)}"
            if self.public
            else self.principal.name
        )
        return Claim(
            principal=principal,
            route=route_of(request),
            key=key,
            fingerprint=idempotency.fingerprint(
                request.method or "",
                request.path,
                self.document,
                # Public bodies carry passwords.
                is_keyed=self.public or self.confidential,
            ),
        )

    def _render_refusal(self, refusal: DomainError) -> Answer:
        response = problems.answer_error(refusal, self.request._request)  # noqa: SLF001
        return Answer(response.status_code, response.content)


def one_route(*views: type[ApiView]) -> type[ApiView]:
    """One view whose methods come from several, for a path that several apps answer."""
    methods = [name for view in views for name in view.own_methods()]
    assert len(methods) == len(set(methods)), "Two views answer the same method."
    assert len({view.public for view in views}) == 1, "Public is all of them, or none."
    restrictions = {
        "scopes": {name: s for view in views for name, s in view.scopes.items()},
        "operators": frozenset().union(*(view.operators for view in views)),
        "admins": frozenset().union(*(view.admins for view in views)),
    }
    return type("And".join(view.__name__ for view in views), views, restrictions)


def path_id(text: str, missing: type[DomainError]) -> UUID:
    """An id from a path.

    Raises: `missing` for anything that is not a UUID: nothing has such an id.
    """
    found = read_uuid(text)
    if found is None:
        raise missing
    return found


def render_json(resource: Answerable) -> bytes:
    """The bytes of an answer: written once, sent and remembered as they are."""
    if isinstance(resource, BaseModel):
        return resource.__pydantic_serializer__.to_json(resource)
    if isinstance(resource, Page):
        items = b",".join(render_json(item) for item in resource.items)
        cursor = orjson.dumps(resource.next_cursor)
        return b'{"items":[' + items + b'],"next_cursor":' + cursor + b"}"
    if resource is None:
        return b""
    return to_json(resource)


@lru_cache(maxsize=256)
def is_acceptable(accept: str, media_type: str) -> bool:
    """Whether this Accept header admits that media type (RFC 9110, 12.5.1)."""
    if not accept:
        return True
    # The most precise range that matches decides; the order is from vague to precise.
    ranges = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    best = (-1, False)
    for entry in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in entry.split(";"))
        if media_range in ranges:
            is_wanted = not any(_is_zero_weight(parameter) for parameter in parameters)
            best = max(best, (ranges.index(media_range), is_wanted))
    return best[1]


def _is_zero_weight(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")


def _principal_of(request: RestRequest) -> Principal:
    for authenticator in request.authenticators or ():
        result: tuple[object, Any] | None = authenticator.authenticate(request)
        if result is not None:
            principal, request.auth = result
            assert isinstance(principal, Principal)
            request.user = principal  # type: ignore[assignment]
            return principal
    raise Unauthenticated


def _single_values(request: HttpRequest) -> Document:
    if not request.META.get("QUERY_STRING"):
        return {}
    errors = []
    values: Document = {}
    for name, texts in request.GET.lists():
        if len(texts) > 1:
            errors.append(FieldError(f"/{name[:100]}", "invalid_input", "Given twice."))
        elif not (is_storable(texts[0]) and is_storable(name)):
            errors.append(
                FieldError("", "invalid_input", "NUL characters are refused.")
            )
        values[name] = texts[-1]
    if errors:
        raise ShapeErrors(errors)
    return values


def _response(answer: Answer) -> HttpResponse:
    if answer.status == 204:
        return HttpResponse(status=204)
    content_type = problems.CONTENT_TYPE if answer.status >= 400 else JSON
    response = HttpResponse(
        answer.body, status=answer.status, content_type=content_type
    )
    if answer.is_replay:
        response["Idempotent-Replayed"] = "true"
    return response
