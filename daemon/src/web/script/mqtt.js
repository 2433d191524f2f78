// The little of MQTT 5 (OASIS) that following the board takes: CONNECT, SUBSCRIBE, PUBLISH at QoS 0, PING.
//
// Version 5 and not 3.1.1 for one reason: its retain handling lets a phone subscribe without being sent every item first.
// The page has them already, and on a slow link they would cost more than all the rest.

const KEEPALIVE_S = 20;
// A gateway that says nothing for so long after a ping is out of reach.
const SILENCE_MS = 8_000;
// No packet that we subscribe to is larger; whoever sends more is no gateway.
const PACKET_BYTES_MAX = 64 * 1024;
const WITHOUT_RETAINED = 0x20;

const bytesOf = (text) => new TextEncoder().encode(text);
const string = (text) => {
  const bytes = bytesOf(text);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
};

function packet(head, body) {
  const length = [];
  let rest = body.length;
  do {
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.from([head, ...length, ...body]);
}

// A number of 7 bits a byte: its value and the place after it; none while it is not all there.
function varint(bytes, at) {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= bytes.length) return null;
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return { value, at };
  }
  throw new Error('not MQTT');
}

// Follows `filter` at the WebSocket `url`. Calls `on.open()` when the gateway has subscribed us, `on.message(topic)` for each
// change, `on.close()` once, when it is over. Returns a function that ends it.
export function subscribe(url, filter, on) {
  const socket = new WebSocket(url, 'mqtt');
  socket.binaryType = 'arraybuffer';
  let waiting = new Uint8Array(0);
  let heard = Date.now();
  let asked = 0;
  let over = false;

  const end = () => {
    if (over) return;
    over = true;
    clearInterval(clock);
    socket.close();
    on.close();
  };
  const clock = setInterval(() => {
    const now = Date.now();
    if (asked > heard && now - asked > SILENCE_MS) end();
    else if (asked <= heard && now - heard > KEEPALIVE_S * 500 && socket.readyState === 1) {
      asked = now;
      socket.send(packet(0xc0, []));
    } else if (socket.readyState === 0 && now - heard > SILENCE_MS) end();
  }, 1_000);

  const take = (head, body) => {
    const kind = head >> 4;
    if (kind === 2) {
      if (body[1] !== 0) return end();
      socket.send(packet(0x82, [0, 1, 0, ...string(filter), WITHOUT_RETAINED]));
    } else if (kind === 9) {
      if (body[body.length - 1] >= 0x80) return end();
      on.open();
    } else if (kind === 3) {
      const length = (body[0] << 8) | body[1];
      on.message(new TextDecoder().decode(body.subarray(2, 2 + length)));
    } else if (kind === 14) end();
  };

  socket.onopen = () => {
    const name = `phone-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
    socket.send(packet(0x10, [...string('MQTT'), 5, 2, 0, KEEPALIVE_S, 0, ...string(name)]));
  };
  socket.onmessage = ({ data }) => {
    heard = Date.now();
    const fresh = new Uint8Array(data);
    const all = new Uint8Array(waiting.length + fresh.length);
    all.set(waiting);
    all.set(fresh, waiting.length);
    waiting = all;
    try {
      while (waiting.length > 1 && !over) {
        const length = varint(waiting, 1);
        if (!length) return;
        if (length.value > PACKET_BYTES_MAX) throw new Error('too large');
        const until = length.at + length.value;
        if (waiting.length < until) return;
        take(waiting[0], waiting.subarray(length.at, until));
        waiting = waiting.slice(until);
      }
    } catch {
      end();
    }
  };
  socket.onclose = end;
  socket.onerror = end;
  return end;
}
