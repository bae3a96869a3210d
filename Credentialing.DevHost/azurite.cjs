// Runs Azurite until standard input ends: when DevHost stops or dies, however it dies, the operating system closes the
// pipe, and Azurite writes its data to disk and ends as well.
const fs = require('node:fs');
const path = require('node:path');

const option = process.argv.indexOf('--location');
if (option >= 0) {
  const location = process.argv[option + 1];
  const pidFile = path.join(location, 'azurite.pid');
  fs.mkdirSync(location, { recursive: true });
  fs.writeFileSync(pidFile, String(process.pid));
  process.on('exit', () => fs.rmSync(pidFile, { force: true }));
}

// Ctrl-C, and closing the terminal, reach the whole group of processes. DevHost decides when it no longer needs storage, so
// Azurite's own answer to Ctrl-C is taken away from it.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP']) {
  const ignore = () => {};
  process.on(signal, ignore);
  process.on('newListener', (event, listener) => event === signal && setImmediate(() => process.off(signal, listener)));
}
// When DevHost is dead, nobody reads what Azurite says: without these, the first word would end it before it has written.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
// Azurite listens to SIGTERM only when it is up. Until then it would miss it, live on for ever, and has nothing to write.
process.once('SIGTERM', () => process.listenerCount('SIGTERM') > 0 || process.exit());
process.stdin.on('end', () => process.emit('SIGTERM')).on('error', () => process.emit('SIGTERM')).resume();

require('azurite/dist/src/azurite.js');
