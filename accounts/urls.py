from django.urls import path

from accounts import views

urlpatterns = [
    path("v1/users", views.Users.as_view()),
    path("v1/users/me", views.Me.as_view()),
    path("v1/users/<str:user_id>/suspend", views.Suspension.as_view()),
    path("v1/users/<str:user_id>/reactivate", views.Reactivation.as_view()),
    path("v1/auth/login", views.Login.as_view()),
    path("v1/auth/refresh", views.Refresh.as_view()),
    path("v1/api-keys", views.ApiKeys.as_view()),
    path("v1/api-keys/<str:api_key_id>", views.ApiKeyDetail.as_view()),
    path("v1/accounts/<str:account_id>", views.AccountDetail.as_view()),
    path("v1/accounts/<str:account_id>/balance", views.AccountBalance.as_view()),
    path("v1/accounts/<str:account_id>/entries", views.AccountEntries.as_view()),
    path("v1/accounts/<str:account_id>/statement", views.AccountStatement.as_view()),
    path("v1/accounts/<str:account_id>/freeze", views.AccountFreeze.as_view()),
    path("v1/accounts/<str:account_id>/unfreeze", views.AccountUnfreeze.as_view()),
    path("v1/accounts/<str:account_id>/close", views.AccountClosing.as_view()),
]
