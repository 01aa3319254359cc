"""Mailboxes: reading by IMAP, sending by SMTP. What a mail says is read and written in `channels.mail`."""
