"""Turns a refusal of a selector into the page that says so."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from palaver.kernel.errors import PalaverError


class RefusalPages:
    """`PalaverError` from a view becomes its status and one page for all reasons."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Only our own refusals; everything else is an error of ours."""
        if not isinstance(exception, PalaverError):
            return None
        return render(request, "404.html", status=exception.spec.http_status)
