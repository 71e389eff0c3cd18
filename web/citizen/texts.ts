/** Everything that the citizen's page says by itself, in one place to proof-read. Facts: emergency numbers only. */

export const service = "Aide en ligne";

export const speakers = {
  assistant: "Assistant automatique",
  agent: "Agent",
  citizen: "Vous",
  system: "Information",
};

export const welcome = {
  title: "Bonjour, comment pouvons-nous vous aider ?",
  who: "Vous écrivez à un assistant automatique, pas à une personne. Il répond aux questions courantes : plainte, rendez-vous, fraude, vol, voisinage… Vous pouvez demander une personne à tout moment.",
  data: "Ne donnez ni mot de passe, ni code, ni numéro de carte bancaire.",
  topics: "Pour commencer",
};

/** The front door, the forms, and topics of data/responses/faq.yml. */
export const topics = [
  { title: "Il m’est arrivé quelque chose", payload: "/front_door" },
  { title: "Porter plainte", payload: "/faq/plainte_depot" },
  { title: "Demander un rendez-vous", payload: "/appointment" },
  { title: "Faire une main courante", payload: "/incident" },
  { title: "Fraude à ma carte bancaire", payload: "/faq/fraude_carte_perceval" },
  { title: "Message ou appel suspect", payload: "/faq/hameconnage" },
  { title: "Violences dans le couple", payload: "/faq/violences_conjugales" },
];

export const emergency = {
  title: "Urgence ou danger ?",
  text: "Cette page ne traite pas les urgences.",
  label: "Numéros d’urgence",
  short: "Urgence :",
  police: "17",
  policeLabel: "Appeler le 17, police ou gendarmerie",
  policeNote: "police, gendarmerie",
  europe: "112",
  europeLabel: "Appeler le 112, numéro d’urgence européen",
  europeNote: "urgence, toute l’Europe",
  text114: "114 par SMS",
  text114Label: "114 par SMS, si vous ne pouvez pas parler",
  text114Note: "si vous ne pouvez pas parler",
};

export const compose = {
  skip: "Aller à la saisie du message",
  label: "Votre message",
  placeholder: "Écrivez votre message…",
  send: "Envoyer",
  hint: "Entrée pour envoyer, Majuscule + Entrée pour aller à la ligne",
  left: (n: number): string => `${n} caractère${n > 1 ? "s" : ""} restant${n > 1 ? "s" : ""}`,
  tooLong: (n: number): string =>
    `Votre message dépasse la limite de 2 000 caractères : retirez-en ${n}, ou envoyez-le en plusieurs fois. Rien n’est perdu.`,
};

export const person = {
  ask: "Parler à une personne",
  asking: "Demande en cours…",
  waiting: "Vous attendez une personne",
  next: "Vous êtes la prochaine personne de la file.",
  place: (place: number, waiting: number): string =>
    `Votre place dans la file : ${place}${waiting >= place ? ` sur ${waiting}` : ""}.`,
  stay: "Gardez cette page ouverte. Tout ce que vous écrivez sera lu.",
  back: "Revenir à l’assistant",
  withAgent: (name: string): string => `Vous parlez avec une personne : ${name}`,
  withSomeone: "Vous parlez avec une personne",
};

export const status = {
  assistant: "Assistant automatique",
  queue: "En attente d’une personne",
  agent: (name: string): string => (name ? `${name}, agent` : "Un agent vous répond"),
};

export const log = {
  label: "Conversation",
  typingAssistant: "L’assistant prépare sa réponse",
  typingAgent: (name: string): string => `${name || "L’agent"} est en train d’écrire`,
  newer: "Nouveaux messages",
  loading: "Chargement de la conversation…",
  choices: "Réponses proposées",
};

export const delivery = {
  sending: "Envoi…",
  sent: "Envoyé",
  waiting: "Pas encore envoyé : nouvel essai en cours",
  failed: "Non envoyé",
  retry: "Réessayer",
  remove: "Reprendre le texte",
};

export const notes = {
  queued: "Votre demande est transmise. Une personne vous répondra dès qu’elle sera disponible.",
  alarm: "Votre conversation est transmise en priorité à une personne. En cas de danger, n’attendez pas sa réponse.",
  taken: (name: string): string => (name ? `${name} a rejoint la conversation.` : "Un agent a rejoint la conversation."),
  requeued: "L’agent n’est plus connecté. Vous êtes de nouveau en tête de la file.",
  assistant: "Vous écrivez de nouveau à l’assistant automatique.",
  closed: "L’agent a terminé cette conversation. Vous pouvez encore écrire : l’assistant automatique vous répondra.",
  fresh: "Nouvelle conversation",
};

/** The receipt of what was submitted. Nothing here may promise more than the front desk knows. */
export const receipt = {
  kinds: {
    appointment: { title: "Demande de rendez-vous", what: "Demande à confirmer par l’unité." },
    incident: { title: "Main courante", what: "Déclaration à vérifier par un agent, ce n’est pas une plainte." },
  },
  other: { title: "Demande enregistrée", what: "Demande à vérifier par un agent." },
  number: "Numéro",
  version: (version: number): string => `version ${version}`,
  copy: "Copier le numéro",
  copied: "Numéro copié.",
  failed: "La copie n’a pas fonctionné : sélectionnez le numéro pour le copier.",
};

export const trouble = {
  offline: "Connexion interrompue. Vos messages sont gardés et partiront dès que possible.",
  unreachable: "Le service ne répond pas pour le moment. Vos messages sont gardés et partiront dès que possible.",
  reconnecting: "Reconnexion en cours…",
  gone: "Cette conversation n’est plus accessible. Vos messages non envoyés sont gardés.",
  urgent: "En cas de danger, n’attendez pas : appelez le 17.",
  fresh: "Commencer une nouvelle conversation",
};

export const exit = {
  button: "Quitter vite",
  hint: "Efface la conversation de ce navigateur et ouvre un autre site. Vous pouvez aussi appuyer trois fois sur Échap.",
};

export const privacy = {
  open: "Effacer",
  openLabel: "Effacer la conversation et discrétion",
  title: "Discrétion sur cet appareil",
  kept: "La conversation n’est gardée que dans cet onglet. Si vous le fermez, vous ne pourrez plus la rouvrir.",
  erase: "Effacer la conversation",
  eraseText: "Elle disparaît de cet onglet et vous ne pourrez plus la rouvrir. Le service en garde une copie. Si vous attendez une personne, vous quittez la file.",
  close: "Fermer",
  history: "Effacer aussi l’historique",
  historyText: "« Quitter vite » ne peut pas effacer l’historique du navigateur. Pour le faire :",
  historySteps: [
    "Sur ordinateur : Ctrl + H (sur Mac : Cmd + Y), puis supprimez la ligne de ce site.",
    "Sur téléphone : menu du navigateur, « Historique », puis supprimez la ligne de ce site.",
    "La prochaine fois : ouvrez d’abord une fenêtre de navigation privée.",
  ],
  safer: "Si quelqu’un surveille votre appareil, utilisez de préférence celui d’une personne de confiance.",
  erased: "Conversation effacée de cet onglet.",
  undo: "Annuler",
};

export const widget = {
  close: "Réduire la discussion",
};
