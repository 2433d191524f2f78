// One SSB peer for gossip.py: what `ssb-server start` loads for replication, and no more. Reads one JSON order a line from standard
// input and answers each with one line. Usage: node ssb_peer.js HOME, with NODE_PATH where ssb-server is installed.
//
//   {"do":"who"}                   its id and address            {"do":"post","texts":[..]}   answers when all are published
//   {"do":"follow","id":".."}      takes that one's feed         {"do":"call","address":".."} a peer to connect to, for good
//   {"do":"have","id":".."}        how many of its messages      {"do":"texts","id":".."}     what its posts say
//                                  are here
'use strict'
const path = require('path')
const home = process.argv[2]
// Of its own modules, not of this folder.
const from = (name) => require(require.resolve(name, { paths: process.env.NODE_PATH.split(':') }))
const pull = from('pull-stream')
const keys = from('ssb-keys').loadOrCreateSync(path.join(home, 'secret'))
const config = from('ssb-config/inject')('commonsd-bench', {
  path: home, keys, logging: { level: 'error' }, friends: { hops: 2 },
  connections: {
    incoming: { net: [{ scope: ['local', 'device'], transform: 'shs', host: '0.0.0.0', port: 8008 }] },
    outgoing: { net: [{ transform: 'shs' }] }
  }
})
const peer = from('ssb-server').createSsbServer()
  .use(from('ssb-gossip')).use(from('ssb-replicate')).use(from('ssb-friends')).use(from('ssb-local')).use(from('ssb-ebt'))(config)

const orders = {
  who: (_, done) => done(null, { id: peer.id, address: peer.getAddress('local') || peer.getAddress('device') }),
  follow: ({ id }, done) => peer.publish({ type: 'contact', contact: id, following: true }, done),
  call: ({ address }, done) => { peer.gossip.add(address, 'manual'); peer.gossip.connect(address, () => done(null, {})) },
  post: ({ texts }, done) => pull(
    pull.values(texts),
    pull.asyncMap((text, next) => peer.publish({ type: 'post', text }, next)),
    pull.collect((error, all) => done(error, { posted: (all || []).length }))),
  have: ({ id }, done) => peer.getVectorClock((error, clock) => done(error, { count: (clock || {})[id] || 0 })),
  texts: ({ id }, done) => pull(
    peer.createUserStream({ id }),
    pull.collect((error, all) => done(error, { texts: (all || []).map(one => one.value.content.text).filter(Boolean) })))
}

let rest = ''
process.stdin.on('data', some => {
  const lines = (rest + some).split('\n')
  rest = lines.pop()
  for (const line of lines) {
    const order = JSON.parse(line)
    orders[order.do](order, (error, told) => console.log(JSON.stringify(error ? { error: String(error) } : told)))
  }
})
// Closing does not always say that it is done.
process.stdin.on('end', () => { peer.close(true); setTimeout(() => process.exit(0), 1000) })
