"""What accounts take."""

from rest_framework import serializers


class Credentials(serializers.Serializer):
    # Django's user names are 150 characters long at most, and ours are the addresses.
    email = serializers.EmailField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)

    def validate_email(self, email: str) -> str:
        return email.lower()


class Registration(Credentials):
    password = serializers.CharField(min_length=8, max_length=128, trim_whitespace=False)
    name = serializers.CharField(max_length=120)
    city = serializers.CharField(max_length=80)
