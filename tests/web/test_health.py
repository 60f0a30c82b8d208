from tests.web.client import CheckingClient


def test_the_process_says_that_it_lives(client: CheckingClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_the_process_says_that_it_can_serve(client: CheckingClient) -> None:
    assert client.get("/readyz").json == {"status": "ok"}
