import { createTransport, type Transporter } from 'nodemailer';
import type { Mail } from './mail-text.ts';

/** Sends one mail to one address; fails where the server does not take it. */
export type Mailer = { send: (id: string, address: string, mail: Mail) => Promise<void> };

const LIMIT_MS = 15_000;

/** Sends over SMTP, from one address. A server that does not answer is given up after a quarter of a minute. */
export function createMailer(url: string, from: string): Mailer {
  const limits = { connectionTimeout: LIMIT_MS, greetingTimeout: LIMIT_MS, socketTimeout: LIMIT_MS, dnsTimeout: LIMIT_MS };
  const transport: Transporter = createTransport({ url, ...limits });
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    async send(id, address, mail) {
      await transport.sendMail({
        ...mail,
        from: { name: 'Mirante', address: from },
        // As one address, never as a list that is still to be read.
        to: { name: '', address },
        // Equal at each attempt, so that a mailbox can tell that it is the same mail.
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    },
  };
}
