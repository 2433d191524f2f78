// Credit on the phone's page: paying, accepting, declining, asking by a code, joining, guardians; with one's own key and with a PIN.

import { assert, assertQuiet, phone, shot, startGateway, test, waitFor } from './harness.mjs';
import { Member, deliver, found, phoneOf, ready } from './support/ledger.mjs';

/** A community of three households at one gateway. */
async function community(options) {
  const gateway = await startGateway();
  const [ann, ben, cleo] = [new Member('Ann', 'no. 4'), new Member('Ben', 'no. 7'), new Member('Cleo', 'no. 9')];
  await found([[ann, gateway], [ben, gateway], [cleo, gateway]], options);
  return { gateway, ann, ben, cleo };
}

/** The page of an account, signed in by the phone's key. */
async function open(page, address = '/credit') {
  await page.goto(address);
  await ready(page);
}

const balance = (page, unit = 'hour') => page.locator(`[data-balance=${unit}] .balance`).innerText();
const kept = (page) => page.waitForURL('**/kept/*');

async function pay(page, to, amount, memo = '') {
  await open(page, '/credit/pay');
  await page.fill('[name=to]', to);
  await page.locator('main form button.strong').click();
  await page.locator('#amount').waitFor();
  await ready(page);
  await page.fill('#amount', amount);
  await page.fill('#memo', memo);
  await page.locator('main form button.strong').click();
}

test('one pays, the other accepts, and the balance follows by itself', async () => {
  const { gateway, ann, ben } = await community();
  const a = await phoneOf(ann, gateway);
  const b = await phoneOf(ben, gateway);
  await open(b);
  assert.match(await balance(b), /^0:00/);
  await pay(a, 'ben', '1,5', 'two <b>loaves</b>');
  await kept(a);
  await shot(a, 'credit-kept');
  await open(a);
  assert.match(await balance(a), /^0:00/);
  await a.getByText('waits for the answer of Ben').waitFor();
  assert.equal(await a.locator('[data-lights=payment] [data-light]').first().getAttribute('data-light'), 'reached');
  await shot(a, 'credit-payer');
  // Nobody has touched Ben's phone.
  await b.locator('#waits').waitFor();
  assert.equal(await b.locator('.item .text').innerText(), 'two <b>loaves</b>');
  await shot(b, 'credit-payee');
  await b.locator('.item h3 a').first().click();
  await b.locator('button[value=accept]').waitFor();
  await ready(b);
  await shot(b, 'credit-payment');
  await b.locator('button[value=accept]').click();
  await kept(b);
  await waitFor('the balance of the payer', async () => /^−1:30/.test(await balance(a)));
  await open(b);
  assert.match(await balance(b), /^1:30/);
  const heads = await Promise.all([ann, ben].map((one) => gateway.json(`/api/v1/ledger/members/${one.id}`)));
  assert.deepEqual(heads.map((one) => one.seq), [1, 1]);
  assertQuiet(a);
  assertQuiet(b);
});

test('declined is taken back, and a dispute is answered by giving back', async () => {
  const { gateway, ann, ben } = await community();
  const a = await phoneOf(ann, gateway);
  const b = await phoneOf(ben, gateway);
  await pay(a, ben.id.slice(0, 8), '2:00', 'for the wrong one');
  await kept(a);
  await open(b);
  await b.locator('#waits ~ ul h3 a').first().click();
  await ready(b);
  await b.getByText('This is not for me').click();
  await b.locator('button[value=decline]').click();
  await kept(b);
  await open(a);
  await a.getByText('Ben did not take it').waitFor();
  await a.locator('#waits ~ ul h3 a').first().click();
  await a.locator('button[value=reclaim]').waitFor();
  await ready(a);
  await a.locator('button[value=reclaim]').click();
  await kept(a);
  await open(a);
  assert.match(await balance(a), /^0:00/);
  await a.getByText('You can still pay 10:00 hours').waitFor();

  const pay2 = await ann.say(gateway, 'pay', { to: ben.id, unit: 0, amount: 60, memo: 'an hour of painting' });
  await ben.say(gateway, 'accept', { pay: pay2 });
  await open(a, `/credit/payment/${pay2}`);
  await a.getByText('Something about this is not right').click();
  await a.locator('main button[value=dispute]').click();
  // Nothing was typed: it comes back with the reason beside the field.
  await a.locator('#text-wrong').waitFor();
  await a.fill('#text', 'it was half an hour');
  await a.locator('main button[value=dispute]').click();
  await kept(a);
  await open(b, `/credit/payment/${pay2}`);
  await b.getByText('Not right, says one side').waitFor();
  await b.getByRole('link', { name: 'Give it back' }).click();
  await b.locator('#amount').waitFor();
  await ready(b);
  assert.equal(await b.inputValue('#amount'), '1:00');
  await b.fill('#amount', '0:30');
  await b.locator('main form button.strong').click();
  await kept(b);
  await open(a);
  assert.match(await a.locator('#waits ~ ul h3').first().innerText(), /^\+0:30 hours/);
  assertQuiet(a);
  assertQuiet(b);
});

test('a request by code is opened by a link, filled in, and paid', async () => {
  const { gateway, ann, ben } = await community();
  const b = await phoneOf(ben, gateway);
  await open(b, '/credit/ask');
  await b.fill('#amount', '1.234');
  await b.locator('main form button.strong').click();
  await b.locator('#amount-wrong').waitFor();
  await b.fill('#amount', '0,75');
  await b.fill('#memo', 'haircut & "tea"');
  await b.locator('main form button.strong').click();
  await b.locator('#request svg.qr').waitFor();
  await shot(b, 'credit-request');
  const link = await b.locator('[data-request]').getAttribute('href');
  assert.ok(link.startsWith(gateway.url), link);

  // Not signed in: what is asked for stands there, to be typed elsewhere.
  const stranger = await phone(gateway, { script: false });
  await stranger.goto(link);
  await stranger.getByText('asks for 0:45 hours').waitFor();
  await shot(stranger, 'credit-entrance');
  const a = await phoneOf(ann, gateway);
  await a.goto(link);
  await a.locator('#amount').waitFor();
  await ready(a);
  assert.deepEqual([await a.inputValue('#amount'), await a.inputValue('#memo')], ['0:45', 'haircut & "tea"']);
  await shot(a, 'credit-pay');
  await a.locator('main form button.strong').click();
  await kept(a);
  await waitFor('the request to be paid', async () => {
    await open(b);
    return (await b.locator('[data-payment]').count()) === 1;
  });
  assertQuiet(a);
  assertQuiet(b);
});

test('without script, with a PIN: join, be vouched for, pay, and guesses are few', async () => {
  const { gateway, ann, ben } = await community();
  const page = await phone(gateway, { script: false });
  await page.goto('/credit/join');
  await page.fill('#pseudonym', 'Dee');
  await page.fill('#household', 'no. 12');
  await page.fill('#pin', '12');
  await page.locator('main form button.strong').click();
  await page.locator('#pin-wrong').waitFor();
  assert.deepEqual([await page.inputValue('#pseudonym'), await page.inputValue('#pin')], ['Dee', '']);
  await page.fill('#pin', '481516');
  await page.locator('main form button.strong').click();
  await page.locator('#newcomer').waitFor();
  await shot(page, 'credit-newcomer');
  const [dee] = await gateway.json('/api/v1/ledger/members?q=Dee');
  assert.deepEqual([dee.custody, dee.status], ['hosted', 'newcomer']);
  for (const one of [ann, ben]) await one.say(gateway, 'vouch', { member: dee.id });
  await page.goto('/credit');
  await page.fill('#newcomer #pin', '481516');
  await page.locator('#newcomer button').click();
  await kept(page);
  await page.goto('/credit');
  // Half the limit.
  await page.getByText('You can still pay 5:00 hours').waitFor();

  await page.goto('/credit/pay?to=ann');
  await page.fill('#amount', '1:15');
  await page.fill('#memo', 'bread');
  await page.fill('#pin', '000000');
  await page.locator('main form button.strong').click();
  await page.locator('#pin-wrong').waitFor();
  assert.deepEqual([await page.inputValue('#amount'), await page.inputValue('#memo'), await page.inputValue('#pin')], ['1:15', 'bread', '']);
  await shot(page, 'credit-pin-wrong');
  await page.fill('#pin', '٤٨١٥١٦');
  // Two taps on the same form are one payment.
  const form = await page.evaluate(() => new URLSearchParams(new FormData(document.querySelector('main form[method=post]'))).toString());
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const send = () => fetch(`${gateway.url}/credit/pay`, {
    method: 'POST', redirect: 'manual', body: form, headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
  });
  const sent = await Promise.all([send(), send()]);
  assert.deepEqual(sent.map((one) => one.status), [303, 303]);
  assert.equal(sent[0].headers.get('location'), sent[1].headers.get('location'));
  assert.equal((await gateway.json(`/api/v1/ledger/members/${dee.id}`)).seq, 2, 'enter and one payment');
  // A form of another session, or none, is of no use.
  const forged = await fetch(`${gateway.url}/credit/pay`, {
    method: 'POST', redirect: 'manual', body: form.replace(/mark=\w+/, 'mark=00'), headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(forged.status, 403);
  await page.goto('/credit');
  await page.getByText('waits for the answer of Ann').waitFor();
  await page.locator('main form button').last().click();
  await page.locator('#who').waitFor();

  // A neighbour who guesses.
  const thief = await phone(gateway, { script: false });
  for (let n = 0; n < 5; n += 1) {
    await thief.goto('/credit');
    await thief.fill('#who', 'dee');
    await thief.fill('#pin', `00000${n}`);
    await thief.locator('main form button.strong').click();
    await thief.locator('#pin-wrong').waitFor();
  }
  await thief.fill('#pin', '481516');
  await thief.locator('main form button.strong').click();
  assert.match(await thief.locator('#pin-wrong').innerText(), /wait|minute|second/i);
  assertQuiet(page);
});

test('a printed card pays with its PIN at the gateway that made it', async () => {
  const { gateway, ann } = await community();
  const desk = await phone(gateway, { script: false });
  await desk.goto('/credit/join');
  await desk.fill('#pseudonym', 'Eva');
  await desk.fill('#household', 'no. 14');
  await desk.locator('input[value=card]').check();
  await desk.fill('#pin', '271828');
  await desk.locator('main form button.strong').click();
  await desk.locator('#card svg.qr').waitFor();
  await shot(desk, 'credit-card');
  const [eva] = await gateway.json('/api/v1/ledger/members?q=Eva');
  assert.equal(eva.custody, 'card');
  const pay1 = await ann.say(gateway, 'pay', { to: eva.id, unit: 0, amount: 60, memo: 'a card for Eva' });
  // What a camera reads: the address lies in the page that made the card, for ten minutes.
  const address = await desk.evaluate(() => document.cookie);
  assert.equal(address, '', 'no script sees the card');
  const sealed = (await desk.context().cookies()).find(({ name }) => name === 'card').value;
  const other = await phone(gateway, { script: false });
  await other.goto(`/credit?card=${sealed}`);
  await other.getByText('The card was read').waitFor();
  await other.fill('#pin', '271828');
  await other.locator('main form button.strong').click();
  await other.locator('#waits').waitFor();
  await other.goto(`/credit/payment/${pay1}`);
  await other.locator('form:has(button[value=accept]) #pin').fill('271828');
  await other.locator('button[value=accept]').click();
  await kept(other);
  await other.goto('/credit');
  assert.match(await balance(other), /^1:00/);
  // Without the card the PIN opens nothing.
  const none = await phone(gateway, { script: false });
  await none.goto('/credit');
  await none.fill('#who', 'eva');
  await none.fill('#pin', '271828');
  await none.locator('main form button.strong').click();
  await none.locator('#pin-wrong').waitFor();
  assertQuiet(other);
});

test('a restored phone is caught before it splits its chain', async () => {
  const { gateway, ann, ben } = await community();
  const a = await phoneOf(ann, gateway);
  await pay(a, 'ben', '0:10');
  await kept(a);
  // The phone is copied as it is now, and goes on elsewhere.
  const copy = await a.evaluate(() => JSON.stringify(localStorage));
  await pay(a, 'ben', '0:20');
  await kept(a);
  const old = await phoneOf(ann, gateway);
  await old.addInitScript((kept) => {
    if (!sessionStorage.getItem('restored')) Object.entries(JSON.parse(kept)).forEach(([name, value]) => localStorage.setItem(name, value));
    sessionStorage.setItem('restored', 'yes');
  }, copy);
  await pay(old, 'ben', '0:30');
  await kept(old);
  const card = await gateway.json(`/api/v1/ledger/members/${ann.id}`);
  assert.deepEqual([card.status, card.seq, card.ends], ['member', 3, undefined], 'it went on from where the gateway said');

  // The gateway has lost what it had said it kept: nothing is signed over the gap.
  await old.evaluate((mark) => localStorage.setItem('commons-kept', JSON.stringify(mark)), `${ann.id}:9`);
  await pay(old, 'ben', '0:40');
  await old.getByText('This gateway has lost entries').waitFor();
  assert.equal((await gateway.json(`/api/v1/ledger/members/${ann.id}`)).seq, 3);
  assert.equal(await old.inputValue('#amount'), '0:40');

  // Signed while the gateway was away, on a phone that did not know of the last one: refused, never logged, nobody frozen.
  const late = await phoneOf(ann, gateway);
  await open(late, `/credit/pay?to=${ben.id}`);
  await ann.say(gateway, 'pay', { to: ben.id, unit: 0, amount: 5, memo: 'from elsewhere' });
  await late.route('**/api/v1/ledger/members**', (route) => route.abort());
  await late.fill('#amount', '0:50');
  await late.locator('main form button.strong').click();
  await late.getByText('Something else was entered in your account').waitFor();
  const after = await gateway.json(`/api/v1/ledger/members/${ann.id}`);
  assert.deepEqual([after.status, after.seq], ['member', 4]);
  assertQuiet(a);
});

test('two entries with one number: shown without shame, and mended', async () => {
  const { gateway, ann, ben } = await community();
  // The gateway refuses the second one; what two gateways apart would have logged comes as a proof.
  const card = await gateway.json(`/api/v1/ledger/members/${ann.id}`);
  const link = { member: ann.id, epoch: 0, seq: card.seq + 1, prev: card.head };
  const first = ann.write('pay', { link, to: ben.id, unit: 0, amount: 10, memo: 'one' });
  const second = ann.write('pay', { link, to: ben.id, unit: 0, amount: 20, memo: 'two' });
  assert.ok((await deliver(gateway, 'pay', first)).ok);
  assert.equal((await deliver(gateway, 'pay', second)).error, 'not_next');
  assert.ok((await ben.hand(gateway, 'fork_proof', { first, second })).ok);
  const a = await phoneOf(ann, gateway);
  await open(a);
  await a.locator('#frozen').waitFor();
  await shot(a, 'credit-frozen');
  await a.getByText('Nobody loses anything by it').waitFor();
  await pay(a, 'ben', '0:10');
  await a.getByText('Your account rests: you can receive').waitFor();
  assertQuiet(a);
});

test('joins with the own key, is vouched for by code, names guardians, loses the key and comes back', async () => {
  const { gateway, ann, ben, cleo } = await community();
  const dee = new Member('Dee', 'no. 12');
  const d = await phoneOf(dee, gateway);
  await d.goto('/credit');
  await d.locator('[data-credit=stranger]').waitFor();
  await d.goto('/credit/join');
  await d.locator('main form[action="/credit/join"]').waitFor();
  await d.waitForLoadState('networkidle').catch(() => {});
  await d.fill('#pseudonym', 'Dee');
  await d.fill('#household', 'no. 12');
  await d.locator('input[value=own]').check();
  await d.locator('main form button.strong').click();
  await kept(d);
  await open(d);
  await d.locator('#newcomer svg.qr').waitFor();
  const link = await d.locator('#newcomer .address').innerText();
  for (const one of [ann, ben]) {
    const page = await phoneOf(one, gateway);
    await open(page, new URL(link).pathname);
    if (!(await page.locator('button[value=vouch]').count())) {
      await open(page);
      await page.goto(new URL(link).pathname);
      await ready(page);
    }
    await page.locator('button[value=vouch]').click();
    await kept(page);
    await shot(page, 'credit-vouched');
    assertQuiet(page);
  }
  await open(d);
  await d.getByText('Two households vouch for you').waitFor();
  await d.locator('#newcomer button').click();
  await kept(d);
  await open(d, '/credit/me');
  await d.getByText('Guardians, if your key is lost').click();
  for (const [at, name] of ['ann', 'ben', 'nobody'].entries()) await d.fill(`#guardian${at}`, name);
  await d.fill('#threshold', '2');
  await d.locator('main button[value=facts]').click();
  await d.locator('#guardian2-wrong').waitFor();
  assert.equal(await d.inputValue('#guardian0'), 'ann');
  await d.fill('#guardian2', 'cleo');
  await d.locator('main button[value=facts]').click();
  await kept(d);
  await shot(d, 'credit-guardians');

  // Another phone, with a new key.
  const fresh = new Member('Dee again', 'no. 12');
  const page = await phoneOf(fresh, gateway);
  await page.goto('/credit/back');
  await waitFor('the key in the form', async () => (await page.inputValue('[data-mykey]')) === fresh.key);
  await page.fill('#who', 'dee');
  await page.locator('main form button.strong').click();
  await page.getByText('vouched for your new key: 0 of 2').waitFor();
  await shot(page, 'credit-back');
  const ask = await page.locator('.code-box a').getAttribute('href');
  for (const one of [ann, cleo]) {
    const guard = await phoneOf(one, gateway);
    await open(guard);
    await guard.goto(ask);
    await ready(guard);
    await guard.locator('button[value=recover]').click();
    await kept(guard);
  }
  await page.reload();
  await ready(page);
  await page.locator('main form[method=post] button').click();
  await kept(page);
  await open(page);
  assert.equal(await page.locator('h1').innerText(), 'Dee');
  const [card] = await gateway.json(`/api/v1/ledger/members?q=dee`);
  assert.deepEqual([card.key, card.epoch], [fresh.key, 1]);
  // The old phone is nobody's any more.
  await d.goto('/credit');
  await d.locator('[data-credit=stranger]').waitFor();
  assertQuiet(page);
});

test('what a payment says never becomes markup, and an account is shown to nobody else', async () => {
  const { gateway, ann, ben } = await community();
  const memo = '<script>document.title = "owned"</script>\u202e"&amp;';
  await ann.say(gateway, 'pay', { to: ben.id, unit: 0, amount: 10, memo });
  const b = await phoneOf(ben, gateway);
  await open(b);
  assert.equal(await b.locator('.item .text').innerText(), memo);
  assert.notEqual(await b.title(), 'owned');
  const pages = ['/credit', '/credit/history', '/credit/me', '/credit/pay', '/credit/ask', `/credit/payment/${'0'.repeat(64)}`];
  for (const address of pages) {
    const text = await (await fetch(gateway.url + address)).text();
    assert.ok(!text.includes('owned') && text.includes('name="pin"'), address);
  }
  assert.equal((await fetch(`${gateway.url}/credit/watch`)).status, 404);
  const cookie = (await b.context().cookies()).find(({ name }) => name === 'credit');
  assert.deepEqual([cookie.httpOnly, cookie.path, cookie.sameSite], [true, '/credit', 'Lax']);
  const cache = await b.goto('/credit');
  assert.equal(cache.headers()['cache-control'], 'no-store');
  assertQuiet(b);
});
