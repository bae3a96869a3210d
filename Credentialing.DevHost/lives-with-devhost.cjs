// Required by an emulator before anything else: makes the process live until standard input ends. When DevHost stops or dies,
// however it dies, the operating system closes the pipe, and the emulator writes its data to disk and ends as well.
const fs = require('node:fs');
const path = require('node:path');

// Tells the DevHost of the next run that somebody still writes to the data.
const pidFile = process.env.PID_FILE;
if (pidFile) {
  fs.mkdirSync(path.dirname(pidFile), { recursive: true });
  fs.writeFileSync(pidFile, String(process.pid));
  process.on('exit', () => fs.rmSync(pidFile, { force: true }));
}

// Ctrl-C, and closing the terminal, reach the whole group of processes. DevHost decides when it no longer needs the emulator,
// so the emulator's own answer to Ctrl-C is taken away from it.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP']) {
  const ignore = () => {};
  process.on(signal, ignore);
  process.on('newListener', (event, listener) => event === signal && setImmediate(() => process.off(signal, listener)));
}
// When DevHost is dead, nobody reads what the emulator says: without these, the first word would end it before it has written.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
// An emulator listens to SIGTERM only when it is up. Until then it would miss it, live on for ever, and has nothing to write.
process.once('SIGTERM', () => process.listenerCount('SIGTERM') > 0 || process.exit());
process.stdin.on('end', () => process.emit('SIGTERM')).on('error', () => process.emit('SIGTERM')).resume();
