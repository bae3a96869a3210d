// Runs maildev on free ports as long as DevHost lives. Its one argument is maildev's configuration, as JSON; without a
// mailDirectory, mails are kept in a temporary folder, which is deleted at the end.
require('./lives-with-devhost.cjs');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const configuration = JSON.parse(process.argv[2]);
const folder = configuration.mailDirectory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'credentialing-mail-'));
fs.mkdirSync(folder, { recursive: true });
const kept = fs.readdirSync(folder).filter(file => file.endsWith('.eml'));

// maildev does not wait for the files that it writes. What is in here is not on disk yet.
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
  // The rest of a mail whose sender died in the middle of it: nobody was told that it was accepted.
  for (const file of writing) fs.rmSync(file.path, { force: true });
});

// '0' is any port that is free; the number would count as none given.
const maildev = require('maildev')({ ...configuration, mailDirectory: folder, smtp: '0', web: '0', ip: '127.0.0.1', silent: true });
const web = require('maildev/lib/web').server;

// maildev answers before the mail is on disk. A mail that was accepted is to be in the inbox, and to be there after a kill.
const receive = maildev.smtp.onData;
const received = new Map();
maildev.smtp.onData = (stream, session, answer) =>
  receive(stream, session, (error, message) => received.set(message.split(' ').at(-1), () => answer(error, message)));
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
  // To maildev, a client that speaks no TLS where it is asked for is a reason to end for everybody.
  maildev.smtp.off('error', maildev.onSmtpError).on('error', () => {});
  const [smtp, inbox] = [maildev.smtp.server, web].map(server => `${server.address().address}:${server.address().port}`);
  maildev.port = maildev.smtp.server.address().port; // which its page shows
  console.log(`maildev listens at ${smtp} and shows its inbox at http://${inbox}`);
})();
