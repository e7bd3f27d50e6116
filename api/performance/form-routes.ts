import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import QuickLRU from 'quick-lru';
import { z } from 'zod';
import { type FeedbackForm, findFeedbackForm } from '../../sql/performance/feedback.ts';
import type { FormLocale } from '../../sql/performance/services.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, tooLarge } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Seen } from '../http/types.ts';
import { sendPage } from '../pages/html.ts';
import { MAX_COMMENT, store } from './feedback-routes.ts';
import { feedbackSpecs } from './feedback-spec.ts';
import { type FormFault, feedbackPage, formPath, thanksPage } from './form-page.ts';

const page = { page: true as const, scopes: [], produces: ['text/html'] };
const slug = z.string().max(64);
const params = z.object({
  tenant: slug.meta({ description: 'Slug of the tenant' }),
  service: slug.meta({ description: 'Slug of the service' }),
});
const query = z.object({
  lang: z.string().max(35).optional().meta({ description: 'Language (BCP 47), if the service has it' }),
});
const KNOWN_MS = 10_000;

/** The feedback form, as a page that needs no script and no sign-in. */
export function mountFeedbackForm(api: Api, deps: Deps): void {
  api.app.use('/feedback', (_request, response, next) => {
    (response.locals.seen as Seen).page = true;
    next();
  });
  api.app.use('/feedback', express.urlencoded({ extended: false, limit: '64kb' }));
  const onLarge: ErrorRequestHandler = (error, _request, _response, next) =>
    next(error.type === 'entity.too.large' ? tooLarge(`A comment has at most ${MAX_COMMENT} characters.`) : error);
  api.app.use('/feedback', onLarge);

  // So that a flood of readers asks the database little.
  const known = new QuickLRU<string, FeedbackForm>({ maxSize: 1_000, maxAge: KNOWN_MS });
  async function formOf({ tenant, service }: z.output<typeof params>): Promise<FeedbackForm> {
    const key = `${tenant}/${service}`;
    const form = known.get(key) ?? (await findFeedbackForm(deps.pool, tenant, service));
    if (!form) throw notFound('service');
    known.set(key, form);
    return form;
  }

  const show = (response: Response, form: FeedbackForm, locale: FormLocale, again?: Again) => {
    const stamp = again?.stamp || deps.formStamp.sign(formPath(form));
    response.setHeader('content-language', locale);
    response.setHeader('cache-control', 'no-store');
    response.status(again?.status ?? 200);
    sendPage(response, feedbackPage(deps.assets, form, locale, stamp, again?.input, again?.faults));
  };

  route(
    api,
    deps,
    { ...feedbackSpecs.form, ...page, method: 'get', path: '/feedback/:tenant/:service', params, query, status: 200 },
    async ({ params, query: { lang }, request, response }) => {
      const form = await formOf(params);
      show(response, form, localeOf(form, lang, request));
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...feedbackSpecs.submit,
      ...page,
      method: 'post',
      path: '/feedback/:tenant/:service',
      params,
      query,
      bodyTypes: {
        'application/x-www-form-urlencoded': z.object({
          rating: z.string().meta({ description: '1 (very dissatisfied) to 5 (very satisfied)' }),
          comment: z.string().meta({ description: 'What could be better' }),
          website: z.string().meta({ description: 'Empty: people do not see this field' }),
          stamp: z.string().meta({ description: 'When the form was shown, signed' }),
        }),
      },
      status: 303,
      otherStatuses: [422, 429],
    },
    async ({ params, query: { lang }, request, response }) => {
      const form = await formOf(params);
      const locale = localeOf(form, lang, request);
      const { rating, comment, website, stamp } = typed.parse(request.body ?? {});
      const again = (status: number, faults: FormFault[], kept = '') =>
        show(response, form, locale, { status, faults, input: { rating, comment }, stamp: kept });
      const faults: FormFault[] = [];
      if (!/^[1-5]$/.test(rating)) faults.push({ field: 'rating', text: 'no_rating' });
      if (comment.trim().length > MAX_COMMENT) faults.push({ field: 'comment', text: 'too_long' });
      const isStamped = deps.formStamp.check(formPath(form), stamp);
      // A person who forgot the rating need not wait again.
      if (faults.length > 0) again(422, faults, isStamped ? stamp : '');
      else if (!isStamped) again(422, [{ field: 'form', text: 'again' }]);
      else {
        const { address } = response.locals.seen as Seen;
        const wait = await deps.floodGate.enter(`${form.tenant}/${form.slug}`, address);
        if (wait > 0) {
          response.setHeader('retry-after', String(wait));
          again(429, [{ field: 'form', text: 'limited' }], stamp);
          return undefined;
        }
        // A program that fills in every field is told nothing.
        if (website === '') await store(deps, form, { rating: Number(rating), comment: comment.trim(), locale });
        response.redirect(303, `${formPath(form)}/thanks?lang=${locale}`);
      }
      return undefined;
    },
  );

  route(
    api,
    deps,
    { ...feedbackSpecs.thanks, ...page, method: 'get', path: '/feedback/:tenant/:service/thanks', params, query, status: 200 },
    async ({ params, query: { lang }, request, response }) => {
      const form = await formOf(params);
      const locale = localeOf(form, lang, request);
      response.setHeader('content-language', locale);
      sendPage(response, thanksPage(deps.assets, form, locale));
      return undefined;
    },
  );
}

type Again = { status: number; faults: FormFault[]; input: { rating: string; comment: string }; stamp: string };

const text = z.string().catch('');
// Browsers send the ends of lines as two characters, which nobody counts.
const typed = z.object({
  rating: text,
  comment: text.transform((comment) => comment.replaceAll('\r\n', '\n')),
  website: text,
  stamp: text,
});

// The language that the address names, else one that the browser asks for, else the first of the service.
function localeOf({ locales }: FeedbackForm, lang: string | undefined, request: Request): FormLocale {
  const browser = request.acceptsLanguages(...locales, 'pt');
  const found = (wanted: string | false) => locales.find((one) => one === (wanted === 'pt' ? 'pt-BR' : wanted));
  return found(lang ?? false) ?? found(browser) ?? (locales[0] as FormLocale);
}
