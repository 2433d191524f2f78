// Hears of changes: over MQTT on WebSocket; where that does not come through, by Server-Sent Events; where neither does, by
// looking again every half minute. And so it knows whether the gateway is in reach.

import { subscribe } from './mqtt.js';

const WAIT_MS_LEAST = 1_000;
const WAIT_MS_MOST = 30_000;
// So many WebSockets in a row must fail before something else is tried: one may fail with a restart.
const FAILURES_MAX = 2;
const LOOK_MS = 30_000;

// `on.change(topic)`: something changed; no topic says that much may have. `on.reach(yes)`: the gateway came in or went out of
// reach; told when it changes.
export function follow(on) {
  let wait = WAIT_MS_LEAST;
  let failures = 0;
  let events = null;
  let near = null;
  let end = null;
  let timer = 0;

  const reach = (yes) => {
    if (near === yes) return;
    near = yes;
    on.reach(yes);
  };

  const connect = () => {
    clearTimeout(timer);
    end?.();
    let opened = false;
    end = subscribe(`${location.origin.replace(/^http/, 'ws')}/mqtt`, 'commons/board/+/+', {
      open() {
        opened = true;
        failures = 0;
        wait = WAIT_MS_LEAST;
        events?.close();
        events = null;
        reach(true);
        // What changed before we were subscribed was told to nobody.
        on.change('');
      },
      message: on.change,
      close() {
        end = null;
        failures += opened ? 1 : 2;
        if (failures >= FAILURES_MAX && !events) listen();
        timer = setTimeout(connect, wait * (0.5 + Math.random()));
        wait = Math.min(wait * 2, WAIT_MS_MOST);
      },
    });
  };

  const listen = () => {
    if (!globalThis.EventSource) return;
    events = new EventSource('/api/v1/watch');
    events.addEventListener('hello', () => {
      reach(true);
      on.change('');
    });
    events.addEventListener('item', ({ data }) => {
      const { kind, id } = JSON.parse(data);
      on.change(`commons/board/${kind}/${id}`);
    });
    events.addEventListener('resync', () => on.change(''));
    events.onerror = () => reach(false);
  };

  setInterval(() => {
    if (near === false || (!end && events?.readyState !== 1)) on.change('');
  }, LOOK_MS);
  addEventListener('offline', () => {
    reach(false);
    end?.();
  });
  addEventListener('online', () => {
    wait = WAIT_MS_LEAST;
    connect();
  });
  connect();
  // For whoever learns it otherwise: a request that went through, or did not.
  return { reach, isNear: () => near !== false };
}
