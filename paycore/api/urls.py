from django.urls import path

from paycore.api import operations

urlpatterns = [
    path("health/live", operations.Live.as_view()),
    path("health/ready", operations.Ready.as_view()),
    path("metrics", operations.Metrics.as_view()),
    path("openapi.json", operations.OpenApiJson.as_view()),
    path("openapi.yaml", operations.OpenApiYaml.as_view()),
    path("docs", operations.SwaggerPage.as_view()),
    path("redoc", operations.RedocPage.as_view()),
    path("problems/", operations.ProblemList.as_view()),
    path("problems/<str:code>", operations.ProblemPage.as_view()),
]
