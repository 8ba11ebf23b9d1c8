from banktags.cli import app

app()
