// A certificate for one test run, made by openssl.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const DIRECTORY = fileURLToPath(new URL('../../target/certificates', import.meta.url));

/** Paths of a self-signed certificate for `host` and its key. */
export async function selfSigned(host) {
  await mkdir(DIRECTORY, { recursive: true });
  const base = join(DIRECTORY, randomBytes(6).toString('hex'));
  const [cert, key] = [`${base}.crt`, `${base}.key`];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
    '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-out', cert, '-keyout', key]);
  return { cert, key };
}
