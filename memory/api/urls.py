from django.urls import path

from memory.api import recall_views, transfer_views, usage_views, views

urlpatterns = [
    path("spaces/<str:space>/memories/", views.MemoriesView.as_view(), name="memories"),
    path("spaces/<str:space>/memories/batch/", views.BatchView.as_view(), name="batch"),
    path("spaces/<str:space>/memories/<uuid:memory_id>/", views.MemoryView.as_view(), name="memory"),
    path(
        "spaces/<str:space>/memories/<uuid:memory_id>/associations/",
        views.AssociationsView.as_view(),
        name="associations",
    ),
    path(
        "spaces/<str:space>/memories/<uuid:memory_id>/associations/<uuid:target>/",
        views.AssociationView.as_view(),
        name="association",
    ),
    path("spaces/<str:space>/usage/", usage_views.UsageView.as_view(), name="usage"),
    path("spaces/<str:space>/export/", transfer_views.ExportView.as_view(), name="export"),
    path("spaces/<str:space>/import/", transfer_views.ImportsView.as_view(), name="imports"),
    path("spaces/<str:space>/import/<uuid:import_id>/", transfer_views.ImportView.as_view(), name="import"),
    path("recall/", recall_views.RecallAcrossView.as_view(), name="recall-across"),
    path("spaces/<str:space>/recall/", recall_views.RecallView.as_view(), name="recall"),
    path("spaces/<str:space>/spread/", recall_views.SpreadView.as_view(), name="spread"),
]
