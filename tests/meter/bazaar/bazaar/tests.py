"""What `manage.py test` runs, in as many processes as it is told."""

from django.test import TestCase


class Pages:
    def test_ping(self):
        self.assertEqual(self.client.get("/ping/").status_code, 200)

    def test_stalls(self):
        self.assertEqual(self.client.get("/stalls/").json(), {"items": []})


class Some(Pages, TestCase):
    pass


class Others(Pages, TestCase):
    pass
