"""Addresses of this room."""

from django.urls import path

from palaver.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("about/", views.about, name="about"),
    path("contact/", views.contact, name="contact"),
    path("preferences/theme", views.theme, name="theme"),
    path("trust/", views.trust, name="trust"),
    path("trust/palaver-authority.crt", views.trust_certificate, name="trust_certificate"),
]
