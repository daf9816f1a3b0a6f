"""What operators see: metrics in Prometheus' own text, the rooms as JSON and as a page, and who may look."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from livekit.protocol import rtc

from palaver_sfu.config import AdminSettings
from palaver_sfu.exposition import Counter, Histogram, gauge, render
from palaver_sfu.http.admin import AdminApp, Insight
from palaver_sfu.ports import StreamsTold
from palaver_sfu.room.values import (
    LinkStats,
    ParticipantSid,
    ReceivedStream,
    SentStream,
    StreamCause,
    StreamTotals,
    TrackSid,
)
from palaver_sfu.session.inputs import StreamsObserved
from palaver_sfu.tests.serving import KEY, OFFER, SECRET, Served
from palaver_sfu.tests.test_command import START_S, STOP_S, command

LINE = re.compile(r'^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (\S+)$')


@asynccontextmanager
async def looking(
    sfu: Served, *, username: str = "", password: str = "", host: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    settings = AdminSettings(port=1, username=username, password=password)
    app = AdminApp(
        Insight(rooms=sfu.app.rooms, families=sfu.app.metrics, settings=settings, threads=sfu.app.media_threads)
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}:7889") as client:
        yield client


def read(text: str) -> dict[str, float]:
    """Every sample of a well-formed exposition."""
    samples: dict[str, float] = {}
    typed: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in typed, "a family comes twice"
            typed.add(name)
        elif not line.startswith("# HELP "):
            found = LINE.match(line)
            assert found is not None, line
            family = re.sub(r"_(bucket|sum|count)$", "", found[1])
            assert found[1] in typed or family in typed, line
            samples[found[1] + (found[2] or "")] = float(found[3])
    assert text.endswith("\n")
    return samples


def test_the_exposition_is_escaped_and_histograms_add_up() -> None:
    counter = Counter("a_total", "Help.", ("why",))
    counter.add('quo"te\n\\')
    histogram = Histogram("b_seconds", "Help.", (0.1, 1.0))
    for value in (0.1, 0.5, 7.0):
        histogram.observe(value)
    text = render([counter.family(), histogram.family(), gauge("c", "Help.", 1.5), Counter("d_total", "x").family()])
    assert 'a_total{why="quo\\"te\\n\\\\"} 1\n' in text
    samples = read(text)
    assert [samples[f'b_seconds_bucket{{le="{le}"}}'] for le in ("0.1", "1", "+Inf")] == [1, 2, 3]
    assert (samples["b_seconds_count"], samples["b_seconds_sum"], samples["c"], samples["d_total"]) == (3, 7.6, 1.5, 0)


async def test_metrics_tell_what_happened(sfu: Served) -> None:
    async with sfu.join("alice") as alice, sfu.join("bob") as bob, looking(sfu) as client:
        track = await alice.publish_camera()
        sfu.media.start_tracks(alice.sid, "video/vp8")
        await bob.until("media_sections_requirement")
        await bob.send(offer=rtc.SessionDescription(type="offer", sdp=OFFER, id=2))
        await bob.until("answer")
        link = LinkStats(rtt_ms=20.0, loss_in=0.03, loss_out=0.0, bps_in=8_000, bps_out=80_000)
        sfu.media.measure(alice.sid, link)
        totals = StreamTotals(num_bytes=1_000, num_packets=9, num_nacks=1, loss=0.1)
        sent = SentStream(track=TrackSid(track.sid), layer=0, cause=StreamCause.BANDWIDTH, totals=totals)
        told = StreamsObserved(peer=ParticipantSid(bob.sid), way="tcp", sent=(sent,), received=())
        sfu.media.emit(StreamsTold(peers=(told,)))
        grown = replace(sent, totals=replace(totals, num_nacks=5))
        received = ReceivedStream(track=TrackSid(track.sid), totals=replace(totals, num_nacks=2))
        sfu.media.emit(StreamsTold(peers=(replace(told, sent=(grown,), received=(received,)),)))
        await sfu.twirp("ListRooms", {}, room_list=True)
        await sfu.twirp("ListRooms", {})
        async with asyncio.timeout(10):
            while not sfu.media.peers[bob.sid].subscribed:
                await asyncio.sleep(0.01)
        sfu.app.switchboard.tick()
        response = await client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        samples = read(response.text)
        assert samples["palaver_sfu_rooms"] == 1
        assert samples['palaver_sfu_participants{state="active"}'] == 2
        assert samples['palaver_sfu_tracks{kind="video",source="camera"}'] == 1
        assert sum(value for name, value in samples.items() if name.startswith("palaver_sfu_subscriptions{")) == 1
        assert samples['palaver_sfu_events_total{event="participant_joined"}'] == 2
        assert samples["palaver_sfu_join_seconds_count"] == 2
        assert samples['palaver_sfu_api_calls_total{method="ListRooms",code="ok"}'] == 1
        assert samples['palaver_sfu_api_calls_total{method="ListRooms",code="unauthenticated"}'] == 1
        assert samples['palaver_sfu_media_bytes_total{direction="out"}'] == 10_000
        assert samples['palaver_sfu_nacks_total{direction="out"}'] == 5, "totals of a stream are not added up"
        assert samples['palaver_sfu_nacks_total{direction="in"}'] == 2
        assert samples['palaver_sfu_loss_ratio_bucket{direction="in",le="0.02"}'] == 0
        assert samples['palaver_sfu_loss_ratio_bucket{direction="in",le="0.05"}'] == 1
        assert samples["palaver_sfu_media_peers"] == 2
        assert samples['palaver_sfu_media_thread_peers{thread="0"}'] == 2
        assert samples['palaver_sfu_media_thread_rooms{thread="0"}'] == 1
        assert samples['palaver_sfu_media_thread_overload{thread="0"}'] == 0
        assert samples["process_resident_memory_bytes"] > 0
        rooms = (await client.get("/debug/rooms")).json()
        people = {person["identity"]: person for person in rooms[0]["participants"]}
        assert (rooms[0]["name"], rooms[0]["media_thread"]) == ("standup", 0)
        assert people["alice"]["tracks"][0]["sid"] == track.sid
        assert people["alice"]["rtt_ms"] == 20.0
        (got,) = people["bob"]["subscriptions"]
        assert (people["bob"]["way"], got["track"], got["sent_layer"], got["cause"]) == (
            "tcp",
            track.sid,
            0,
            "bandwidth",
        )
        page = (await client.get("/debug")).text
        assert f"layer 0 of {got['layer']}, bandwidth, lost 10.0%" in page
        assert "media thread 0: port 0, 1 rooms, 2 connections, 0% busy, light" in page


async def test_refused_joins_are_counted_by_their_status(sfu: Served) -> None:
    async with looking(sfu) as client:
        with pytest.raises(Exception, match="401"):
            async with sfu.join("alice", room_join=False):
                pass
        assert read((await client.get("/metrics")).text)['palaver_sfu_joins_refused_total{status="401"}'] == 1


async def test_the_page_shows_names_as_they_are(sfu: Served) -> None:
    async with sfu.join("<b>alice", room="<script>"), looking(sfu) as client:
        page = (await client.get("/debug")).text
        assert "&lt;b&gt;alice" in page
        assert "<script>" not in page


async def test_nobody_looks_without_the_password(sfu: Served) -> None:
    async with looking(sfu, username="prometheus", password="long", host="sfu.example.org") as client:
        for path in ("/metrics", "/debug", "/debug/rooms", "/nothing"):
            refused = await client.get(path)
            assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
            assert (await client.get(path, auth=("prometheus", "wrong"))).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Basic ###"})).status_code == 401
        assert (await client.get("/metrics", auth=("prometheus", "long"))).status_code == 200
        assert (await client.get("/nothing", auth=("prometheus", "long"))).status_code == 404
        assert (await client.post("/metrics", auth=("prometheus", "long"))).status_code == 405


async def test_without_a_password_only_this_machine_looks_by_its_own_name(sfu: Served) -> None:
    for host, status in (("127.0.0.1", 200), ("localhost", 200), ("[::1]", 200), ("evil.example", 403)):
        async with looking(sfu, host=host) as client:
            assert (host, (await client.get("/debug/rooms")).status_code) == (host, status)


def test_the_command_serves_them_beside_the_signalling_and_stops_both(tmp_path: Path) -> None:
    config = tmp_path / "sfu.toml"
    config.write_text(
        f'host = "127.0.0.1"\nport = 0\nlog_format = "json"\n[keys]\n{KEY} = "{SECRET}"\n'
        '[media]\nport = 0\nthreads = 2\naddresses = ["127.0.0.1"]\n[admin]\nport = 0\n'
    )
    process = command("--config", str(config))
    try:
        assert process.stderr is not None
        started = json.loads(process.stderr.readline())
        url = f"http://127.0.0.1:{started['admin_port']}/metrics"
        with urllib.request.urlopen(url, timeout=START_S) as response:
            samples = read(response.read().decode())
        assert samples["palaver_sfu_packets_received_total"] == 0
        assert samples["palaver_sfu_media_turn_allocations"] == 0
        counted = [name for name in samples if name.startswith("palaver_sfu_media_drops_total")]
        # What is no drop has a name of its own: some of it goes down again, which no counter may.
        names = "".join(counted)
        assert not any(word in names for word in ("allocations", "connections", "recovered", "unheard", "permille"))
        assert started["media_threads"] == 2
        assert samples['palaver_sfu_media_thread_packets_total{thread="1",direction="in"}'] == 0
        assert 0 <= samples['palaver_sfu_media_thread_busy_ratio{thread="1"}'] <= 1
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{started['port']}/metrics", timeout=START_S)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=STOP_S) == 0
    finally:
        process.kill()
        process.communicate()
