from django.urls import path

from memory.pages import views

urlpatterns = [
    path("", views.overview_page, name="overview"),
    path("overview/", views.overview_part, name="overview-part"),
]
