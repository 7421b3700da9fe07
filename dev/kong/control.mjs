// The control API: start and stop instances, read what they received, break them on purpose, let them tell another configuration.
import { randomUUID } from 'node:crypto';
import { jsonApi, readJson, sendJson } from '../lib/process.mjs';
import { Instance } from './instance.mjs';

/** A request listener over a map of instances by id. */
export function control(instances) {
  const one = (handler) => (req, res, id) => {
    const instance = instances.get(id);
    if (!instance) return sendJson(res, 404, { error: `no instance ${id}` });
    return handler(instance, req);
  };
  return jsonApi([
    ['GET', /^\/instances$/, () => [...instances.values()].map((each) => each.describe())],
    ['POST', /^\/instances$/, async (req) => create(instances, await readJson(req))],
    ['DELETE', /^\/instances\/([^/]+)$/, one(async (instance) => {
      instances.delete(instance.id);
      await instance.stop();
    })],
    ['GET', /^\/instances\/([^/]+)\/requests$/, one((instance) => instance.requests)],
    ['DELETE', /^\/instances\/([^/]+)\/requests$/, one((instance) => void (instance.requests = []))],
    ['POST', /^\/instances\/([^/]+)\/faults$/, one(async (instance, req) => (instance.faults = await readJson(req)))],
    ['POST', /^\/instances\/([^/]+)\/configuration$/, one(async (instance, req) => (instance.configuration = await readJson(req)))],
    ['DELETE', /^\/instances\/([^/]+)\/faults$/, one((instance) => void (instance.faults = {}))],
  ]);
}

async function create(instances, { seed } = {}) {
  const instance = await new Instance(randomUUID()).start({ seeded: seed });
  instances.set(instance.id, instance);
  return instance.describe();
}
