"""People: users, sign-up, sign-in, profile, invitations, the first administrator, and limits on guessing."""
