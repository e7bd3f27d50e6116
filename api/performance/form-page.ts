import { escaped } from '../../lib/html.ts';
import type { FeedbackForm } from '../../sql/performance/feedback.ts';
import type { FormLocale } from '../../sql/performance/services.ts';
import type { Assets } from '../pages/assets.ts';
import type { HtmlPage } from '../pages/html.ts';
import { FORM_WORDS, LANGUAGES } from './form-words.ts';

/** What was typed, and what is wrong with it; the fault of `form` concerns no field. */
export type FormInput = { rating: string; comment: string };
export type FormFault = { field: 'rating' | 'comment' | 'form'; text: 'no_rating' | 'too_long' | 'again' | 'limited' };

/** The path of a service's form. */
export const formPath = ({ tenant, slug }: Pick<FeedbackForm, 'tenant' | 'slug'>) => `/feedback/${tenant}/${slug}`;

const wordsIn = (locale: FormLocale, name: string) => (word: keyof typeof FORM_WORDS) =>
  escaped(FORM_WORDS[word][locale].replace('{}', () => name));

/** The feedback form: five ratings and a comment. It works without a script, and keeps what was typed when something is wrong. */
export function feedbackPage(
  assets: Assets,
  form: FeedbackForm,
  locale: FormLocale,
  stamp: string,
  input: FormInput = { rating: '', comment: '' },
  faults: FormFault[] = [],
): HtmlPage {
  const text = wordsIn(locale, form.name);
  const faultOf = (field: FormFault['field']) => faults.find((fault) => fault.field === field);
  const target = { rating: 'rating-5', comment: 'comment', form: 'send' };
  const summary =
    faults.length === 0
      ? ''
      : `<div class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="summary-title"><h2 id="summary-title">${text('problem')}</h2>
<ul>${faults.map(({ field, text: word }) => `<li><a href="#${target[field]}">${text(word)}</a></li>`).join('')}</ul></div>\n`;
  const message = (field: 'rating' | 'comment') => {
    const fault = faultOf(field);
    return fault
      ? `<p class="fault" id="${field}-fault"><span class="unseen">${text('error')}: </span>${text(fault.text)}</p>\n`
      : '';
  };
  const radios = ([5, 4, 3, 2, 1] as const).map(
    (n) =>
      `<div class="choice"><input type="radio" id="rating-${n}" name="rating" value="${n}"${input.rating === String(n) ? ' checked' : ''}><label for="rating-${n}">${text(`rating_${n}`)}</label></div>`,
  );
  const wrong = (field: 'rating' | 'comment') => (faultOf(field) ? ' wrong' : '');
  const described = faultOf('comment') ? 'comment-hint comment-fault' : 'comment-hint';
  const main = `${summary}<h1>${text('title')}</h1>
<form method="post" action="${formPath(form)}?lang=${locale}" novalidate>
<input type="hidden" name="stamp" value="${escaped(stamp)}">
<fieldset class="question${wrong('rating')}"${faultOf('rating') ? ' aria-describedby="rating-fault"' : ''}>
<legend>${text('question')}</legend>
${message('rating')}${radios.join('\n')}
</fieldset>
<div class="question${wrong('comment')}">
<label for="comment">${text('improve')}</label>
<p class="hint" id="comment-hint">${text('hint')}</p>
${message('comment')}<textarea id="comment" name="comment" rows="5" aria-describedby="${described}"${faultOf('comment') ? ' aria-invalid="true"' : ''}>
${escaped(input.comment)}</textarea>
</div>
<div class="trap" aria-hidden="true"><label for="website">${text('leave_empty')}</label><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
<button type="submit" id="send">${text('send')}</button>
</form>`;
  const title = FORM_WORDS.title[locale].replace('{}', () => form.name);
  return pageOf(assets, form, locale, faults.length > 0 ? `${FORM_WORDS.error[locale]}: ${title}` : title, main, '');
}

/** The page that thanks. */
export function thanksPage(assets: Assets, form: FeedbackForm, locale: FormLocale): HtmlPage {
  const text = wordsIn(locale, form.name);
  const main = `<h1>${text('thanks')}</h1>\n<p>${text('thanks_text')}</p>`;
  return pageOf(assets, form, locale, FORM_WORDS.thanks[locale], main, '/thanks');
}

function pageOf(assets: Assets, form: FeedbackForm, locale: FormLocale, title: string, main: string, step: string): HtmlPage {
  const languages = form.locales.map((one) =>
    one === locale
      ? `<li><span lang="${one}" aria-current="true">${LANGUAGES[one]}</span></li>`
      : `<li><a href="${formPath(form)}${step}?lang=${one}" lang="${one}" hreflang="${one}">${LANGUAGES[one]}</a></li>`,
  );
  const nav =
    form.locales.length > 1
      ? `<nav aria-label="${escaped(FORM_WORDS.languages[locale])}"><ul>${languages.join('')}</ul></nav>\n`
      : '';
  return {
    assets,
    locale,
    title,
    body: `${nav}<main>\n${main}\n</main>`,
    kind: 'feedback',
    forms: true,
    sheets: ['feedback.css'],
    framedBy: form.embed_origins,
  };
}
