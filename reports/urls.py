from django.urls import path

from reports import views

urlpatterns = [
    path("v1/analytics/spending", views.SpendingReport.as_view()),
    path("v1/analytics/risk", views.RiskReport.as_view()),
]
