// Switching the language in the middle of writing, as a neighbour does it, with script and without.

import { assert, assertQuiet, follow, phone, startGateway, test } from './harness.mjs';

for (const script of [false, true]) {
  test(`the language is switched in the middle of writing, ${script ? 'with' : 'without'} script`, async () => {
    const gateway = await startGateway();
    const page = await phone(gateway, { script });
    await page.goto('/new/need');
    if (script) await page.waitForLoadState('networkidle').catch(() => {});
    await page.fill('#text', 'pan para dos');
    await page.fill('#zone', 'B');
    await page.locator('.languages summary').tap();
    await follow(page, page.locator('.languages button[lang=es]'));
    assert.equal(await page.locator('html').getAttribute('lang'), 'es');
    assert.equal(await page.inputValue('#text'), 'pan para dos');
    assert.deepEqual(await gateway.json('/api/v1/needs'), []);
    // A mistake comes back in Spanish, and from there on in Arabic; still nothing is lost, or wrong yet.
    await page.fill('#text', '');
    await page.locator('main form button.strong').tap();
    await page.locator('#text-wrong').waitFor();
    await page.fill('#text', 'pan para tres');
    await page.locator('.languages summary').tap();
    await follow(page, page.locator('.languages button[lang=ar]'));
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
    assert.deepEqual([await page.inputValue('#text'), await page.inputValue('#zone')], ['pan para tres', 'B']);
    // Enter in a line sends the form, not the language.
    await page.locator('#zone').press('Enter');
    await page.waitForURL('**/kept/*');
    const needs = await gateway.json('/api/v1/needs');
    assert.deepEqual(needs.map((need) => need.text), ['pan para tres']);
    // What comes after has the plain switch again.
    await page.locator('.languages summary').tap();
    await follow(page, page.locator('.languages a[lang=en]'));
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assertQuiet(page);
  });
}
