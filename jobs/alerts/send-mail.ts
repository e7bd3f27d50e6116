import { createTransport, type Transporter } from 'nodemailer';
import type { Mail } from './mail-text.ts';

/** Sends one mail to one address. Throws if the server rejects it. */
export type Mailer = { send: (id: string, address: string, mail: Mail) => Promise<void> };

const LIMIT_MS = 15_000;

/** Sends over SMTP, from one address. Throws if the server does not answer within 15 seconds. */
export function createMailer(url: string, from: string): Mailer {
  const limits = { connectionTimeout: LIMIT_MS, greetingTimeout: LIMIT_MS, socketTimeout: LIMIT_MS, dnsTimeout: LIMIT_MS };
  const transport: Transporter = createTransport({ url, ...limits });
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    async send(id, address, mail) {
      await transport.sendMail({
        ...mail,
        from: { name: 'Mirante', address: from },
        // As one address, so that it is not parsed as a list.
        to: { name: '', address },
        // The same for each attempt, so that a mailbox recognises a duplicate.
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    },
  };
}
