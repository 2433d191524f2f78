// As looks.mjs, for what not every neighbour sees: the keeper's page, the phone's own key, the way out of a captive window.

import { execFileSync } from 'node:child_process';

import { assert, assertQuiet, follow, htmlFaults, LANGS, LOOKS, makeKey, phone, startGateway, test, unfit } from './harness.mjs';
import { Member, found } from './support/ledger.mjs';

const PASSWORD = 'lamp river seven';
const CAPTIVE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

/** Runs a command beside a gateway; its last line. */
const last = (gateway, ...words) =>
  execFileSync(process.env.COMMONSD_BIN, [...words, '--data', gateway.data], { encoding: 'utf8' }).trim().split('\n').pop();

/** A gateway that is paired with another, and the code of one that is gone: it is tried for as long as the pages are looked at. */
async function two() {
  const gateway = await startGateway({ config: '[portal]\nenabled = true\n' });
  await gateway.password(PASSWORD);
  // A community whose households decide something, and a refusal.
  const [ann, ben] = [new Member('Ann of the third floor', 'no. 4'), new Member('بن', 'رقم ٧')];
  await found([[ann, gateway], [ben, gateway]]);
  await ann.say(gateway, 'decide', { action: { does: 'freeze', member: ben.id, epoch: 0 }, text: 'His phone was stolen on the way to the well' });
  await fetch(`${gateway.url}/api/v1/post/need`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '' });
  const other = await startGateway({ name: 'Block 7, the yellow house behind the school' });
  last(gateway, 'peer', 'add', last(other, 'peer', 'invite'));
  const gone = await startGateway({ name: 'Gone' });
  const code = last(gone, 'peer', 'invite');
  await gone.stop();
  return { gateway, code };
}

/** Opens what is folded up. */
const unfold = (page) => page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true; }));

/** Walks over all states of these pages. */
async function walk(page, code, look) {
  await page.goto('/me');
  await unfold(page);
  await page.locator('[data-do=make]').waitFor({ state: 'visible' });
  await look('me-none');
  await page.locator('[data-do=make]').click();
  await page.fill('#group', '000000');
  await page.locator('[data-do=confirm] button').click();
  await page.locator('#group-wrong').waitFor({ state: 'visible' });
  await look('me-new');
  await page.locator('[data-do=drop]').click();
  await makeKey(page);
  await unfold(page);
  await page.locator('[data-do=show]').click();
  await look('me-have');

  await page.goto('/portal');
  await look('portal');
  await follow(page, page.locator('main form button'));
  await look('portal-passed');

  await page.goto('/keeper');
  await page.locator('[data-keeper] button').click();
  await page.locator('[data-no=unknown]').waitFor({ state: 'visible' });
  await look('keeper-out');
  const enter = async (password) => {
    await page.fill('#password', password);
    await follow(page, page.locator('form[action^="/keeper/in"] button'));
  };
  await enter('not this one');
  await look('keeper-wrong');
  await enter(PASSWORD);
  await look('keeper-bare');
  await follow(page, page.locator('form[action^="/keeper/invite"] button'));
  await look('keeper-invited');
  await page.fill('#code', 'AAAA-BBBB');
  await follow(page, page.locator('form[action^="/keeper/add"] button'));
  await look('keeper-wrong-code');
  await page.fill('#code', code);
  await follow(page, page.locator('form[action^="/keeper/add"] button'));
  await look('keeper-added');
  const remove = page.locator('form[action^="/keeper/remove"] button');
  await follow(page, remove.first());
  await look('keeper-sure-peer');
  await page.goto('/keeper');
  await follow(page, remove.last());
  await look('keeper-sure-code');
}

for (const [look, langs, options] of LOOKS) {
  for (const lang of langs) {
    test(`the keeper's, the key's and the portal's pages are fit to be used: ${look}, ${lang}`, async () => {
      const { gateway, code } = await two();
      const page = await phone(gateway, { ...options, lang });
      const wrong = [];
      await walk(page, code, async (name) => wrong.push(...(await unfit(page, look, lang, name))));
      assert.deepEqual(wrong, []);
      assertQuiet(page);
      const captive = await phone(gateway, { ...options, lang, script: false, headers: { 'user-agent': CAPTIVE } });
      await captive.goto('/');
      assert.equal(await captive.locator('.captive').count(), 1);
      await unfit(captive, 'captive', lang, look);
    });
  }
}

test("the keeper's, the key's and the portal's pages keep to the HTML standard in every language", async () => {
  const { gateway, code } = await two();
  const wrong = [];
  for (const lang of LANGS) {
    const headers = { 'accept-language': lang };
    const check = async (name, html) => wrong.push(...(await htmlFaults(html)).map((one) => `${lang} ${name}: ${one}`));
    const get = async (address, more = {}) => (await fetch(gateway.url + address, { headers: { ...headers, ...more } })).text();
    for (const [name, address] of [['me', '/me'], ['portal', '/portal'], ['keeper', '/keeper']]) await check(name, await get(address));
    await check('captive', await get('/', { 'user-agent': CAPTIVE }));
    const send = (address, fields, more = {}) => fetch(gateway.url + address, {
      method: 'POST', headers: { ...headers, ...more }, body: new URLSearchParams(fields), redirect: 'manual',
    });
    await check('keeper wrong', await (await send('/keeper/in', { password: 'wrong' })).text());
    const entered = await send('/keeper/in', { password: PASSWORD });
    const cookie = { cookie: entered.headers.get('set-cookie').split(';')[0] };
    const page = await get('/keeper', cookie);
    await check('keeper in', page);
    const form = /name="form" value="(\w+)"/.exec(page)[1];
    await send('/keeper/invite', { form }, cookie);
    await check('keeper invited', await get('/keeper', cookie));
    await check('keeper wrong code', await (await send('/keeper/add', { form, code: '<b>' }, cookie)).text());
    await send('/keeper/add', { form, code }, cookie);
    const added = await get('/keeper', cookie);
    await check('keeper added', added);
    const peers = [...added.matchAll(/name="peer" value="([^"]+)"/g)];
    assert.equal(peers.length, 2);
    for (const [, peer] of peers) await check('keeper sure', await (await send('/keeper/remove', { form, peer }, cookie)).text());
  }
  assert.deepEqual(wrong, []);
});
