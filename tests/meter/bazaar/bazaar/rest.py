from rest_framework import generics, serializers

from bazaar.models import Stall, Ware


class WareSerializer(serializers.ModelSerializer):
    class Meta:
        model = Ware
        fields = ["id", "name"]


class StallSerializer(serializers.ModelSerializer):
    wares = WareSerializer(many=True)

    class Meta:
        model = Stall
        fields = ["id", "name", "wares"]


class Stalls(generics.ListAPIView):
    queryset = Stall.objects.order_by("id")
    serializer_class = StallSerializer
    authentication_classes: list[object] = []
    permission_classes: list[object] = []
