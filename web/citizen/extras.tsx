/** What stands below a text: links, telephone numbers, cards. Addresses come from data fields only, through safeHref. */
import { Fragment } from "preact";
import { safeHref } from "../shared/href";
import type { Card, Link, Phone } from "../shared/schemas";
import { Icon } from "./icon";

export function Links({ links }: { links: Link[] }) {
  return (
    <ul class="links">
      {links.map(({ title, url }) => {
        const href = safeHref(url);
        return (
          <li key={url}>
            {href ? (
              <a class="link-row" href={href} target="_blank" rel="noopener noreferrer">
                <span>{title}</span>
                <Icon name="external" />
                <span class="visually-hidden"> (nouvel onglet)</span>
              </a>
            ) : (
              <span>{title}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The 114 can't be called by voice: whatever the data says, its button writes. */
function phoneHref({ number, href }: Phone): string | null {
  if (number.replace(/\D/g, "") === "114") return "sms:114";
  return safeHref(href);
}

export function Phones({ phones }: { phones: Phone[] }) {
  return (
    <ul class="phones">
      {phones.map((phone) => {
        const href = phoneHref(phone);
        const sms = href?.startsWith("sms:") ?? false;
        const words = (
          <span class="phone-words">
            <span class="phone-label">{phone.label}</span>
            {phone.note && <span class="phone-note">{phone.note}</span>}
          </span>
        );
        return (
          <li key={phone.label + phone.number} class="phone">
            {words}
            {href ? (
              <a class="button phone-button" href={href}>
                <Icon name={sms ? "message" : "phone"} />
                <span class="visually-hidden">{sms ? "Envoyer un SMS au " : "Appeler le "}</span>
                <span class="phone-number">{phone.number}</span>
                {sms && <span aria-hidden="true">SMS</span>}
              </a>
            ) : (
              <span class="phone-number">{phone.number}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const CardTitle = ({ card }: { card: Card }) =>
  card.title ? (
    <p class="card-title">
      {card.kind === "emergency" && <Icon name="alert" />}
      <strong>{card.title}</strong>
    </p>
  ) : null;

export function CardBox({ card }: { card: Card }) {
  return (
    <div class="card">
      <CardTitle card={card} />
      {card.text && <p class="text">{card.text}</p>}
      {card.phones && card.phones.length > 0 && <Phones phones={card.phones} />}
      {card.links && card.links.length > 0 && <Links links={card.links} />}
    </div>
  );
}

/** The emergency card: the numbers stand right below the title, before any sentence, whatever the size of the screen. */
export function EmergencyBox({ text, cards }: { text: string; cards: Card[] }) {
  return (
    <>
      {cards.map((card) => (
        <Fragment key={card.title}>
          <CardTitle card={card} />
          {card.phones && card.phones.length > 0 && <Phones phones={card.phones} />}
        </Fragment>
      ))}
      <p class="text urgent-text">{text}</p>
      {cards.map((card) => (
        <Fragment key={card.title}>
          {card.text && card.text !== text && <p class="text">{card.text}</p>}
          {card.links && card.links.length > 0 && <Links links={card.links} />}
        </Fragment>
      ))}
    </>
  );
}
