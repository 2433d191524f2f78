// MQTT.js 4 and 5 against the real daemon: protocol 3.1.1 and 5, over TCP and WebSocket, all at once on one gateway.
//
// usage: node mqttjs_clients.js MQTT_PORT HTTP_PORT; needs the packages mqtt4 and mqtt5 (aliases of mqtt@4, mqtt@5) in
// NODE_PATH. Ends with a line "N passed, N failed".
'use strict'

const assert = require('assert')
const [mqttPort, httpPort] = process.argv.slice(2)
const PATIENCE_MS = 20000

function inTime (what, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited for ${what}`)), PATIENCE_MS)
    start(value => { clearTimeout(timer); resolve(value) }, error => { clearTimeout(timer); reject(error) })
  })
}

// A client whose messages wait in a list.
class Client {
  constructor (library, version, transport, options = {}) {
    const url = transport === 'ws' ? `ws://127.0.0.1:${httpPort}/mqtt` : `mqtt://127.0.0.1:${mqttPort}`
    this.mqtt = library.connect(url, { protocolVersion: version, reconnectPeriod: 0, ...options })
    this.waiting = []
    this.asked = []
    this.mqtt.on('error', () => {})
    this.mqtt.on('message', (topic, payload, packet) => {
      this.waiting.push({ topic, text: payload.toString(), packet })
      this.look()
    })
  }

  look () {
    this.asked = this.asked.filter(({ fits, resolve }) => {
      const at = this.waiting.findIndex(fits)
      if (at < 0) return true
      resolve(this.waiting.splice(at, 1)[0])
      return false
    })
  }

  connected () {
    return inTime('CONNACK', (resolve, reject) => { this.mqtt.once('connect', resolve); this.mqtt.once('error', reject) })
  }

  subscribe (topic, qos = 1) {
    return inTime('SUBACK', (resolve, reject) =>
      this.mqtt.subscribe(topic, { qos }, (error, granted) => error ? reject(error) : resolve(granted)))
  }

  publish (topic, payload, options = { qos: 1 }) {
    return inTime('the end of a publish', (resolve, reject) =>
      this.mqtt.publish(topic, payload, options, (error, packet) => error ? reject(error) : resolve(packet)))
  }

  message (what, fits) {
    return inTime(what, resolve => { this.asked.push({ fits, resolve }); this.look() })
  }

  end () {
    return new Promise(resolve => this.mqtt.end(false, {}, resolve))
  }

  drop () {
    return new Promise(resolve => { this.mqtt.once('close', resolve); this.mqtt.stream.destroy() })
  }
}

const json = message => message.text ? JSON.parse(message.text) : {}

const checks = {
  async postsAndReads (make, name) {
    const reader = make()
    await reader.connected()
    await reader.subscribe('commons/board/#')
    const poster = make({ clientId: name })
    await poster.connected()
    await poster.subscribe(`commons/receipt/${name}`)
    for (const qos of [0, 1, 2]) {
      const text = `${name} qos ${qos}`
      await poster.publish('commons/post/need', JSON.stringify({ v: 1, text, ref: `r${qos}`, urgency: 'week' }), { qos })
      const receipt = json(await poster.message('a receipt', m => json(m).ref === `r${qos}`))
      assert(receipt.ok && receipt.code, JSON.stringify(receipt))
      const state = json(await reader.message(text, m => json(m).text === text))
      assert.strictEqual(state.id, receipt.id)
    }
    await poster.end()
    await reader.end()
  },

  async plainText (make, name) {
    const client = make()
    await client.connected()
    await client.publish('commons/post/offer', `plain words of ${name}`)
    const reader = make()
    await reader.connected()
    await reader.subscribe('commons/board/offer/+')
    const state = await reader.message('the offer', m => json(m).text === `plain words of ${name}`)
    assert(state.packet.retain, 'retained')
    await client.end()
    await reader.end()
  },

  async refusals (make, name, version) {
    const client = make({ clientId: name })
    await client.connected()
    await client.subscribe(`commons/receipt/${name}`)
    const bad = JSON.stringify({ text: 'x', urgncy: 'now' })
    let reason = 0
    try {
      const packet = await client.publish('commons/post/need', bad)
      reason = packet?.reasonCode || 0
    } catch (error) {
      reason = error.code
    }
    const receipt = json(await client.message('the refusal', m => json(m).ok === false))
    assert.strictEqual(receipt.field, 'urgncy')
    if (version === 5) assert.strictEqual(reason, 0x99)
    await client.publish('commons/post/need', `goes on ${name}`)
    await client.end()
  },

  async retainedAndWill (make, name) {
    const topic = `commons/local/${name}`
    const reader = make()
    await reader.connected()
    await reader.subscribe(`${topic}/will`)
    const gadget = make({ will: { topic: `${topic}/will`, payload: 'gone', qos: 1, retain: true } })
    await gadget.connected()
    await gadget.publish(`${topic}/lamp`, 'on', { qos: 1, retain: true })
    await gadget.drop()
    await reader.message('the will', m => m.text === 'gone')
    await reader.subscribe(`${topic}/lamp`)
    const lamp = await reader.message('the retained lamp', m => m.topic.endsWith('lamp'))
    assert(lamp.packet.retain && lamp.text === 'on')
    await reader.end()
  },

  async persistentSession (make, name, version) {
    const topic = `commons/local/${name}/mail`
    const options = { clientId: name, clean: false }
    if (version === 5) options.properties = { sessionExpiryInterval: 600 }
    const first = make(options)
    assert.strictEqual((await first.connected()).sessionPresent, false)
    await first.subscribe(topic)
    await first.drop()
    const writer = make()
    await writer.connected()
    for (let number = 0; number < 20; number++) await writer.publish(topic, String(number))
    const second = make(options)
    assert.strictEqual((await second.connected()).sessionPresent, true)
    for (let number = 0; number < 20; number++) await second.message(`mail ${number}`, m => m.text === String(number))
    await second.end()
    await writer.end()
  },

  async takeover (make, name) {
    const first = make({ clientId: name })
    await first.connected()
    const closed = inTime('the older connection to end', resolve => first.mqtt.once('close', resolve))
    const second = make({ clientId: name })
    await second.connected()
    await closed
    await second.publish('commons/post/need', `after the takeover of ${name}`)
    await second.end()
  },

  async manyAtOnce (make, name) {
    const reader = make()
    await reader.connected()
    await reader.subscribe('commons/board/need/+')
    const writer = make()
    await writer.connected()
    const numbers = Array.from({ length: 200 }, (_, number) => number)
    await Promise.all(numbers.map(number =>
      writer.publish('commons/post/need', JSON.stringify({ text: `many ${name} ${number}.`, urgency: 'week' }))))
    for (const number of numbers) {
      await reader.message(`need ${number}`, m => json(m).text === `many ${name} ${number}.`)
    }
    await writer.end()
    await reader.end()
  }
}

async function main () {
  let passed = 0
  let failed = 0
  for (const library of ['mqtt4', 'mqtt5']) {
    const mqtt = require(library)
    const connect = mqtt.connect ? mqtt : mqtt.default
    for (const version of [4, 5]) {
      for (const transport of ['tcp', 'ws']) {
        for (const [check, run] of Object.entries(checks)) {
          const name = `${library}-${version}-${transport}-${check}`
          const clients = []
          const make = options => { clients.push(new Client(connect, version, transport, options)); return clients.at(-1) }
          try {
            await run(make, name, version)
            passed++
            console.log(`ok    ${name}`)
          } catch (error) {
            failed++
            console.log(`FAIL  ${name}: ${error.stack.split('\n').slice(0, 3).join(' ')}`)
          }
          for (const client of clients) client.mqtt.end(true)
        }
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed ? 1 : 0)
}

main()
