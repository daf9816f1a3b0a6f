"""Addresses of this room."""

from django.urls import path

from palaver.meetings import views

urlpatterns = [
    path("meetings/", views.meeting_list, name="meetings"),
    path("meetings/new", views.new, name="new_meeting"),
    path("meetings/join", views.join, name="join_meeting"),
    path("meetings/<uuid:meeting_id>/", views.detail, name="meeting"),
    path("meetings/<uuid:meeting_id>/rename", views.rename, name="rename_meeting"),
    path("meetings/<uuid:meeting_id>/guests", views.guests, name="guest_policy"),
    path("meetings/<uuid:meeting_id>/delete", views.delete, name="delete_meeting"),
    path("m/<str:slug>", views.meeting_page, name="meeting_page"),
]
