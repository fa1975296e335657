"""What belongs to no app."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def api_not_found(request: HttpRequest, rest: str) -> JsonResponse:
    """An unknown path below the API answers in the API's shape."""
    detail = f"There is nothing at {request.path[:200]}."
    return JsonResponse(
        {"type": "client_error", "errors": [{"code": "not_found", "detail": detail, "attr": None}]}, status=404
    )
