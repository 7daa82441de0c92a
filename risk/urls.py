from django.urls import path

from risk import views

urlpatterns = [
    path("v1/reviews", views.ReviewList.as_view()),
    path("v1/reviews/<str:review_id>/approve", views.ReviewApproval.as_view()),
    path("v1/reviews/<str:review_id>/reject", views.ReviewRejection.as_view()),
]
