"""The addresses of this room that pages answer, to be included at the root."""

from typing import Final

from django.urls import path

from palaver.files import views

urlpatterns: Final = [
    path("api/meetings/<str:slug>/files", views.files_of_meeting, name="files_of_meeting"),
]
