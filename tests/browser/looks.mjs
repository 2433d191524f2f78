// Every page in every look: nothing cut off, nothing that axe-core or the HTML standard object to, fingers find all targets;
// and how much a first visit loads, and how fast.

import { gzipSync } from 'node:zlib';

import { assert, assertQuiet, follow, htmlFaults, LANGS, LOOKS, phone, startGateway, test, unfit } from './harness.mjs';

const CONFIG = '[http]\nwifi_name = "Maple Commons"\nwifi_password = "come in; it is dry"\n';

/** A board with something of everything on it; returns the pages to look at, by name. */
async function neighbourhood() {
  const gateway = await startGateway({ config: CONFIG });
  await gateway.post('need', {
    text: 'Insulin (NovoRapid) for my father, the fridge is off since last night. Third floor, please call up the stairs.',
    urgency: 'now', category: 'health', zone: 'stairwell B', tags: ['speaks arabic'],
  });
  const milk = await gateway.post('need', {
    text: 'نحتاج إلى حليب للأطفال', category: 'childcare', contact: 'ring twice', lang: 'ar',
    lines: [{ item: 'milk', unit: 'l', qty: 1.5 }], assign_by: 'requester', slots: 2,
  });
  await gateway.post('claim', { item: milk.id, message: 'I have two boxes, coming after lunch' });
  const offer = await gateway.post('offer', {
    text: 'You can charge telephones here, generator runs 18:00 to 22:00', category: 'power', standing: true,
    urgency: 'whenever',
  });
  const notice = await gateway.post('notice', {
    text: 'The water from the main is brown: boil it before drinking.', category: 'water', urgency: 'now',
    severity: 'severe', certainty: 'observed',
  });
  await gateway.post('notice', { text: 'Fire drill on Saturday', status: 'exercise' });
  // Two shelves, one of them counted by one person only, a loan that is late, and needs for the scorecard.
  const shed = { place: 'tool shed', item: 'cordless drill', unit: 'piece' };
  await gateway.post('stock_in', { ...shed, qty: 3, source: 'the market' });
  await gateway.post('stock_in', { place: 'pantry', item: 'rice', unit: 'kg', qty: 42.5 });
  await gateway.post('stock_count', { ...shed, qty: 2 });
  await gateway.post('loan', { ...shed, qty: 1, to: 'سامي، الدرج الشمالي', due: '2026-01-02T20:00:00Z' });
  const pages = {
    board: '/', needs: '/?kind=need', search: '/?q=milk', 'no-find': '/?kind=offer&q=unicorn', ask: '/new/need',
    offering: '/new/offer', announcing: '/new/notice', code: '/code', help: '/help', poster: '/poster',
    bulletin: '/bulletin', need: `/need/${milk.id}`, offer: `/offer/${offer.id}`, notice: `/notice/${notice.id}`,
    stock: '/stock', shelf: '/stock/new?place=tool%20shed&item=drill', scorecard: '/scorecard',
    gone: '/need/nothing', over: '/kept/nothing',
  };
  return { gateway, pages };
}

/** Walks over all pages, then over those that only a form leads to. */
async function walk(page, pages, look) {
  for (const [name, address] of Object.entries(pages)) {
    await page.goto(address);
    // What is folded up is looked at open.
    await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));
    await look(name);
  }
  await page.goto('/new/need');
  await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));
  await page.locator('#qty0').fill('lots');
  await page.locator('#contact').fill('flat 3');
  await follow(page, page.locator('main form button.strong'));
  await look('mistakes');
  await page.locator('#text').fill('Bread');
  await page.locator('#qty0').fill('');
  await follow(page, page.locator('main form button.strong'));
  await look('kept');
}

for (const [look, langs, options] of LOOKS) {
  for (const lang of langs) {
    test(`pages are fit to be used: ${look}, ${lang}`, async () => {
      const { gateway, pages } = await neighbourhood();
      const page = await phone(gateway, { ...options, lang });
      const wrong = [];
      await walk(page, pages, async (name) => {
        wrong.push(...(await unfit(page, look, lang, name)));
      });
      assert.deepEqual(wrong, []);
      assertQuiet(page);
    });
  }
}

test('pages keep to the HTML standard in every language', async () => {
  const { gateway, pages } = await neighbourhood();
  const wrong = [];
  const check = async (name, html) => wrong.push(...(await htmlFaults(html)).map((one) => `${name}: ${one}`));
  for (const lang of LANGS) {
    const headers = { 'accept-language': lang };
    for (const [name, address] of Object.entries(pages)) {
      await check(`${lang} ${name}`, await (await fetch(gateway.url + address, { headers })).text());
    }
    for (const [name, fields] of [['mistakes', { qty0: 'x' }], ['kept', { text: `bread ${lang}` }]]) {
      const sent = { method: 'POST', headers, body: new URLSearchParams(fields) };
      await check(`${lang} ${name}`, await (await fetch(`${gateway.url}/new/need`, sent)).text());
    }
  }
  assert.deepEqual(wrong, []);
});

test('a first visit loads at most 20 KB, and a slow link shows the board', async () => {
  const { gateway } = await neighbourhood();
  for (let n = 0; n < 20; n++) await gateway.post('need', { text: `Two loaves of bread and something warm, ${n}`, category: 'food', zone: `stairwell ${n}` });
  const page = await phone(gateway, { script: false });
  const loaded = [];
  page.on('response', (answer) => loaded.push(answer));
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  // A bad Wi-Fi link two walls away: 100 kbit/s, 400 ms there and back.
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false, latency: 400, downloadThroughput: 12_500, uploadThroughput: 12_500,
  });
  const start = Date.now();
  await page.goto('/');
  const shownMs = Date.now() - start;
  await page.getByText('Insulin').waitFor();
  let bytes = 0;
  for (const answer of loaded) bytes += gzipSync(await answer.body()).length;
  console.log(`first visit: ${loaded.length} answers, ${bytes} bytes gzipped, shown after ${shownMs} ms at 100 kbit/s`);
  assert.ok(bytes <= 20 * 1024, `${bytes} bytes`);
  assert.ok(shownMs < 10_000, `${shownMs} ms`);
  assertQuiet(page);
});

test('a board of 200 items is drawn at once', async () => {
  const gateway = await startGateway();
  for (let n = 0; n < 200; n++) {
    const kind = ['need', 'need', 'offer', 'notice'][n % 4];
    await gateway.post(kind, { text: `Post number ${n} with as many words as people write when they ask for something`, zone: 'stairwell B', category: 'food' });
  }
  for (const address of ['/', '/?kind=need', '/?q=number', '/bulletin']) {
    const times = [];
    for (let n = 0; n < 11; n++) {
      const start = performance.now();
      await (await fetch(gateway.url + address)).text();
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    console.log(`200 items, ${address}: ${times[5].toFixed(1)} ms (median of 11, with the way there and back)`);
    // The build may be unoptimised and the machine busy; this only finds what is wrong by an order.
    assert.ok(times[5] < 1_000, `${address}: ${times[5]} ms`);
  }
});
