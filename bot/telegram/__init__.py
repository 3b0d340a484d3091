"""The Telegram door: the same conversations, in a private chat with a bot."""
