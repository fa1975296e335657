"""The operators' admin site."""

from django.contrib.admin import AdminSite

from tenants.pages.forms import AdminLogInForm


class EngramAdminSite(AdminSite):
    site_header = "Engram operators"
    site_title = "Engram operators"
    index_title = "Tenants, spaces and keys"
    site_url = "/"
    login_form = AdminLogInForm
