"""The application for a WSGI server: ``gunicorn wsgi:app``; ``flask`` finds it unaided."""

from campaign.app import create_app

app = create_app()
