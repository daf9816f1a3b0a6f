"""Addresses for the page-load test: pages that hang until the test lets them go."""

import threading

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from palaver.accounts.models import User

let_go = threading.Event()
"""Set by the test, also by one that fails: all hanging pages end, and none before."""
hanging = threading.Semaphore(0)
"""Released once by each page that hangs."""


@csrf_exempt
def slow_page(request: HttpRequest) -> HttpResponse:
    """A page that does not get done."""
    hanging.release()
    let_go.wait()
    return HttpResponse("at last")


def slow_query(request: HttpRequest) -> HttpResponse:
    """A page in the middle of a transaction that has written and does not get done."""
    with transaction.atomic():
        User.objects.update(last_name="Okafor")
        hanging.release()
        let_go.wait()
    return HttpResponse("at last")


urlpatterns = [
    path("slow-page", slow_page),
    path("slow-query", slow_query),
    path("", include("palaver.config.urls")),
]
