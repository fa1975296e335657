"""What is refused before a view sees it, in the words of who asked: JSON to programs, a page to people."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

PROGRAMS = ("/api/", "/mcp", "/metrics", "/healthz", "/readyz")


def refusal(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """Needs the session that a page's head is made from: for ``process_view``, not for earlier."""
    error = {"code": code, "detail": detail, "attr": None}
    if request.path_info.startswith(PROGRAMS):
        return JsonResponse({"type": "client_error", "errors": [error]}, status=status)
    return render(request, "problem.html", {"problem": error}, status=status)
