from django.urls import path

from transfers import views

urlpatterns = [
    path("v1/transfers", views.TransferList.as_view()),
    path("v1/transfers/internal", views.InternalTransfers.as_view()),
    path("v1/transfers/batch", views.BatchTransfers.as_view()),
    path("v1/transfers/<str:transfer_id>", views.TransferDetail.as_view()),
]
