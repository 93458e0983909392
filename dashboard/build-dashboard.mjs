// Builds the dashboard for `dotnet build`: installs packages where the lock file changed, builds where a source changed, one build at a time.
// Usage: node build-dashboard.mjs OUTPUT-FOLDER
import { execSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, 'dist'));
const lock = join(here, '.build-lock');
const installed = join(here, 'node_modules', '.installed-for');
const staleAfterMs = 10 * 60_000;

const [major, minor] = process.versions.node.split('.').map(Number);
if (!(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19))) {
  console.error(`The dashboard needs Node 20.19, or 22.12 or later; this is ${process.versions.node}. Update it, or build with -p:BuildDashboard=false.`);
  process.exit(1);
}

await takeLock();
try {
  build();
} finally {
  rmSync(lock, { recursive: true, force: true });
}

function build() {
  const stamp = join(out, 'index.html');
  const newest = Math.max(...inputs().map((file) => statSync(file).mtimeMs));
  // Another build may have been here while this one waited.
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return;

  const wanted = readFileSync(join(here, 'package-lock.json'), 'utf8');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    npm('ci --no-audit --no-fund --loglevel=error');
    writeFileSync(installed, wanted);
  }
  // Built aside and laid in place at the end: who copies the folder meanwhile sees the old page or the new one.
  const fresh = join(here, 'dist');
  npm('run build --silent', { DASHBOARD_OUT: fresh });
  mkdirSync(out, { recursive: true });
  const [assets, old] = [join(out, 'assets'), join(out, `assets.old-${process.pid}`)];
  if (existsSync(assets)) renameSync(assets, old);
  cpSync(fresh, out, { recursive: true });
  rmSync(old, { recursive: true, force: true });
  const now = new Date();
  utimesSync(stamp, now, now);
}

function npm(command, env = {}) {
  execSync(`npm ${command}`, { cwd: here, stdio: 'inherit', env: { ...process.env, ...env } });
}

function inputs() {
  const files = ['index.html', 'package.json', 'package-lock.json', 'vite.config.ts', 'tsconfig.json'].map((name) => join(here, name));
  for (const entry of readdirSync(join(here, 'src'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name));
  return files;
}

async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (e) {
      if (e.code !== 'EEXIST') throw e;
    }
    if (abandoned()) rmSync(lock, { recursive: true, force: true });
    else await new Promise((done) => setTimeout(done, 200));
  }
}

/** A lock whose build was killed. */
function abandoned() {
  try {
    const age = Date.now() - statSync(lock).mtimeMs;
    if (age > staleAfterMs) return true;
    const pid = existsSync(join(lock, 'pid')) ? Number(readFileSync(join(lock, 'pid'), 'utf8')) : 0;
    if (!pid) return age > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (e) {
    return e.code === 'ESRCH';
  }
}
