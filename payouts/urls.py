from django.urls import path

from payouts import views

urlpatterns = [
    path("v1/payouts", views.Payouts.as_view()),
    path("v1/payouts/manual-review", views.PayoutsInReview.as_view()),
    path("v1/payouts/<str:payout_id>", views.PayoutDetail.as_view()),
    path("v1/payouts/<str:payout_id>/cancel", views.PayoutCancellation.as_view()),
    path("v1/payouts/<str:payout_id>/approve", views.PayoutApproval.as_view()),
    path("v1/payouts/<str:payout_id>/resolve", views.PayoutResolution.as_view()),
]
