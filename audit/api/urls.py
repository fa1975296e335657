from django.urls import path

from audit.api import views

urlpatterns = [
    path("audit/", views.TrailView.as_view(), name="trail"),
    path("audit/export/", views.TrailExportView.as_view(), name="trail-export"),
]
