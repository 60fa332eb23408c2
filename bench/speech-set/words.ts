import type { Half } from './format.js';

/** What synthetic callers say, by language. Commas make them pause. */
export const CALLER_SAYS: Readonly<Record<Half, Readonly<Record<string, readonly string[]>>>> = {
  test: {
    en: ['I would like to change my booking, please.', 'Can you tell me how much it costs?', 'My number is five five two, oh nine one.', 'Well, I am not sure, maybe on Thursday.', 'No, wait, that is not what I asked for.'],
    ru: ['Скажите, пожалуйста, сколько это стоит?', 'Я хочу записаться на завтра, после обеда.', 'Нет, подождите, мне нужен другой адрес.'],
    de: ['Ich möchte einen Termin vereinbaren, bitte.', 'Moment, das habe ich nicht verstanden.', 'Wie lange dauert das, und was kostet es?'],
  },
  tune: {
    en: ['Hello, I am calling about the invoice.', 'Could you repeat that, please?', 'It was on Monday, no, on Tuesday evening.', 'I need to speak to somebody in the office.', 'That is right, thank you very much.'],
    ru: ['Здравствуйте, я звоню по поводу заказа.', 'Повторите, пожалуйста, ещё раз.', 'В понедельник, нет, лучше во вторник вечером.'],
    fr: ['Bonjour, je voudrais changer mon rendez-vous.', 'Attendez, ce n’est pas la bonne adresse.', 'Combien de temps faut-il, et combien ça coûte?'],
  },
};

/** What synthetic robots say at length. */
export const ROBOT_SAYS: Readonly<Record<string, string>> = {
  en: 'Thank you for calling. Our office is open from Monday to Friday, from nine in the morning until six in the evening. If you would like to change a booking, please have your booking number ready; it has eight digits and is printed at the top of the letter. You can also do this on our website at any time of the day. For questions about an invoice, tell me the month and the year, and I will look for it while you wait. When something was delivered to the wrong address, we will send it again at no cost, and you do not have to return the first parcel. Most requests are answered within two working days. If yours is urgent, say so now, and I will connect you to the person on duty. You can also leave a message after the tone, and somebody will call you back before the end of the day.',
  ru: 'Спасибо за звонок. Наш офис открыт с понедельника по пятницу, с девяти утра до шести вечера. Если вы хотите изменить запись, приготовьте, пожалуйста, её номер: в нём восемь цифр, и он напечатан в начале письма. Это можно сделать и на сайте в любое время. Если у вас вопрос о счёте, назовите месяц и год, и я найду его, пока вы ждёте. Когда посылка доставлена не по тому адресу, мы отправим её ещё раз бесплатно, и первую возвращать не нужно. На большинство обращений мы отвечаем в течение двух рабочих дней. Если ваше обращение срочное, скажите об этом сейчас, и я соединю вас с дежурным.',
  de: 'Vielen Dank für Ihren Anruf. Unser Büro ist von Montag bis Freitag geöffnet, von neun Uhr morgens bis sechs Uhr abends. Wenn Sie einen Termin ändern möchten, halten Sie bitte die Nummer bereit; sie hat acht Stellen und steht oben auf dem Brief. Sie können das auch jederzeit auf unserer Seite tun. Bei Fragen zu einer Rechnung nennen Sie mir den Monat und das Jahr, und ich suche sie, während Sie warten. Wurde etwas an eine falsche Adresse geliefert, schicken wir es kostenlos noch einmal. Die meisten Anfragen beantworten wir innerhalb von zwei Werktagen. Wenn es eilt, sagen Sie es jetzt, und ich verbinde Sie.',
  fr: 'Merci de votre appel. Notre bureau est ouvert du lundi au vendredi, de neuf heures du matin à six heures du soir. Si vous souhaitez changer un rendez-vous, préparez le numéro, s’il vous plaît; il a huit chiffres et se trouve en haut de la lettre. Vous pouvez aussi le faire à tout moment sur notre site. Pour une question sur une facture, dites-moi le mois et l’année, et je la chercherai pendant que vous attendez. Quand un colis est livré à une mauvaise adresse, nous l’envoyons une deuxième fois sans frais. Nous répondons à la plupart des demandes en deux jours. Si votre demande est urgente, dites-le maintenant, et je vous passerai la personne de garde.',
};

/** What listeners say without meaning to interrupt, as a synthesiser has to be told. */
export const LISTENER_SAYS: Readonly<Record<string, readonly string[]>> = {
  en: ['uh huh', 'mm hm', 'yeah', 'okay', 'right', 'aha', 'mmm', 'yes', 'I see', 'sure'],
  ru: ['угу', 'да', 'ага', 'так', 'понятно', 'хорошо'],
  de: ['ja', 'mhm', 'genau', 'aha', 'okay'],
  fr: ['oui', 'hmm', 'd’accord', 'ah oui', 'voilà'],
};
