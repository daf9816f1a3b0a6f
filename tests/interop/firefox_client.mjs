// Firefox ESR through WebDriver BiDi: joins a room, publishes its fake devices, and reports what it sees and hears.
// Usage: node firefox_client.mjs <page url> <ws url> <token> <identity to watch>; prints one JSON line.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const puppeteer = require('puppeteer-core');
const [pageUrl, wsUrl, token, watched] = process.argv.slice(2);

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: '/usr/bin/firefox-esr',
  headless: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.peerconnection.ice.loopback': true,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
  },
});
try {
  const page = await browser.newPage();
  await page.goto(pageUrl);
  await page.addScriptTag({ path: require.resolve('livekit-client').replace(/[^/]+$/, 'livekit-client.umd.js') });
  await page.addScriptTag({ path: fileURLToPath(new URL('./js_client.js', import.meta.url)) });
  const report = await page.evaluate(
    async (ws, jwt, identity) => {
      const joined = await window.client.connect(ws, jwt, {});
      await window.client.publishCamera('vp8', true);
      await window.client.publishMicrophone();
      const seen = await window.client.see(identity);
      const heard = await window.client.hear(identity);
      return { joined, seen, heard };
    },
    wsUrl, token, watched,
  );
  console.log(JSON.stringify(report));
  // Stay until the other side has looked: it closes our standard input.
  await new Promise((done) => process.stdin.on('end', done).resume());
} finally {
  await browser.close();
}
