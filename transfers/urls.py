from django.urls import path

from transfers import views

urlpatterns = [
    path("v1/transfers", views.TransferList.as_view()),
    path("v1/transfers/internal", views.InternalTransfers.as_view()),
    path("v1/transfers/exchange", views.Exchanges.as_view()),
    path("v1/transfers/batch", views.BatchTransfers.as_view()),
    path("v1/transfers/<str:transfer_id>", views.TransferDetail.as_view()),
    path("v1/transfers/<str:transfer_id>/refund", views.Refunds.as_view()),
    path("v1/transfers/<str:transfer_id>/reverse", views.Reversals.as_view()),
    path("v1/purchases", views.Purchases.as_view()),
    path("v1/deposits", views.Deposits.as_view()),
    path("v1/webhooks/deposit", views.DepositNotices.as_view()),
]
