"""What an upload or a download can be refused for, beside the errors of the kernel."""

from typing import Final

from palaver.kernel.errors import define

UPLOAD_EXPIRED: Final = define("upload_expired", http=410)
UPLOAD_BUSY: Final = define("upload_busy", http=423, retryable=True)
UPLOAD_OFFSET: Final = define("upload_offset", http=409, retryable=True)
UPLOAD_VERSION: Final = define("upload_version", http=412)
UPLOAD_TYPE: Final = define("upload_type", http=415)
UPLOAD_CHECKSUM: Final = define("upload_checksum", http=460, retryable=True)
UPLOAD_INVALID: Final = define("upload_invalid", http=400)
FILE_TOO_LARGE: Final = define("file_too_large", http=413)
MEETING_QUOTA: Final = define("meeting_quota", http=413)
PERSON_QUOTA: Final = define("person_quota", http=413)
TOO_MANY_UPLOADS: Final = define("too_many_uploads", http=429, retryable=True)
STORAGE_FULL: Final = define("storage_full", http=507, retryable=True)
FILE_IN_USE: Final = define("file_in_use", http=403)
"""The file belongs to a message: it goes with the message."""
