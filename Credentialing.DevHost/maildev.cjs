// Runs maildev on free ports until DevHost exits. The only argument is maildev's configuration as JSON. Without a mailDirectory,
// emails are stored in a temporary folder, which is deleted at the end.
require('./stop-with-devhost.cjs');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { setTimeout } = require('node:timers/promises');

const configuration = JSON.parse(process.argv[2]);
const folder = configuration.mailDirectory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'credentialing-mail-'));
if (!configuration.mailDirectory) process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
fs.mkdirSync(folder, { recursive: true });
const stored = fs.readdirSync(folder).filter(file => file.endsWith('.eml')).length;

// '0' selects a free port. maildev ignores the number 0.
const maildev = require('maildev')({ ...configuration, mailDirectory: folder, smtp: '0', web: '0', ip: '127.0.0.1', silent: true });
const web = require('maildev/lib/web').server;

// maildev stores incomplete emails, and responds before an email is on disk and in the inbox. Here, maildev receives only complete
// emails, and the response waits until the email is on disk and in the inbox.
const receive = maildev.smtp.onData;
maildev.on('new', email => maildev.emit(`new ${email.id}`));
maildev.smtp.onData = async (stream, session, respond) => {
  const content = await buffer(stream).catch(() => null);
  if (content === null) return; // the client disconnected
  receive(Readable.from([content]), session, (error, message) => {
    const id = message.split(' ').at(-1);
    maildev.once(`new ${id}`, () => {
      fs.writeFileSync(path.join(folder, `${id}.eml`), content); // maildev may still be writing the same content
      respond(error, message);
    });
  });
};

// maildev exits if a client does not use TLS where TLS is required.
maildev.smtp.off('error', maildev.onSmtpError).on('error', () => {});

(async () => {
  await Promise.all([maildev.listen(), once(web, 'listening')]);
  while (maildev.store.length < stored) await setTimeout(10); // maildev is loading the stored emails
  const [smtp, inbox] = [maildev.smtp.server, web].map(server => `${server.address().address}:${server.address().port}`);
  maildev.port = maildev.smtp.server.address().port; // shown on the inbox page
  console.log(`maildev listens at ${smtp} and shows its inbox at http://${inbox}`);
})();
