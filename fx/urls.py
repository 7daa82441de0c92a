from django.urls import path

from fx import views

urlpatterns = [
    path("v1/fx/rates", views.RateList.as_view()),
    path("v1/fx/quotes", views.QuoteCreation.as_view()),
    path("v1/fx/quotes/<str:quote_id>", views.QuoteDetail.as_view()),
]
