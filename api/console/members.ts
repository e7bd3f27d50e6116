import { escaped } from '../../lib/html.ts';
import type { Member } from '../../sql/members/members.ts';
import type { Words } from '../dashboards/definition.ts';
import type { ConsoleContext } from './context.ts';
import { button, EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Members', 'pt-BR': 'Membros' },
  email: { en: 'E-mail address', 'pt-BR': 'Endereço de e-mail' },
  role: { en: 'Role', 'pt-BR': 'Papel' },
  viewer: { en: 'Viewer', 'pt-BR': 'Leitor' },
  admin: { en: 'Administrator', 'pt-BR': 'Administrador' },
  operator: { en: 'Operator', 'pt-BR': 'Operador' },
  add: { en: 'Add a member', 'pt-BR': 'Adicionar um membro' },
  link: { en: 'Create a sign-in link', 'pt-BR': 'Criar um link de acesso' },
  made: {
    en: 'Send this link to the member. It works once, for ten minutes, and is not shown again.',
    'pt-BR': 'Envie este link ao membro. Ele funciona uma vez, por dez minutos, e não será mostrado de novo.',
  },
} satisfies Record<string, Words>;

/** The people who may sign in for the tenant. */
export function mountConsoleMembers(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY, link?: string): Promise<ConsoleContent> => {
    const { locale, role, tenant, perform, request } = context;
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const { body } = await perform<{ data: Member[] }>('listMembers', { query: { limit: '1000' } });
    const roles = role === 'operator' ? (['operator'] as const) : (['viewer', 'admin'] as const);
    const rows = body.data.map((member) => [
      escaped(member.email),
      escaped(member.name ?? ''),
      escaped(text(member.role)),
      time(member.created_at, locale, tenant.timezone),
      button(`/app/members/${member.id}/link`, text('link'), member.email) +
        button(`/app/members/${member.id}/remove`, say('remove', locale), member.email),
    ]);
    const head = [text('email'), say('name', locale), text('role'), say('created', locale), say('actions', locale)];
    const fields =
      field({ name: 'email', label: text('email'), type: 'email', required: true }, state) +
      field({ name: 'name', label: say('name', locale) }, state) +
      field({ name: 'role', label: text('role'), options: roles.map((one) => [one, text(one)] as const) }, state);
    const address = link && `${request.protocol}://${request.get('host')}${link}`;
    const made = address
      ? `<div class="secret" role="status"><p>${escaped(text('made'))}</p><code>${escaped(address)}</code></div>\n`
      : '';
    return {
      place: 'members',
      title: text('title'),
      main: `${made}${table(text('title'), head, rows, say('none', locale))}
<section class="panel"><h2>${escaped(text('add'))}</h2>
${form('/app/members', fields, say('add', locale), state.faults)}</section>`,
    };
  };

  site.page('members', (context) => show(context));
  site.action(
    'members',
    async ({ perform }, { email, name, role }) => {
      await perform('createMember', { body: { email, role, ...(name && { name }) } });
      return '/app/members';
    },
    show,
  );
  site.action(
    'members/:id/link',
    async (context) => {
      const { body } = await context.perform<{ url: string }>('createLoginLink', { params: context.request.params });
      return show(context, EMPTY, body.url);
    },
    show,
  );
  site.action(
    'members/:id/remove',
    async ({ perform, request }) => {
      await perform('deleteMember', { params: request.params });
      return '/app/members';
    },
    show,
  );
}
