from django.contrib.admin.apps import AdminConfig


class EngramAdminConfig(AdminConfig):
    default_site = "engram_site.admin.EngramAdminSite"
