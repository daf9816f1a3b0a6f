"""What nobody watches: its publisher is told, more at once and less after a while. And what a line has no room for."""

from palaver_sfu.room.values import TrackKind, TrackSettings, TrackSid, TrackSource, VideoQuality
from palaver_sfu.session.effects import SetSubscription
from palaver_sfu.session.inputs import PictureStateObserved, Resume, SignalLost
from palaver_sfu.session.messages import PictureStateChanged, WatchedQuality
from palaver_sfu.session.requests import UpdateSubscription, UpdateTrackSettings
from palaver_sfu.tests.rehearsal import Stage

LOW, MEDIUM, HIGH, OFF = VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH, VideoQuality.OFF


def two_people() -> tuple[Stage, TrackSid]:
    """alice with her camera, and bob who sees it in its largest layer."""
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    camera = stage.publish("alice")
    stage.follow_requirements()
    return stage, camera


def show(stage: Stage, name: str, track: TrackSid, quality: VideoQuality | None) -> None:
    """`name` shows the track in this quality, or hides it."""
    settings = TrackSettings(is_disabled=quality is None, quality=quality)
    stage.request(name, UpdateTrackSettings(tracks=(track,), settings=settings))


def told(stage: Stage) -> list[VideoQuality]:
    return [message.highest for message in stage.told("alice", WatchedQuality)]


def test_a_publisher_is_told_nothing_while_somebody_watches_everything() -> None:
    stage, _ = two_people()
    stage.wait(20)
    assert told(stage) == []


def test_less_is_told_after_five_seconds_and_more_at_once() -> None:
    stage, camera = two_people()
    show(stage, "bob", camera, LOW)
    stage.wait(5)
    assert told(stage) == []
    stage.wait(1)
    assert told(stage) == [LOW]
    show(stage, "bob", camera, MEDIUM)
    assert told(stage) == [LOW, MEDIUM]
    show(stage, "bob", camera, None)
    stage.wait(6)
    assert told(stage) == [LOW, MEDIUM, OFF]
    show(stage, "bob", camera, HIGH)
    assert told(stage) == [LOW, MEDIUM, OFF, HIGH]


def test_a_glance_away_is_not_told() -> None:
    stage, camera = two_people()
    for _ in range(5):
        show(stage, "bob", camera, None)
        stage.wait(4)
        show(stage, "bob", camera, HIGH)
        stage.wait(1)
    assert told(stage) == []


def test_the_best_that_anybody_watches_counts() -> None:
    stage, camera = two_people()
    stage.join("carol")
    stage.follow_requirements()
    show(stage, "bob", camera, None)
    show(stage, "carol", camera, MEDIUM)
    stage.wait(6)
    assert told(stage) == [MEDIUM]


def test_a_camera_that_nobody_subscribed_to_or_all_left_is_off() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.wait(6)
    assert told(stage) == [OFF]
    stage.join("bob")
    stage.follow_requirements()
    assert told(stage) == [OFF, HIGH]
    stage.request("bob", UpdateSubscription(tracks=(camera,), is_subscribed=False))
    stage.wait(6)
    assert told(stage) == [OFF, HIGH, OFF]


def test_sound_is_never_told_off() -> None:
    stage = Stage()
    stage.join("alice")
    stage.speak_up("alice")
    stage.wait(20)
    assert told(stage) == []


def test_who_is_away_is_told_when_back_not_into_the_void() -> None:
    stage, camera = two_people()
    show(stage, "bob", camera, LOW)
    alice = stage.session("alice")
    stage.step(SignalLost(sid=alice.sid))
    stage.wait(8)
    assert told(stage) == []
    assert alice.publications[camera].told_quality is HIGH


def test_a_screen_comes_before_faces_unless_the_client_says_otherwise() -> None:
    stage, camera = two_people()
    screen = stage.publish("alice", cid="screen", kind=TrackKind.VIDEO, source=TrackSource.SCREEN_SHARE)
    stage.follow_requirements()
    priorities = {command.track: command.priority for command in stage.done(SetSubscription)}
    assert (priorities[camera], priorities[screen]) == (1, 255)
    settings = TrackSettings(quality=HIGH, priority=9_000)
    stage.request("bob", UpdateTrackSettings(tracks=(camera,), settings=settings))
    assert stage.session("bob").applied[camera].priority == 255


def test_who_has_no_room_for_a_picture_is_told_and_nobody_else() -> None:
    stage, camera = two_people()
    alice, bob = stage.session("alice").sid, stage.session("bob").sid
    for is_paused in (True, False):
        stage.step(PictureStateObserved(peer=bob, track=camera, is_paused=is_paused))
    assert stage.told("bob", PictureStateChanged) == [
        PictureStateChanged(publisher=alice, track=camera, is_paused=is_paused) for is_paused in (True, False)
    ]
    assert stage.told("alice", PictureStateChanged) == []
    stage.step(PictureStateObserved(peer=bob, track=TrackSid("TR_gone"), is_paused=True))
    assert len(stage.told("bob", PictureStateChanged)) == 2


def test_who_comes_back_is_told_what_rests_and_what_is_watched() -> None:
    stage, camera = two_people()
    alice, bob = stage.session("alice").sid, stage.session("bob").sid
    show(stage, "bob", camera, LOW)
    stage.wait(8)
    for sid in (alice, bob):
        stage.step(SignalLost(sid=sid))
    stage.step(PictureStateObserved(peer=bob, track=camera, is_paused=True))
    before = len(told(stage))
    for sid in (alice, bob):
        stage.step(Resume(sid=sid))
    assert stage.told("bob", PictureStateChanged)[-1].is_paused
    assert told(stage)[before:] == [LOW]
