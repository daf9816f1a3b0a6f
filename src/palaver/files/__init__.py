"""Files of meetings: resumable upload, private download, thumbnails, export. Bytes move here, never through pages."""
