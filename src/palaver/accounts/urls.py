"""Addresses of this room. allauth's are listed one by one: only what has a page here exists."""

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.generic import RedirectView

from palaver.accounts import picture_views, views

urlpatterns = [
    path("accounts/login/", allauth.login, name="account_login"),
    path("accounts/logout/", allauth.logout, name="account_logout"),
    path("accounts/signup/", allauth.signup, name="account_signup"),
    path("accounts/inactive/", allauth.account_inactive, name="account_inactive"),
    path("accounts/confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", allauth.confirm_email, name="account_confirm_email"),
    path("accounts/password/change/", allauth.password_change, name="account_change_password"),
    path("accounts/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("profile/", views.profile, name="profile"),
    path("profile/picture", picture_views.change_picture, name="change_picture"),
    path("profile/picture/remove", picture_views.remove_picture, name="remove_picture"),
    # Before the administration's own: its forms ask for passwords too, without our limits on guessing.
    path("admin/login/", views.administration_sign_in, name="administration_sign_in"),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("setup/<str:token>/", views.setup, name="setup"),
]
