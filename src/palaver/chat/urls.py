"""The HTTP addresses of the chat, to be included at the root."""

from typing import Final

from django.urls import path

from palaver.chat import views

urlpatterns: Final = [
    path("api/meetings/<str:slug>/chat", views.page, name="meeting_chat"),
    path("meetings/<uuid:meeting_id>/sessions/<uuid:session_id>/chat", views.past, name="meeting_run_chat"),
]
