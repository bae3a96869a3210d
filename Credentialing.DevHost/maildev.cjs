// Runs maildev on free ports until DevHost ends. The only argument is maildev's configuration as JSON. Without a mailDirectory,
// emails are stored in a temporary folder, which is deleted at the end.
require('./lives-with-devhost.cjs');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const configuration = JSON.parse(process.argv[2]);
const folder = configuration.mailDirectory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'credentialing-mail-'));
fs.mkdirSync(folder, { recursive: true });
const kept = fs.readdirSync(folder).filter(file => file.endsWith('.eml'));

// Files that are not completely on disk yet. maildev does not wait for its writes.
const writing = new Set();
const { createWriteStream } = fs;
fs.createWriteStream = (...args) => {
  const file = createWriteStream(...args);
  writing.add(file);
  return file.once('close', () => writing.delete(file));
};
const written = id => Promise.all([...writing].filter(file => file.path.includes(id)).map(file => once(file, 'close')));

process.on('exit', () => {
  if (!configuration.mailDirectory) fs.rmSync(folder, { recursive: true, force: true });
  // Incomplete emails: their senders disconnected before the email was accepted.
  for (const file of writing) fs.rmSync(file.path, { force: true });
});

// '0' selects a free port. maildev ignores the number 0.
const maildev = require('maildev')({ ...configuration, mailDirectory: folder, smtp: '0', web: '0', ip: '127.0.0.1', silent: true });
const web = require('maildev/lib/web').server;

// maildev responds before the email is on disk. Delays the response, so that an accepted email is in the inbox and survives a kill.
const receive = maildev.smtp.onData;
const received = new Map();
maildev.smtp.onData = (stream, session, respond) =>
  receive(stream, session, (error, message) => received.set(message.split(' ').at(-1), () => respond(error, message)));
maildev.on('new', async mail => {
  await written(mail.id);
  received.get(mail.id)?.();
  received.delete(mail.id);
});

(async () => {
  const loaded = new Promise(resolve => {
    let missing = kept.length;
    const count = () => --missing === 0 && resolve();
    if (missing === 0) resolve(); else maildev.on('new', count);
  });
  await Promise.all([maildev.listen(), web.listening || once(web, 'listening'), loaded]);
  await written('');
  // maildev exits if a client does not use TLS where TLS is required. Ignores such errors instead.
  maildev.smtp.off('error', maildev.onSmtpError).on('error', () => {});
  const [smtp, inbox] = [maildev.smtp.server, web].map(server => `${server.address().address}:${server.address().port}`);
  maildev.port = maildev.smtp.server.address().port; // shown on the inbox page
  console.log(`maildev listens at ${smtp} and shows its inbox at http://${inbox}`);
})();
