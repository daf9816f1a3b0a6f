"""Addresses of this room."""

from django.urls import path

from palaver.meetings import manage_views, views

urlpatterns = [
    path("meetings/", views.meeting_list, name="meetings"),
    path("meetings/new", views.new, name="new_meeting"),
    path("meetings/join", views.join, name="join_meeting"),
    path("meetings/<uuid:meeting_id>/", views.detail, name="meeting"),
    path("meetings/<uuid:meeting_id>/rename", views.rename, name="rename_meeting"),
    path("meetings/<uuid:meeting_id>/settings", manage_views.meeting_settings, name="meeting_settings"),
    path("meetings/<uuid:meeting_id>/password", manage_views.password, name="meeting_password"),
    path("meetings/<uuid:meeting_id>/people", manage_views.people, name="meeting_people"),
    path("meetings/<uuid:meeting_id>/people/<uuid:member_id>", manage_views.change_member, name="change_member"),
    path("meetings/<uuid:meeting_id>/people/<uuid:member_id>/remove", manage_views.remove_member, name="remove_member"),
    path("meetings/<uuid:meeting_id>/bans", manage_views.bans, name="meeting_bans"),
    path("meetings/<uuid:meeting_id>/bans/<uuid:ban_id>/lift", manage_views.lift_ban, name="lift_ban"),
    path("meetings/<uuid:meeting_id>/sessions/<uuid:session_id>/", manage_views.run, name="meeting_run"),
    path(
        "meetings/<uuid:meeting_id>/sessions/<uuid:session_id>/attendance.csv",
        manage_views.attendance_file,
        name="attendance_file",
    ),
    path("meetings/<uuid:meeting_id>/sessions/<uuid:session_id>/log.csv", manage_views.audit_file, name="audit_file"),
    path("meetings/<uuid:meeting_id>/delete", views.delete, name="delete_meeting"),
    path("m/<str:slug>", views.meeting_page, name="meeting_page"),
]
