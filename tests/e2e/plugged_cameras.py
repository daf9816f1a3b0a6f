"""Cameras that a test plugs in and pulls out: Chromium's own fake ones stay for as long as it runs.

`plug_in` puts cameras of canvas pictures in place of the browser's own, each with the colour of a person; from then on
`unplug` and `plug` work on them and on the browser's fake microphones alike.
"""

import json
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

from tests.e2e.cameras import COLOURS

_SCRIPT = """
((cameras, first_refusal) => {
  const media = navigator.mediaDevices;
  if (!media) return;
  const enumerate = media.enumerateDevices.bind(media);
  const open = media.getUserMedia.bind(media);
  const unplugged = new Set();
  const running = new Set();
  let refusal = first_refusal;

  const film = (camera) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const context = canvas.getContext('2d');
    let step = 0;
    const draw = () => {
      context.fillStyle = camera.colour;
      context.fillRect(0, 0, 320, 180);
      context.fillStyle = '#e6e6e6';
      context.fillRect(step++ * 10 % 296, 45, 24, 45);
    };
    draw();
    const timer = setInterval(draw, 125);
    const [track] = canvas.captureStream(8).getVideoTracks();
    const stop = track.stop.bind(track);
    const settings = track.getSettings.bind(track);
    track.stop = () => { clearInterval(timer); stop(); };
    track.getSettings = () => ({ ...settings(), deviceId: camera.id, facingMode: camera.side });
    Object.defineProperty(track, 'label', { value: camera.label });
    return track;
  };

  // As in Chromium: who asks for one device gets that or none; a mere wish for a microphone is not heeded.
  const demanded = (present, id, wish) => {
    const found = present.find((one) => one[id] === wish.deviceId.exact);
    if (!found) throw new OverconstrainedError('deviceId');
    return found;
  };

  const camera = (wish) => {
    const present = cameras.filter((one) => !unplugged.has(one.label));
    if (wish.deviceId?.exact) return film(demanded(present, 'id', wish));
    const found = present.find((one) => one.id === wish.deviceId?.ideal)
      ?? present.find((one) => one.side === wish.facingMode?.ideal)
      ?? present[0];
    if (!found) throw new DOMException('Requested device not found', 'NotFoundError');
    return film(found);
  };

  const microphone = async (wish) => {
    const present = (await enumerate()).filter((one) => one.kind === 'audioinput' && !unplugged.has(one.label));
    const found = wish.deviceId?.exact ? demanded(present, 'deviceId', wish) : present[0];
    if (!found) throw new DOMException('Requested device not found', 'NotFoundError');
    const stream = await open({ audio: { ...wish, deviceId: { exact: found.deviceId } } });
    return stream.getAudioTracks()[0];
  };

  media.enumerateDevices = async () => [
    ...(await enumerate()).filter((one) => one.kind !== 'videoinput'),
    ...cameras.map((one) => ({ kind: 'videoinput', deviceId: one.id, label: one.label, groupId: '' })),
  ].filter((one) => !unplugged.has(one.label));

  media.getUserMedia = async (wish) => {
    if (refusal) throw new DOMException('Refused by the test', refusal);
    const tracks = [];
    if (wish.audio) tracks.push(await microphone(wish.audio));
    if (wish.video) tracks.push(camera(wish.video));
    for (const track of tracks) running.add(track);
    return new MediaStream(tracks);
  };

  const changed = () => media.dispatchEvent(new Event('devicechange'));
  window.__bench = {
    unplug(label) {
      unplugged.add(label);
      for (const track of running) {
        if (track.label !== label || track.readyState !== 'live') continue;
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      changed();
    },
    plug(label) { unplugged.delete(label); changed(); },
    relent() { refusal = null; },
  };
})(CAMERAS, REFUSAL);
"""


@dataclass(frozen=True, slots=True)
class PluggedCamera:
    """A camera of the test's own."""

    label: str
    film: str
    """Whose colour it shows: a name in `cameras.COLOURS`."""
    side: str | None = None
    """"user" for the front of a phone, "environment" for its back."""


def plug_in(context: BrowserContext, *cameras: PluggedCamera, refusal: str | None = None) -> None:
    """Give the pages of *context* these cameras instead of the browser's own, the first one as its default.

    With a *refusal*, the name of an error, every wish for a device fails until `relent`.
    """
    rows = [
        {"id": f"camera-{index}", "label": one.label, "side": one.side, "colour": f"rgb{COLOURS[one.film]}"}
        for index, one in enumerate(cameras)
    ]
    script = _SCRIPT.replace("CAMERAS", json.dumps(rows)).replace("REFUSAL", json.dumps(refusal))
    context.add_init_script(script)


def unplug(page: Page, label: str) -> None:
    """Pull out the camera or microphone called *label*."""
    page.evaluate("(label) => window.__bench.unplug(label)", label)


def plug(page: Page, label: str) -> None:
    """Put the camera or microphone called *label* back."""
    page.evaluate("(label) => window.__bench.plug(label)", label)


def relent(page: Page) -> None:
    """Let the wishes for devices succeed from now on."""
    page.evaluate("() => window.__bench.relent()")
