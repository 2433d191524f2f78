// What households decide on the page, with a key and with a PIN; fork proofs carried by hand; other PINs, other keys; what is told to
// one person only.

import { assert, assertQuiet, makeKey, phone, shot, startGateway, test, waitFor } from './harness.mjs';
import { Member, deliver, found, idOf, phoneOf, ready } from './support/ledger.mjs';

const PIN = '481516';

async function community(options) {
  const gateway = await startGateway();
  const [ann, ben, cleo] = [new Member('Ann', 'no. 4'), new Member('Ben', 'no. 7'), new Member('Cleo', 'no. 9')];
  await found([[ann, gateway], [ben, gateway], [cleo, gateway]], options);
  return { gateway, ann, ben, cleo };
}

const card = (gateway, member) => gateway.json(`/api/v1/ledger/members/${member.id}`);
const kept = (page) => page.waitForURL('**/kept/*');

async function open(page, address = '/credit') {
  await page.goto(address);
  await ready(page);
}

/** A phone without script on which Dee, whose account the gateway keeps, has come in. */
async function dee(gateway, vouchers) {
  const page = await phone(gateway, { script: false });
  await page.goto('/credit/join');
  await page.fill('#pseudonym', 'Dee');
  await page.fill('#household', 'no. 12');
  await page.fill('#pin', PIN);
  await page.locator('main form button.strong').click();
  await page.locator('#newcomer').waitFor();
  const [member] = await gateway.json('/api/v1/ledger/members?q=Dee');
  for (const one of vouchers) await one.say(gateway, 'vouch', { member: member.id });
  await page.goto('/credit');
  await page.fill('#newcomer #pin', PIN);
  await page.locator('#newcomer button').click();
  await kept(page);
  return { page, member };
}

/** Two payments with one number, signed by hand. */
async function forked(gateway, who, to) {
  const { seq, head } = await card(gateway, who);
  const link = { member: who.id, epoch: 0, seq: seq + 1, prev: head };
  const write = (memo) => who.write('pay', { link, to: to.id, unit: 0, amount: 30, memo });
  return [write('soup'), write('the same soup once more')];
}

const letters = (first, second) => `FORK:1:${Buffer.from(first).toString('hex')}:${Buffer.from(second).toString('hex')}`.toUpperCase();

test('an account rests by decision, and goes on by another: with a key and, without script, with a PIN', async () => {
  const { gateway, ann, ben, cleo } = await community({ quorum: 3 });
  const a = await phoneOf(ann, gateway);
  await open(a);
  await open(a, `/credit/member/${cleo.id}`);
  await a.getByText('Propose a decision').click();
  await a.getByText('That the account rests').click();
  await a.locator('#text').waitFor();
  await ready(a);
  // Without a reason it comes back, with the sentence beside the field.
  await a.locator('main form button.strong').click();
  await a.locator('#text-wrong').waitFor();
  await ready(a);
  await a.fill('#text', 'her phone was <b>stolen</b>');
  await shot(a, 'decide');
  await a.locator('main form button.strong').click();
  await kept(a);
  assert.equal((await card(gateway, cleo)).status, 'member');

  const d = await dee(gateway, [ann, ben]);
  await d.page.goto('/credit');
  await d.page.locator('#decisions h3 a').click();
  await d.page.getByText('her phone was <b>stolen</b>').waitFor();
  await d.page.getByText('1 of the 3 households').waitFor();
  await d.page.fill('#pin', '000000');
  await d.page.locator('button[value=consent]').click();
  await d.page.locator('#pin-wrong').waitFor();
  await shot(d.page, 'decision-pin');
  await d.page.fill('#pin', PIN);
  await d.page.locator('button[value=consent]').click();
  await kept(d.page);
  assert.equal((await card(gateway, cleo)).status, 'member');
  await d.page.goto('/credit');
  assert.equal(await d.page.locator('#decisions').count(), 0, 'asked once');

  // Ben hears of it on his own page.
  const b = await phoneOf(ben, gateway);
  await open(b);
  await b.locator('#decisions h3 a').click();
  await b.locator('button[value=consent]').waitFor();
  await ready(b);
  await b.locator('button[value=consent]').click();
  await kept(b);
  assert.equal((await card(gateway, cleo)).status, 'frozen');
  const c = await phoneOf(cleo, gateway);
  await open(c);
  await c.getByText('Households decided together').waitFor();

  // And how it goes on: proposed, agreed to, and followed by her.
  await open(b, `/credit/member/${cleo.id}`);
  await b.getByText('Propose a decision').click();
  await b.getByText('How the account goes on').click();
  await b.locator('#text').waitFor();
  await ready(b);
  await b.getByText('It goes on from where it stands now, with 0:00 hours, 0 kg').waitFor();
  await b.fill('#text', 'she has it back');
  await b.locator('main form button.strong').click();
  await kept(b);
  await open(a, '/credit/decisions');
  await a.getByRole('link', { name: 'shall go on' }).click();
  await a.locator('button[value=consent]').waitFor();
  await ready(a);
  await a.locator('button[value=consent]').click();
  await kept(a);
  await open(c, '/credit/decisions');
  await c.getByRole('link', { name: 'shall go on' }).click();
  await c.getByText('It is about your own household').waitFor();
  await d.page.goto('/credit/decisions');
  await d.page.getByRole('link', { name: 'shall go on' }).click();
  await d.page.fill('#pin', PIN);
  await d.page.locator('button[value=consent]').click();
  await kept(d.page);
  await open(c);
  await c.locator('#decisions h3 a').click();
  await c.locator('button[value=resume]').waitFor();
  await ready(c);
  await shot(c, 'decision-ready');
  await c.locator('button[value=resume]').click();
  await kept(c);
  const after = await card(gateway, cleo);
  assert.deepEqual([after.status, after.epoch], ['member', 1]);
  for (const page of [a, b, c, d.page]) assertQuiet(page);
});

test('an account that the gateway keeps rests, and goes on with its PIN', async () => {
  const { gateway, ann, ben } = await community();
  const { page, member } = await dee(gateway, [ann, ben]);
  const decide = async (action) => {
    const decision = await ann.say(gateway, 'decide', { action: { member: member.id, ...action }, text: 'so' });
    await ben.say(gateway, 'consent', { decision });
  };
  await decide({ does: 'freeze', epoch: 0 });
  await page.goto('/credit');
  await page.getByText('Households decided together').waitFor();
  const { head, key, home } = await card(gateway, member);
  await decide({ does: 'unfreeze', base: head, key, home, positions: [-30, 0] });
  await page.goto('/credit');
  await page.locator('#decisions h3 a').click();
  await page.fill('#pin', PIN);
  await page.locator('button[value=resume]').click();
  await kept(page);
  const after = await card(gateway, member);
  assert.deepEqual([after.status, after.epoch, after.key], ['member', 1, key]);
  await page.goto('/credit');
  await page.getByText('You can still pay 4:30 hours').waitFor();
  assertQuiet(page);
});

test('a common fund takes over a debt', async () => {
  const { gateway, ann, ben, cleo } = await community();
  const fund = new Member('Fund', 'all');
  const facts = { pseudonym: 'Fund', household: 'all', home: await idOf(gateway), custody: 'pot' };
  fund.id = (await fund.hand(gateway, 'join', { covenant: ann.covenant, facts })).id;
  await ben.say(gateway, 'accept', { pay: await cleo.say(gateway, 'pay', { to: ben.id, unit: 0, amount: 120, memo: '' }) });
  const a = await phoneOf(ann, gateway);
  await open(a, `/credit/decide?about=${cleo.id}&does=write_off`);
  await a.fill('#amount', '1.234');
  await a.fill('#text', 'ill since May');
  await a.locator('main form button.strong').click();
  await a.locator('#amount-wrong').waitFor();
  await ready(a);
  await a.fill('#amount', '1:30');
  await shot(a, 'decide-write-off');
  await a.locator('main form button.strong').click();
  await kept(a);
  const b = await phoneOf(ben, gateway);
  await open(b);
  await b.getByText('Fund shall take over 1:30 hours of what Cleo owes').click();
  await b.locator('button[value=consent]').waitFor();
  await ready(b);
  await b.locator('button[value=consent]').click();
  await kept(b);
  const c = await phoneOf(cleo, gateway);
  await open(c);
  assert.match(await c.locator('[data-balance=hour] .balance').innerText(), /^−0:30/);
  assertQuiet(a);
  assertQuiet(b);
});

test('a proof is carried by hand, and shown on', async () => {
  const { gateway, ann, ben, cleo } = await community();
  const [first, second] = await forked(gateway, cleo, ben);
  assert.ok((await deliver(gateway, 'pay', first)).ok);
  // A neighbour without an account, on an old phone.
  const page = await phone(gateway, { script: false });
  await page.goto('/credit/proof');
  for (const [bad, words] of [
    ['', 'Please fill this in'], ['FORK:1:AB', 'not the letters'], [letters(first, first), 'proves nothing'],
    [letters(first, ann.write('pay', { link: { member: ann.id, epoch: 0, seq: 1, prev: ann.id }, to: ben.id, unit: 0, amount: 1, memo: '' })), 'proves nothing'],
  ]) {
    await page.fill('#text', bad);
    await page.locator('main form button.strong').click();
    await page.locator('#text-wrong').getByText(words).waitFor();
  }
  assert.equal((await card(gateway, cleo)).status, 'member');
  await shot(page, 'proof-wrong');
  // As a camera gives it, with line breaks.
  await page.fill('#text', letters(first, second).replace(/(.{60})/g, '$1\n'));
  await page.locator('main form button.strong').click();
  await page.getByText('The proof is taken').waitFor();
  assert.equal((await card(gateway, cleo)).status, 'frozen');
  // The second half is in no log here: the proof itself is shown on.
  await page.goto(`/credit/member/${cleo.id}`);
  await page.locator('#proof svg.qr').waitFor();
  await page.locator('#proof summary').click();
  const shown = await page.locator('[data-proof]').innerText();
  assert.deepEqual(new Set(shown.split(':').slice(2)), new Set(letters(first, second).split(':').slice(2)));
  await shot(page, 'proof');
  await page.goto(`/credit/member/${ben.id}`);
  assert.equal(await page.locator('#proof').count(), 0);
  assertQuiet(page);
});

test('another PIN, then the own phone, without script up to there', async () => {
  const { gateway, ann, ben } = await community();
  const d = await dee(gateway, [ann, ben]);
  await d.page.goto('/credit/me');
  await d.page.getByRole('link', { name: 'Another PIN' }).click();
  const change = async (old, fresh, again) => {
    await d.page.fill('#pin', old);
    await d.page.fill('#new', fresh);
    await d.page.fill('#again', again);
    await d.page.locator('main form button.strong').click();
  };
  await change(PIN, '271828', '271829');
  await d.page.locator('#again-wrong').waitFor();
  await change(PIN, '12', '12');
  await d.page.locator('#new-wrong').waitFor();
  await change('000000', '271828', '271828');
  await d.page.locator('#pin-wrong').waitFor();
  await shot(d.page, 'newpin-wrong');
  await change(PIN, '٢٧١٨٢٨', '٢٧١٨٢٨');
  await d.page.getByText('the new PIN holds').waitFor();

  const mine = await phone(gateway);
  await makeKey(mine);
  const { key } = await mine.evaluate(() => JSON.parse(localStorage.getItem('commons-key')));
  await mine.goto('/credit');
  await mine.locator('[data-credit=stranger]').waitFor();
  const enter = async (pin) => {
    await mine.fill('#who', 'dee');
    await mine.fill('#pin', pin);
    await mine.locator('main form button.strong').click();
  };
  await enter(PIN);
  await mine.locator('#pin-wrong').waitFor();
  await enter('271828');
  await mine.locator('[data-live]').waitFor();
  await mine.goto('/credit/me');
  await mine.getByRole('link', { name: 'Keep the key on my own phone' }).click();
  await mine.getByText(`begins with ${key.slice(0, 8)}`).waitFor();
  await shot(mine, 'key-own');
  await mine.fill('#pin', '271828');
  await mine.locator('main form button.strong').click();
  await mine.getByText('The new key holds').waitFor();
  const after = await gateway.json(`/api/v1/ledger/members/${d.member.id}`);
  assert.deepEqual([after.key, after.custody, after.epoch], [key, 'own', 1]);
  await open(mine);
  // The whole limit now, and the phone signs.
  await mine.getByText('You can still pay 10:00 hours').waitFor();
  await open(mine, `/credit/pay?to=${ann.id}`);
  await mine.fill('#amount', '0:10');
  await mine.locator('main form button.strong').click();
  await kept(mine);
  await d.page.goto('/credit');
  await d.page.locator('#who').waitFor();
  assertQuiet(mine);
  assertQuiet(d.page);
});

test('an account moves from an old phone to a new one', async () => {
  const { gateway, ann } = await community();
  const fresh = await phone(gateway);
  await makeKey(fresh);
  const { key } = await fresh.evaluate(() => JSON.parse(localStorage.getItem('commons-key')));
  await fresh.goto('/credit/newkey');
  await waitFor('the key to be filled in', async () => (await fresh.inputValue('[data-mykey]')) === key);
  await fresh.locator('main form button.strong').click();
  await fresh.locator('#newkey svg.qr').waitFor();
  await shot(fresh, 'newkey');
  const link = await fresh.locator('#newkey a').getAttribute('href');
  const old = await phoneOf(ann, gateway);
  await open(old, '/credit/key');
  await old.getByText('On the other phone').waitFor();
  await open(old, link);
  await old.getByText(`begins with ${key.slice(0, 8)}`).waitFor();
  await ready(old);
  await shot(old, 'key');
  await old.locator('main form button.strong').click();
  await kept(old);
  const after = await card(gateway, ann);
  assert.deepEqual([after.key, after.epoch, after.custody], [key, 1, 'own']);
  await open(fresh);
  assert.equal(await fresh.locator('h1').innerText(), 'Ann');
  await old.goto('/credit');
  await old.locator('[data-credit=stranger]').waitFor();
  assertQuiet(old);
  assertQuiet(fresh);
});

test('what is told to one person is shown to nobody else', async () => {
  const gateway = await startGateway();
  const people = ['Ann', 'Ben', 'Cleo', 'Dan', 'Eva', 'Fay', 'Gil'].map((name, at) => new Member(name, `no. ${at}`));
  await found(people.map((one) => [one, gateway]), { limit: 6_000 });
  const [ann, ...others] = people;
  // Everybody else has given or taken a little; Ann has taken very much.
  const pay = async (from, to, amount) => to.say(gateway, 'accept', { pay: await from.say(gateway, 'pay', { to: to.id, unit: 0, amount, memo: '' }) });
  for (const [at, one] of others.entries()) await pay(one, others[(at + 1) % others.length], [10, 25, 50, 20, 70, 35][at]);
  await pay(ann, others[0], 3_000);
  const a = await phoneOf(ann, gateway);
  await waitFor('the scorecard to know', async () => {
    await open(a);
    return (await a.locator('#signals [data-signal=balance_far]').count()) === 1;
  });
  assert.match(await a.locator('#signals').innerText(), /−50:00 hours/);
  await shot(a, 'signals');
  const c = await phoneOf(others[2], gateway);
  await open(c);
  assert.equal(await c.locator('#signals').count(), 0);
  for (const address of [`/credit/member/${ann.id}`, '/credit/people', '/scorecard', '/api/v1/scorecard', `/api/v1/ledger/members/${ann.id}`]) {
    const text = await (await fetch(gateway.url + address)).text();
    assert.ok(!/balance_far|id="signals"|50:00/.test(text), address);
  }
  assertQuiet(a);
});
