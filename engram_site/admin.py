"""The operators' admin site."""

from django.contrib.admin import AdminSite


class EngramAdminSite(AdminSite):
    site_header = "Engram operators"
    site_title = "Engram operators"
    index_title = "Tenants, spaces and keys"
    site_url = "/"
