// An emulator requires this script first. The process runs until standard input ends. When DevHost stops or is killed, the
// operating system closes the pipe. The emulator then writes its data to disk and exits.
const fs = require('node:fs');
const path = require('node:path');

// The PID file shows the next DevHost that this process still writes to the data folder.
const pidFile = process.env.PID_FILE;
if (pidFile) {
  fs.mkdirSync(path.dirname(pidFile), { recursive: true });
  fs.writeFileSync(pidFile, String(process.pid));
  process.on('exit', () => fs.rmSync(pidFile, { force: true }));
}

// Ctrl-C and closing the terminal send a signal to the whole process group. Only DevHost stops the emulator, so the
// emulator's own signal handlers are removed.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP']) {
  const ignore = () => {};
  process.on(signal, ignore);
  process.on('newListener', (event, listener) => event === signal && setImmediate(() => process.off(signal, listener)));
}
// After DevHost has exited, nothing reads the output. Without these handlers, a write error would end the process before it saves its data.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
// An emulator handles SIGTERM only after it has started. Before that it has no data to write, so the process exits directly.
process.once('SIGTERM', () => process.listenerCount('SIGTERM') > 0 || process.exit());
process.stdin.on('end', () => process.emit('SIGTERM')).on('error', () => process.emit('SIGTERM')).resume();
