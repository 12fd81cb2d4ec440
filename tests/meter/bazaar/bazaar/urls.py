from django.urls import path

from bazaar import calling, everything, meeting, views

urlpatterns = [
    path("ping/", views.ping),
    path("stalls/", views.stalls),
    path("prefetched/", views.prefetched),
    path("later/", views.later),
    path("nested/", views.nested),
    path("page/", views.page),
    path("stream/", views.stream),
    path("threads/", views.threads),
    path("cache/<str:alias>/", views.cached),
    path("enqueue/", views.enqueue),
    path("posted/", views.posted),
    path("posted-later/", views.posted_later),
    path("interrupted/", views.interrupted),
    path("both/", views.both),
    path("boom/", views.boom),
    path("call/<str:library>/", calling.call),
    path("call-later/", calling.call_later),
    path("ai/<str:what>/", calling.ai),
    path("redis/", calling.direct_redis),
    path("unseen/", calling.unseen),
    path("everything/", everything.whole),
    path("everything/streamed/", everything.streamed),
    path("everything/later/", everything.later),
    *(
        path(f"meeting/{view.__name__}/", view)
        for view in (meeting.plain, meeting.waiting, meeting.never, meeting.turns, meeting.between)
    ),
]
try:
    from bazaar import rest
except ImportError:
    pass
else:
    urlpatterns.append(path("rest/", rest.Stalls.as_view()))
