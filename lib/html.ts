const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The text, escaped for an element or an attribute of HTML. */
export const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
