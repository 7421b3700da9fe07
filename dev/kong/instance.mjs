// One isolated Kong: its entities, its Admin API, its GUI and its proxy on ports of their own.
import { randomUUID } from 'node:crypto';
import { close, listen } from '../lib/process.mjs';
import { adminServer } from './admin.mjs';
import { guiServer } from './gui.mjs';
import { proxyServer } from './proxy.mjs';
import { seed } from './seed.mjs';
import { Store } from './store.mjs';

export class Instance {
  requests = [];
  faults = {};
  configuration = {};
  served = 0;
  logLevel = 'notice';
  nodeId = randomUUID();

  /** `newId` chooses ids in tests. */
  constructor(id, { newId } = {}) {
    this.id = id;
    this.store = new Store({ newId });
  }

  /** Bind the servers; afterwards `admin`, `gui` and `proxy` hold their origins. */
  async start({ admin = '127.0.0.1:0', gui = '127.0.0.1:0', proxy = '127.0.0.1:0', seeded } = {}) {
    if (seeded) seed(this.store, seeded);
    this.servers = [adminServer(this), guiServer(this), proxyServer(this)];
    this.admin = await listen(this.servers[0], admin);
    this.gui = await listen(this.servers[1], gui);
    this.proxy = await listen(this.servers[2], proxy);
    return this;
  }

  async stop() {
    await Promise.all(this.servers.map((server) => close(server)));
  }

  describe() {
    return { id: this.id, admin: this.admin, gui: this.gui, proxy: this.proxy };
  }
}
