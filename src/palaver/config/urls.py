"""Every address of the pages plane. Sockets and the SFU are routed in `palaver.config.asgi`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("palaver.site.urls")),
    path("", include("palaver.accounts.urls")),
    path("", include("palaver.meetings.urls")),
    path("", include("palaver.live.urls")),
    path("", include("palaver.chat.urls")),
    path("", include("palaver.files.urls")),
    path("admin/", admin.site.urls),
]

handler404 = "palaver.site.views.not_found"
handler500 = "palaver.site.views.failed"
