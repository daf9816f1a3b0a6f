"""Django's settings, derived from `palaver.config.options`; nothing here reads the environment itself."""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from palaver.config.current import current_settings
from palaver.config.databases import database
from palaver.config.logs import log_config
from palaver.config.origins import address_for_others, allowed_hosts, is_https, machine_names
from palaver.config.secret_files import DATABASE_FILE, load_secrets, make_private_file

_SETTINGS = current_settings()
_SECRETS = load_secrets(_SETTINGS.store.data_dir)
_MACHINE = machine_names()
_IS_HTTPS = is_https(_SETTINGS)
_HERE = Path(__file__).resolve().parent.parent

DEBUG = False
SECRET_KEY = _SETTINGS.store.secret_key or _SECRETS.django_key
ALLOWED_HOSTS = allowed_hosts(_SETTINGS, _MACHINE)
ROOT_URLCONF = "palaver.config.urls"
ASGI_APPLICATION = "palaver.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the rest of the application may know of the settings. Apps read these names, never `palaver.config`.
PALAVER = _SETTINGS
PALAVER_SECRETS = _SECRETS
# Where mails lead. Never the Host of a request: whoever asks for a mail to somebody else chooses that.
PALAVER_ADDRESS = address_for_others(_SETTINGS, _MACHINE)
PALAVER_SIGN_UP = _SETTINGS.accounts.sign_up
PALAVER_ADMIN_EMAIL = _SETTINGS.mail.administrator
PALAVER_AUTHORITY_FILE = _SETTINGS.store.data_dir / "tls" / "authority.crt" if _SETTINGS.tls.is_self_signed else None
# Where the pages connect for media, besides their own origin.
PALAVER_MEDIA_URL = None if _SETTINGS.media.server is None else _SETTINGS.media.server.client_url
PALAVER_HAS_MAIL = _SETTINGS.mail.smtp is not None
PALAVER_FILES = _SETTINGS.files
PALAVER_FILES_DIR = _SETTINGS.store.data_dir / "files"

INSTALLED_APPS = [
    "palaver.config.apps.CompositionConfig",
    "palaver.site",
    "palaver.chat",
    "palaver.files",
    "palaver.live",
    "palaver.meetings",
    "palaver.accounts",
    "channels",
    "allauth",
    "allauth.account",
    "csp",
    "django.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]

MIDDLEWARE = [
    "palaver.site.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "palaver.site.middleware.socket_origin",
    "palaver.accounts.middleware.pictures",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "palaver.accounts.middleware.preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "palaver.meetings.middleware.RefusalPages",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["palaver.site.template_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "palaver.site.context.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # our own field template, in templates/django/forms

# --- data -------------------------------------------------------------------------------------

if _SETTINGS.store.database is None:
    make_private_file(_SETTINGS.store.data_dir / DATABASE_FILE)
DATABASES = {"default": database(_SETTINGS.store)}
# Nothing is kept in a cache: what must be counted is counted in the database (palaver.accounts.limits).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
SESSION_ENGINE = "palaver.accounts.session_store"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the largest form is the contact message; files go another way
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- accounts ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["palaver.accounts.hashers.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "first_name", "last_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60 * 2
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "palaver.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PALAVER_HAS_MAIL else "none"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _IS_HTTPS else "http"
ACCOUNT_RATE_LIMITS = False  # allauth counts in the cache; ours count in the database and hold without one
ACCOUNT_FORMS = {
    "login": "palaver.accounts.forms.SignInForm",
    "signup": "palaver.accounts.forms.SignUpForm",
    "reset_password": "palaver.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "palaver.accounts.forms.NewPasswordForm",
    "change_password": "palaver.accounts.forms.ChangePasswordForm",
}

# --- browsers ---------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script reads it
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_FAILURE_VIEW = "palaver.site.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [_SETTINGS.listen.public_url] if _SETTINGS.listen.public_url else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
# Only behind a name of its own: a machine with a self-made certificate must stay reachable without it.
SECURE_HSTS_SECONDS = (
    31_536_000 if _IS_HTTPS and _SETTINGS.listen.public_url and not _SETTINGS.tls.is_self_signed else 0
)
X_FRAME_OPTIONS = "DENY"
# What `check --deploy` asks for and only the owner of the domain can decide: subdomains and browsers' preload list
# (W005, W021). With https nothing here answers plain http: this process speaks TLS alone, or the proxy does (W008).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"] if _IS_HTTPS else []
if _IS_HTTPS and not SECURE_HSTS_SECONDS:
    SILENCED_SYSTEM_CHECKS.append("security.W004")  # said above

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:", "mediastream:"],
        "worker-src": [SELF, "blob:"],
        "connect-src": [
            SELF
        ],  # the socket's own origin is added per request: older Safari does not read it into 'self'
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# --- languages and time -----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [_HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files, mail, log -------------------------------------------------------------------------

STATIC_URL = "/static/"
_BUILT = _HERE / "web_dist"
# In a checkout without `make web` the client may still be where Vite builds it.
PALAVER_WEB_DIST = _BUILT if _BUILT.is_dir() else _HERE.parent.parent / "web" / "dist"

DEFAULT_FROM_EMAIL = _SETTINGS.mail.sender or f"Palaver <palaver@{_MACHINE.names[0]}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if _SETTINGS.mail.smtp is None:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _SETTINGS.mail.smtp.host
    EMAIL_PORT = _SETTINGS.mail.smtp.port
    EMAIL_HOST_USER = _SETTINGS.mail.smtp.user
    EMAIL_HOST_PASSWORD = _SETTINGS.mail.smtp.password
    EMAIL_USE_TLS = _SETTINGS.mail.smtp.security == "starttls"
    EMAIL_USE_SSL = _SETTINGS.mail.smtp.security == "tls"
    EMAIL_TIMEOUT = 10

LOGGING = log_config(_SETTINGS.log)
