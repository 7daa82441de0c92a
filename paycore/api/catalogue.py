"""Every problem this API can answer, explained to the people who meet it.

The codes are a promise to client apps: they never change and are never reused. Within
a status they stand in order of precedence. `/problems/<code>` shows them.
"""

from dataclasses import dataclass
from typing import Final

RETRY_WITH_THE_KEY: Final = (
    "Nothing was changed. Send the same request again, with the same Idempotency-Key,"
    " after the seconds that Retry-After says."
)
READ_THE_ERRORS: Final = (
    "Look at errors: each names a field by its JSON pointer and says what is wrong."
    " Correct the request; sent again unchanged, it is refused again."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means, and what its receiver can do."""

    code: str
    status: int
    title: str
    meaning: str
    advice: str


_ALL: Final = (
    Explanation(
        "invalid_input",
        400,
        "The request is malformed",
        "The body is not the JSON object that this operation takes, or a field, a"
        " query parameter or a header is missing, unknown or of the wrong form.",
        READ_THE_ERRORS,
    ),
    Explanation(
        "invalid_amount",
        400,
        "The amount is not valid",
        "An amount is a decimal string such as 150.75: digits only, greater than zero,"
        " with no more decimals than its currency has, and no larger than the books"
        " can store. Nothing is ever rounded on the way in.",
        "Send a JSON string, not a number, with the decimals of the currency: two for"
        " USD, none for JPY.",
    ),
    Explanation(
        "unsupported_currency",
        400,
        "The currency is not supported",
        "This server keeps no books in the currency that the request names.",
        "Use an ISO 4217 code in capital letters, or one that this server adds.",
    ),
    Explanation(
        "same_account_transfer",
        400,
        "Source and destination are the same",
        "A transfer moves money between two different accounts.",
        "Name another destination.",
    ),
    Explanation(
        "idempotency_key_required",
        400,
        "An Idempotency-Key is required",
        "Operations that move money must carry an Idempotency-Key header, so that a"
        " retry cannot move it twice.",
        "Make a key of 1 to 255 printable ASCII characters (a UUID will do) for each"
        " order, and send it with every attempt of that order.",
    ),
    Explanation(
        "unauthenticated",
        401,
        "Authentication is needed",
        "The request carries no credentials, or a token or API key that is wrong,"
        " expired or revoked.",
        "Log in again or refresh the access token and send it as Authorization: Bearer,"
        " or send an API key as X-API-Key.",
    ),
    Explanation(
        "invalid_signature",
        401,
        "The signature is not valid",
        "An inbound webhook was not signed with a secret that this server knows, or its"
        " timestamp is too far from now.",
        "Sign the exact bytes of the body as Standard Webhooks 1.0 says, with the"
        " current time.",
    ),
    Explanation(
        "permission_denied",
        403,
        "You may not do this",
        "The caller is known, but their role, their API key's scopes or their relation"
        " to what would be debited does not allow it; or they are suspended.",
        "Use an account of your own, or ask an operator.",
    ),
    Explanation(
        "not_found",
        404,
        "There is nothing here",
        "The path names nothing, or something that is not yours to see.",
        "Check the path and the id.",
    ),
    Explanation(
        "account_not_found",
        404,
        "The account does not exist",
        "An account in the path or the body does not exist, or is not yours to see.",
        "Check the account's id.",
    ),
    Explanation(
        "method_not_allowed",
        405,
        "The method is not allowed",
        "The path exists, but does not answer this HTTP method.",
        "Use one of the methods in the Allow header.",
    ),
    Explanation(
        "not_acceptable",
        406,
        "The answer is not acceptable",
        "The Accept header excludes every form in which this server can answer.",
        "Accept application/json.",
    ),
    Explanation(
        "duplicate_user",
        409,
        "The email address is taken",
        "Somebody already signed up with this email address.",
        "Log in instead, or use another address.",
    ),
    Explanation(
        "duplicate_account",
        409,
        "The external_id is taken",
        "The owner already has an account with this external_id, which is unique for"
        " ever.",
        "Find the account with GET /v1/accounts?external_id=, or use another one.",
    ),
    Explanation(
        "duplicate_reference",
        409,
        "The reference is taken",
        "A reference is unique for ever, and another movement has this one.",
        "Find the movement by its reference. If it is the one you meant, you are done.",
    ),
    Explanation(
        "idempotency_key_reused",
        409,
        "The Idempotency-Key belongs to another request",
        "The same key came before with another body or other path parameters.",
        "Use a new key for a new order; to retry an old one, send exactly the same"
        " request.",
    ),
    Explanation(
        "idempotency_in_progress",
        409,
        "The first request is still running",
        "A request with the same Idempotency-Key has not finished yet.",
        "Wait for the seconds that Retry-After says, then send the same request again;"
        " you will get the first one's answer.",
    ),
    Explanation(
        "invalid_state",
        409,
        "The object's status does not allow this",
        "What was asked is not a move that the object can make from its status.",
        "Read the object again and look at its status.",
    ),
    Explanation(
        "hold_not_open",
        409,
        "The hold is not open",
        "Held money can be captured or released once; this hold has already been one"
        " of the two.",
        "Read the order that the hold belongs to and look at its status.",
    ),
    Explanation(
        "payload_too_large",
        413,
        "The body is too large",
        "A request body may have at most 1 MiB.",
        "Split the work, for example into several batches.",
    ),
    Explanation(
        "unsupported_media_type",
        415,
        "The body is not JSON",
        "Bodies are application/json in UTF-8, and not compressed.",
        "Set Content-Type: application/json.",
    ),
    Explanation(
        "currency_mismatch",
        422,
        "The currencies do not match",
        "The accounts or the amount are not in the currency that this operation needs.",
        "Use accounts of one currency for a transfer, of two for an exchange.",
    ),
    Explanation(
        "account_not_active",
        422,
        "The account is not active",
        "A frozen or closed account neither sends nor receives.",
        "Use another account, or ask an operator to unfreeze this one.",
    ),
    Explanation(
        "account_not_empty",
        422,
        "The account still has money",
        "An account can be closed when its balance is zero and nothing is held.",
        "Move the money away, wait for holds to end, then close it.",
    ),
    Explanation(
        "limit_exceeded",
        422,
        "A limit is exceeded",
        "The payment would go beyond what may be paid at once or in one day of the"
        " user's time zone, pending payments included; or an account would hold more"
        " than the books can count.",
        "Compare limit, used and left, which are in currency. Pay at most what is left,"
        " with a new Idempotency-Key, or wait for the next day. An operator can set"
        " another limit.",
    ),
    Explanation(
        "insufficient_balance",
        422,
        "There is not enough money",
        "The account has less available than the movement needs: available is what is"
        " posted minus what is held.",
        "Compare available with required. Fund the account and send a new request with"
        " a new Idempotency-Key.",
    ),
    Explanation(
        "refund_exceeds_original",
        422,
        "The refund exceeds the original",
        "Refunds of a transfer never exceed what was transferred.",
        "Read the transfer's refunded_amount and refund at most the rest.",
    ),
    Explanation(
        "quote_expired",
        422,
        "The quote has expired",
        "A quote's rate is only good until its expires_at.",
        "Ask for a new quote.",
    ),
    Explanation(
        "quote_mismatch",
        422,
        "The quote is for something else",
        "The exchange has another amount or another currency than the quote.",
        "Exchange exactly what was quoted, or ask for another quote.",
    ),
    Explanation(
        "amount_too_small",
        422,
        "The amount is too small",
        "Converted, the amount would be less than the smallest unit of the other"
        " currency.",
        "Exchange a larger amount.",
    ),
    Explanation(
        "batch_refused",
        422,
        "The batch was refused",
        "One item of an atomic batch was refused, so none was carried out. items says"
        " which, and why.",
        "Correct or leave out the failed items, and send a new batch with a new"
        " Idempotency-Key.",
    ),
    Explanation(
        "rate_limited",
        429,
        "Too many requests",
        "The caller, or for requests without valid credentials the address, has used up"
        " its requests for now.",
        "Wait for the seconds that Retry-After says. The RateLimit header tells how"
        " many requests are left.",
    ),
    Explanation(
        "internal_error",
        500,
        "Something went wrong here",
        "This is a fault of the server. It was recorded under the request_id, and what"
        " the request had begun was rolled back.",
        "Send the same request again, with the same Idempotency-Key. If it fails again,"
        " tell the operators the request_id.",
    ),
    Explanation(
        "rate_unavailable",
        503,
        "There is no exchange rate",
        "No rate that is recent enough is known for these two currencies.",
        RETRY_WITH_THE_KEY,
    ),
    Explanation(
        "service_unavailable",
        503,
        "The service is not available",
        "Something that the request needs, such as the database, did not answer in"
        " time, or too many requests want the same accounts.",
        RETRY_WITH_THE_KEY,
    ),
)

EXPLANATIONS: Final = {explanation.code: explanation for explanation in _ALL}
