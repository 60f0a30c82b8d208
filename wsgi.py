"""The application for a WSGI server: ``gunicorn wsgi:app``; ``flask`` finds it unaided."""

from campaign.app import create_app
from campaign.core.logs import configure_logging

app = create_app()
configure_logging(app.extensions["campaign"].settings.log_level)
