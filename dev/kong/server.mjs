// A stand-in for Kong's Admin API, GUI and proxy: node server.mjs --admin 127.0.0.1:0 --gui 127.0.0.1:0 --proxy 127.0.0.1:0
// [--control ...] [--seed demo]. Prints one line of JSON when ready: {"admin":"...","gui":"...","proxy":"...","control":"..."|null}.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { close, endWith, listen } from '../lib/process.mjs';
import { control } from './control.mjs';
import { Instance } from './instance.mjs';

const OPTIONS = {
  admin: { type: 'string', default: '127.0.0.1:0' },
  gui: { type: 'string', default: '127.0.0.1:0' },
  proxy: { type: 'string', default: '127.0.0.1:0' },
  control: { type: 'string' },
  seed: { type: 'string' },
  'exit-with-parent': { type: 'boolean', default: false },
};

async function main() {
  const { values: options } = parseArgs({ options: OPTIONS });
  const first = await new Instance('default').start({ admin: options.admin, gui: options.gui, proxy: options.proxy, seeded: options.seed });
  const instances = new Map([[first.id, first]]);
  const ready = { admin: first.admin, gui: first.gui, proxy: first.proxy, control: null };
  let door;
  if (options.control !== undefined) {
    door = createServer(control(instances));
    ready.control = await listen(door, options.control);
  }
  const end = () => Promise.all([...instances.values()].map((each) => each.stop()).concat(door ? close(door) : []));
  endWith(end, { withParent: options['exit-with-parent'] });
  console.log(JSON.stringify(ready));
}

await main().catch((error) => {
  console.error(`kong: ${error.message}`);
  process.exit(2);
});
