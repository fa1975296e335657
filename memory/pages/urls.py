from django.urls import path

from memory.pages import explore, memories, transfer, usage, views

urlpatterns = [
    path("", views.overview_page, name="overview"),
    path("overview/", views.overview_part, name="overview-part"),
    path("explore/", explore.explore_page, name="explore"),
    path("explore/found/", explore.explore_found, name="explore-found"),
    path("explore/graph/", explore.explore_graph, name="explore-graph"),
    path("spaces/<str:space>/usage/", usage.usage_page, name="usage-page"),
    path("spaces/<str:space>/usage/part/", usage.usage_part, name="usage-part"),
    path("spaces/<str:space>/transfer/", transfer.transfer_page, name="transfer-page"),
    path("spaces/<str:space>/transfer/imports/", transfer.imports_part, name="imports-part"),
    path("spaces/<str:space>/transfer/<uuid:import_id>/cancel/", transfer.cancel_import_act, name="cancel-import"),
    path("memories/", memories.memories_page, name="memories-page"),
    path("memories/<str:space>/<uuid:memory_id>/", memories.memory_page, name="memory-page"),
    path("memories/<str:space>/<uuid:memory_id>/forget/", memories.forget_memory, name="forget-memory"),
    path("memories/<str:space>/<uuid:memory_id>/link/", memories.link_memory, name="link-memory"),
    path("memories/<str:space>/<uuid:memory_id>/unlink/", memories.unlink_memory, name="unlink-memory"),
]
