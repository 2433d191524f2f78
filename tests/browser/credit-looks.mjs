// Every page of credit in every look: nothing cut off, nothing that axe-core or the HTML standard object to, fingers find all
// targets; and what a phone loads for it.

import { gzipSync } from 'node:zlib';

import { assert, assertQuiet, htmlFaults, LANGS, LOOKS, phone, startGateway, test, unfit } from './harness.mjs';
import { Member, deliver, found, phoneOf } from './support/ledger.mjs';

/** A community in which something of everything has happened; and the pages to look at, by name, of Ann, a newcomer, one who forked. */
async function community() {
  const gateway = await startGateway();
  const [ann, ben, cleo] = [new Member('Ann of the third floor', 'no. 4'), new Member('بن', 'رقم ٧'), new Member('Cleo', 'no. 9')];
  await found([[ann, gateway], [ben, gateway], [cleo, gateway]]);
  const memo = 'Insulin from the pharmacy across the river, and a loaf';
  const one = await ben.say(gateway, 'pay', { to: ann.id, unit: 0, amount: 90, memo });
  const two = await ann.say(gateway, 'pay', { to: ben.id, unit: 1, amount: 1_250, memo: 'أرز' });
  const three = await ann.say(gateway, 'pay', { to: cleo.id, unit: 0, amount: 15 });
  await cleo.say(gateway, 'decline', { pay: three });
  await ben.say(gateway, 'accept', { pay: two });
  await ann.say(gateway, 'dispute', { pay: two, text: 'half of it was wet' });
  const dee = new Member('Dee', 'no. 12');
  const facts = { pseudonym: 'Dee', household: 'no. 12', home: (await gateway.json('/api/v1/info')).id, custody: 'own' };
  dee.id = (await dee.hand(gateway, 'join', { covenant: ann.covenant, facts })).id;
  await cleo.say(gateway, 'vouch', { member: dee.id });
  const card = await gateway.json(`/api/v1/ledger/members/${cleo.id}`);
  const link = { member: cleo.id, epoch: 0, seq: card.seq + 1, prev: card.head };
  const [first, second] = ['one', 'two'].map((text) => cleo.write('pay', { link, to: ben.id, unit: 0, amount: 10, memo: text }));
  assert.ok((await deliver(gateway, 'pay', first)).ok);
  assert.ok((await ben.hand(gateway, 'fork_proof', { first, second })).ok);
  const fund = new Member('Fund', 'all');
  const pot = { pseudonym: 'Fund of the two stairwells', household: 'all', home: facts.home, custody: 'pot' };
  fund.id = (await fund.hand(gateway, 'join', { covenant: ann.covenant, facts: pot })).id;
  const does = { does: 'write_off', member: ben.id, pot: fund.id, unit: 1, amount: 1_250 };
  const decision = await ben.say(gateway, 'decide', { action: does, text: 'He was ill since the flood; we all want it so.' });
  await ann.say(gateway, 'decide', { action: { does: 'freeze', member: dee.id, epoch: 0 }, text: 'سُرق هاتفها' });
  const mine = {
    account: '/credit', history: '/credit/history', pay: `/credit/pay?to=${ben.id}&amount=1:30&memo=x`, whom: '/credit/pay',
    ask: '/credit/ask?amount=1:30&unit=0&memo=tea', answer: `/credit/payment/${one}`, disputed: `/credit/payment/${two}`,
    declined: `/credit/payment/${three}`, me: '/credit/me', people: '/credit/people', newcomer: `/credit/member/${dee.id}`,
    covenant: '/credit/covenant', decisions: '/credit/decisions', decision: `/credit/decision/${decision}`,
    decide: `/credit/decide?about=${cleo.id}`, freeze: `/credit/decide?about=${ben.id}&does=freeze`,
    unfreeze: `/credit/decide?about=${cleo.id}&does=unfreeze`, 'write-off': `/credit/decide?about=${ben.id}&does=write_off`,
    key: '/credit/key', 'key-given': `/credit/key?key=${dee.key}`, split: `/credit/member/${cleo.id}`,
  };
  const nobodys = { entrance: '/credit', join: '/credit/join', back: '/credit/back?who=ann&key=' + ann.key, member: `/credit/member/${ben.id}`,
    proof: '/credit/proof', newkey: '/credit/newkey', 'newkey-shown': `/credit/newkey?key=${ann.key}` };
  return { gateway, ann, dee, cleo, mine, nobodys };
}

async function look(page, name, address, what, lang, wrong) {
  await page.goto(address);
  await page.locator('main:not(:has([data-credit=key]:not([hidden])))').waitFor();
  await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));
  wrong.push(...(await unfit(page, what, lang, `credit-${name}`)));
}

for (const [name, langs, options] of LOOKS) {
  test(`pages of credit are fit to be used: ${name}`, async () => {
    const { gateway, ann, dee, cleo, mine, nobodys } = await community();
    const wrong = [];
    for (const lang of langs) {
      for (const [who, pages] of [[ann, mine], [dee, { new: '/credit' }], [cleo, { frozen: '/credit' }]]) {
        const page = await phoneOf(who, gateway, { ...options, lang });
        await page.goto('/credit');
        await page.locator('[data-live]').waitFor();
        for (const [which, address] of Object.entries(pages)) await look(page, which, address, name, lang, wrong);
        assertQuiet(page);
      }
      const page = await phone(gateway, { ...options, lang });
      for (const [which, address] of Object.entries(nobodys)) await look(page, which, address, name, lang, wrong);
      // An account that the gateway keeps.
      await page.goto('/credit/join');
      await page.fill('#pseudonym', `Hal ${lang}`);
      await page.fill('#household', 'no. 20');
      await page.fill('#pin', '481516');
      await page.locator('main form button.strong').click();
      await page.locator('#newcomer').waitFor();
      for (const [which, address] of [['newpin', '/credit/pin'], ['key-own', '/credit/key'], ['me-kept', '/credit/me']]) {
        await look(page, which, address, name, lang, wrong);
      }
      await page.context().clearCookies();
      await page.goto('/credit/join');
      await page.fill('#pin', '1');
      await page.evaluate(() => document.querySelector('main form').submit());
      await page.locator('#pseudonym-wrong').waitFor();
      wrong.push(...(await unfit(page, name, lang, 'credit-mistakes')));
      assertQuiet(page);
    }
    assert.deepEqual(wrong, []);
  });
}

test('pages of credit keep to the HTML standard in every language', async () => {
  const { gateway, ann, mine, nobodys } = await community();
  const page = await phoneOf(ann, gateway);
  await page.goto('/credit');
  await page.locator('[data-live]').waitFor();
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const wrong = [];
  for (const lang of LANGS) {
    for (const [pages, headers] of [[mine, { cookie, 'accept-language': lang }], [nobodys, { 'accept-language': lang }]]) {
      for (const [name, address] of Object.entries(pages)) {
        const html = await (await fetch(gateway.url + address, { headers })).text();
        assert.ok(!html.includes('⟦'), `${lang} ${name}`);
        wrong.push(...(await htmlFaults(html)).map((one) => `${lang} ${name}: ${one}`));
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('the modules of credit are loaded on its pages alone', async () => {
  const { gateway, ann } = await community();
  const page = await phoneOf(ann, gateway);
  const loaded = [];
  page.on('response', (answer) => loaded.push(answer));
  await page.goto('/');
  await page.waitForLoadState('networkidle').catch(() => {});
  const isCredit = (answer) => /\/(credit|book|chain)-[0-9a-f]{16}\.js$/.test(new URL(answer.url()).pathname);
  assert.deepEqual(loaded.filter(isCredit).map((answer) => answer.url()), []);
  await page.goto('/credit');
  await page.locator('[data-live]').waitFor();
  assert.equal(loaded.filter(isCredit).length, 3);
  const files = new Set(loaded.map((answer) => answer.url()).filter((url) => url.includes('/assets/')));
  let bytes = 0;
  for (const url of [...files, `${gateway.url}/`, `${gateway.url}/credit`]) bytes += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
  console.log(`board and account, with a key: ${bytes} bytes gzipped`);
  assert.ok(bytes <= 60 * 1024, `${bytes}`);
});
