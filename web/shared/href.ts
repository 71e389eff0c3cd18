/**
 * The address of a link or of a call button, or null when it must not be one. Only https:, tel: and sms: pass, so
 * nothing that the server or an editor's answer carries can run as a script (javascript:, data:) or leave the browser.
 */
export function safeHref(value: string | null | undefined): string | null {
  if (!value) return null;
  if (/^(tel|sms):[+0-9*#][0-9*#]{0,20}$/.test(value)) return value;
  if (!/^https:\/\//i.test(value)) return null;
  try {
    const url = new URL(value);
    return url.protocol === "https:" && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** The address that writes an e-mail. Everything but the @ is escaped, so that an address can't add recipients or a text. */
export const mailHref = (email: string): string => `mailto:${encodeURIComponent(email).replace("%40", "@")}`;
