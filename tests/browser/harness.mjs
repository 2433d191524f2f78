// Starts gateways and browsers for the tests beside this file, and ends all that it started.
//
// A gateway runs in a temporary directory on loopback ports that the kernel picks. A phone is a browser context with its
// own cookies; it fails the test on any request that leaves the gateway, and on any error in the page's console.
//
//     import { test, startGateway, phone } from './harness.mjs';
//     test('...', async () => { const gateway = await startGateway(); const page = await phone(gateway); ... });

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const tools = createRequire(path.join(process.env.BROWSER_TOOLS ?? process.cwd(), 'package.json'));
const { chromium } = tools('playwright-core');

export { assert, test, tools };

/** How long anything may take on a busy machine, in milliseconds. */
export const PATIENCE_MS = 20_000;

const endings = [];
after(async () => {
  // Browsers first: a gateway waits for its connections.
  for (const end of endings.reverse()) await end();
});

// What an interrupted run would leave behind.
const gateways = [];
process.on('exit', () => {
  for (const gateway of gateways) {
    if (gateway.process?.exitCode === null) gateway.process.kill('SIGKILL');
    rmSync(gateway.home, { recursive: true, force: true });
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** Asks again until the answer is true; fails with what was waited for. */
export async function waitFor(what, ask, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) assert.fail(`waited ${patienceMs} ms for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export class Gateway {
  /** A directory of its own with the lines of `config` in it. */
  static async make({ name = 'Maple Street', config = '', args = [] } = {}) {
    const gateway = new Gateway();
    gateway.home = await mkdtemp(path.join(tmpdir(), 'commons-browser-'));
    gateways.push(gateway);
    gateway.data = path.join(gateway.home, 'data');
    await mkdir(gateway.data);
    if (config) await writeFile(path.join(gateway.data, 'commonsd.toml'), config);
    gateway.args = ['--name', name, ...args];
    endings.push(async () => {
      await gateway.stop();
      await rm(gateway.home, { recursive: true, force: true });
    });
    return gateway;
  }

  /** Starts it; on the ports it had, if it ran before, so that phones find it again. */
  async start() {
    const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('COMMONSD_')));
    const listen = ['--mqtt', `127.0.0.1:${this.mqttPort ?? 0}`, '--http', `127.0.0.1:${this.httpPort ?? 0}`];
    const run = ['run', '--data', this.data, ...listen, ...this.args];
    this.log = '';
    this.printed = '';
    this.process = spawn(process.env.COMMONSD_BIN, run, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.process.once('exit', done));
    this.process.stderr.on('data', (bytes) => { this.log += bytes; });
    this.process.stdout.on('data', (bytes) => { this.printed += bytes; });
    await waitFor('the gateway to start', () => {
      if (this.process.exitCode !== null) assert.fail(`the gateway did not start: ${this.log}`);
      return this.printed.includes('Post from here:');
    });
    this.mqttPort = Number(/mqtt {2}[\d.]+:(\d+)/.exec(this.printed)[1]);
    this.httpPort = Number(/http {2}[\d.]+:(\d+)/.exec(this.printed)[1]);
    this.url = `http://127.0.0.1:${this.httpPort}`;
    return this;
  }

  /** As a power cut. */
  async kill9() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async stop() {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGTERM');
    await this.ended;
  }

  /** Posts by the JSON door and returns the receipt. */
  async post(kind, fields) {
    const answer = await fetch(`${this.url}/api/v1/post/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ v: 1, ...fields }),
    });
    const receipt = await answer.json();
    assert.ok(answer.ok, JSON.stringify(receipt));
    return receipt;
  }

  /** Sets the password of the keeper's page. */
  async password(typed) {
    const set = spawn(process.env.COMMONSD_BIN, ['keeper', 'password', '--data', this.data], { stdio: ['pipe', 'ignore', 'inherit'] });
    set.stdin.end(`${typed}\n`);
    assert.equal(await new Promise((done) => set.once('exit', done)), 0);
  }

  async json(address) {
    return (await fetch(this.url + address)).json();
  }
}

/** A gateway that runs. */
export async function startGateway(options) {
  return (await Gateway.make(options)).start();
}

const browsers = new Map();

/** The browser of this file, one for each text size (in per cent of what the phone's owner has by default). */
async function browserOf(text) {
  if (!browsers.has(text)) {
    const args = [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
      `--blink-settings=defaultFontSize=${(16 * text) / 100},defaultFixedFontSize=${(13 * text) / 100}`,
    ];
    const launched = chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
    browsers.set(text, launched);
    endings.push(async () => (await launched).close());
  }
  return browsers.get(text);
}

/**
 * A neighbour's phone with the gateway's page not yet open.
 *
 * `script: false` is an old phone or a captive window; `text: 200` is a reader with large type. `headers` are sent along.
 */
export async function phone(gateway, options = {}) {
  const { width = 360, height = 640, script = true, dark = false, lang = 'en', text = 100, headers = {} } = options;
  const browser = await browserOf(text);
  const context = await browser.newContext({
    baseURL: gateway.url,
    viewport: { width, height },
    javaScriptEnabled: script,
    colorScheme: dark ? 'dark' : 'light',
    locale: lang,
    hasTouch: true,
    isMobile: true,
    extraHTTPHeaders: headers,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  endings.push(() => context.close());
  const page = await context.newPage();
  page.strangers = [];
  page.complaints = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(gateway.url) && !url.startsWith('data:')) page.strangers.push(url);
  });
  page.on('console', (message) => {
    // A refused form is an error to the console, and meant.
    if (message.type() === 'error' && !/the server responded with a status of 4\d\d/.test(message.text())) {
      page.complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/** Taps what leads to another page, and waits for that page. */
export async function follow(page, target) {
  await Promise.all([page.waitForNavigation(), target.tap()]);
}

/** Makes the phone's own key and writes it down; its backup and what it is called. */
export async function makeKey(page) {
  await page.goto('/me');
  await page.locator('[data-do=make]').click();
  const groups = await page.locator('[data-me=new] [data-digits] li').allInnerTexts();
  const asked = Number(await page.locator('[data-group]').innerText());
  await page.fill('#group', groups[asked - 1]);
  await page.locator('[data-do=confirm] button').click();
  await page.locator('[data-name]').waitFor({ state: 'visible' });
  return { groups, name: await page.locator('[data-name]').innerText() };
}

/** Nothing left the gateway and nothing went wrong in the page. */
export function assertQuiet(page) {
  assert.deepEqual(page.strangers, [], 'requests to others');
  assert.deepEqual(page.complaints, [], 'errors in the page');
}

/** Nothing is cut off or needs a sideways scroll. */
export async function assertFits(page, what) {
  // Not innerWidth: a phone zooms out until all fits, and says the wider number.
  const { width } = page.viewportSize();
  const [content, wide] = await page.evaluate((most) => [
    Math.max(document.documentElement.scrollWidth, innerWidth),
    [...document.querySelectorAll('body *')]
      .filter((one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return [one, range].some((part) => part.getBoundingClientRect().right > most + 0.5);
      })
      .map((one) => one.outerHTML.slice(0, 100)),
  ], width);
  assert.ok(content <= width, `${what}: ${content} px wide on ${width}: ${wide.join('\n')}`);
}

/** A picture for looking at, where SHOTS names a directory. */
export async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), fullPage: true });
}

/** What axe-core finds wrong, as lines; the page must run with script. */
export async function violations(page) {
  await page.evaluate(tools('axe-core').source);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${one.help}: ${node.target} ${node.html}`));
}

/** All languages of the page. */
export const LANGS = ['en', 'es', 'fr', 'pt', 'ar'];
/** How pages are looked at: name, languages, the phone. */
export const LOOKS = [
  ['light', LANGS, {}], ['dark', ['en', 'ar'], { dark: true }],
  ['narrow', LANGS, { width: 320 }], ['large-type', LANGS, { width: 320, text: 200 }],
];
/** CSS pixels that a thumb hits. */
const TARGET_PX = 48;

/** What is too small for a thumb. Links inside sentences are exempt (WCAG 2.2, 2.5.8), as is what is not seen. */
const small = (px) => [...document.querySelectorAll('a, button, summary, label.choice, input[type=text], input[type=password], select, textarea')]
  .filter((one) => !one.closest('p:not(:has(> .button)), .skip') && !one.matches('.skip, .unseen, .item h3 a, code a'))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.height < px - 0.5 || box.width < px - 0.5))
  .map(([one, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${one.outerHTML.slice(0, 120)}`);

/** What makes a page as it is shown unfit to be used, as lines; and a picture of it. */
export async function unfit(page, look, lang, name) {
  await assertFits(page, `${look} ${lang} ${name}`);
  const wrong = (await page.evaluate(small, TARGET_PX)).map((one) => `${name}: too small: ${one}`);
  // Colours and structure do not depend on the width: once in each mode is enough.
  if (['light', 'dark'].includes(look)) wrong.push(...(await violations(page)).map((one) => `${name}: ${one}`));
  await shot(page, `${look}-${lang}-${name}`);
  return wrong;
}

/** What the HTML standard objects to, as lines. */
export async function htmlFaults(html) {
  const { HtmlValidate } = tools('html-validate');
  const validate = new HtmlValidate({ root: true, extends: ['html-validate:standard'] });
  const { results } = await validate.validateString(html);
  return results.flatMap((result) => result.messages).map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`);
}
