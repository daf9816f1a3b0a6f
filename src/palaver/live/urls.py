"""The HTTP addresses of the live room, to be included at the root."""

from typing import Final

from django.urls import path

from palaver.live import views

urlpatterns: Final = [
    path("api/meetings/<str:slug>/preview", views.preview, name="meeting_preview"),
    path("engine/webhook", views.engine_webhook, name="engine_webhook"),
]
