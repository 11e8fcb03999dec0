/** A conversation: question and answer in turn, the question first. */
export interface Topic {
  readonly name: string;
  readonly turns: readonly [string, ...string[]];
}

export const TOPICS: readonly Topic[] = [
  {
    name: 'PR security review',
    turns: [
      'Can you help me review this pull request for security issues?',
      'Of course. Paste the diff, and tell me which inputs come from outside.',
      'It builds a SQL string from the search box. Everything else is internal.',
      'Then that string is the thing to fix: use a bound parameter. I marked the two lines.',
      'Done. Would you still add a test for it?',
      'Yes: one search for a name with an apostrophe. It fails on the old code and passes on the new.',
    ],
  },
  {
    name: 'Quarterly report outline',
    turns: [
      'I need an outline for the quarterly report, four pages at most.',
      'Page 1: what changed. Page 2: figures against plan. Page 3: risks. Page 4: what we ask for.',
      'The board always asks about churn first.',
      'Then put churn into the first paragraph, as one number with last quarter beside it.',
    ],
  },
  {
    name: 'Postgres index for order history',
    turns: [
      'Why is this query slow? SELECT * FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20',
      'Without an index on (customer_id, placed_at) it reads every order of the customer and sorts them.',
      'There is an index on customer_id alone.',
      'It finds the rows but not the order. Create the two-column index concurrently and drop the old one after a day.',
      'From 900 ms to 2 ms. Thank you!',
    ],
  },
  {
    name: 'Onboarding e-mail',
    turns: [
      'Write a short welcome e-mail for a new colleague who starts on Monday.',
      'Subject: Welcome on board! We are glad that you start on Monday. Your laptop waits at the front desk from 9.',
      'A little less formal, please.',
      'Subject: See you Monday :) Come by at 9, grab your laptop at the front desk, and lunch is on us.',
    ],
  },
  {
    name: 'Flaky test in CI',
    turns: [
      'This test fails about once in thirty runs, only in CI: expect(events).toEqual(["open", "close"])',
      'That smells like a race. What does the test wait for before it looks at the events?',
      'It sleeps 50 ms.',
      'Wait for the close event itself. A sleep is only a guess about a machine that you do not know.',
      'await once(socket, "close") did it. 500 green runs.',
    ],
  },
  {
    name: 'Angebot für die Müller-Werke',
    turns: [
      'Bitte formuliere ein Angebot für 40 Arbeitsplätze, gültig bis Monatsende.',
      'Sehr geehrte Damen und Herren, gern bieten wir Ihnen 40 Arbeitsplätze an. Das Angebot gilt bis zum Monatsende.',
      'Kürzer, und mit der Größe der Räume (ca. 300 m²).',
      'Gern: 40 Arbeitsplätze auf rund 300 m², gültig bis Monatsende. Über Ihre Zusage würden wir uns freuen.',
    ],
  },
  {
    name: '週次ミーティングの議事録',
    turns: [
      '今日の会議の議事録を三行でまとめてください。',
      '一、新機能の公開は来週火曜日。二、障害の原因は設定の誤り。三、次回は担当者が手順書を共有する。',
      '担当者の名前も入れてください。',
      '承知しました。手順書の担当は山田さん(架空)です。',
    ],
  },
  {
    name: 'ترجمة رسالة إلى العميل',
    turns: [
      'ترجم هذه الجملة إلى الإنجليزية: سنرسل العقد يوم الأحد.',
      'We will send the contract on Sunday.',
      'وأضف شكرًا في البداية مع الرقم 42.',
      'Thank you. We will send contract 42 on Sunday. \u200fشكرًا لكم.',
    ],
  },
  {
    name: 'सप्ताह की योजना',
    turns: ['इस सप्ताह के लिए एक सरल योजना बनाओ।', 'सोमवार: योजना। मंगलवार और बुधवार: काम। गुरुवार: समीक्षा। शुक्रवार: विश्राम।'],
  },
  {
    name: 'Launch party 🎉🚀',
    turns: [
      'Three emoji for the launch banner? 👩‍👩‍👧‍👦 are coming, so family friendly 🙏🏽',
      '🚀🎈🍰 and if there is room for a fourth: 🏳️‍🌈',
      'cafe\u0301 or café on the menu? 𝔉𝔞𝔫𝔠𝔶 letters too?',
      'Both look alike; the first is two characters. I would leave the 𝔉𝔞𝔫𝔠𝔶 ones out: screen readers spell them.',
    ],
  },
  {
    name: 'Respuesta a una reclamación',
    turns: [
      '¿Cómo respondo a un cliente que recibió el pedido dos veces?',
      'Pida disculpas, ofrezca la recogida gratuita y diga cuándo. Nada más: lo breve convence.',
      '¿Y si quiere quedárselo?',
      'Entonces un descuento del 20 % por el segundo, válido hasta el viernes.',
    ],
  },
  {
    name: 'Budget spreadsheet formula',
    turns: [
      'How do I sum only the rows of this month in a spreadsheet?',
      '=SUMIFS(C:C, A:A, ">="&EOMONTH(TODAY(),-1)+1, A:A, "<="&EOMONTH(TODAY(),0))',
      'It says #VALUE!',
      'Then column A holds text instead of dates. Select it, Data, Text to columns, Finish.',
    ],
  },
  {
    name: 'Interview questions for a data analyst',
    turns: [
      'Give me five interview questions for a junior data analyst.',
      '1. A number you distrusted, and why. 2. Mean or median? 3. Explain a join. 4. A chart you regret. 5. What next?',
      'What is a good answer to the second?',
      'That it depends on the outliers, with an example from their own work.',
    ],
  },
  {
    name: 'Regex for order numbers',
    turns: [
      'A regex for order numbers like AB-2026-000123, please.',
      '^[A-Z]{2}-\\d{4}-\\d{6}$',
      'Lower case should pass as well.',
      'Add the i flag: /^[A-Z]{2}-\\d{4}-\\d{6}$/i\nTry it with "ab-2026-000123"\tand with <b>AB</b> & "quotes".',
    ],
  },
  {
    name: 'Office plants that survive',
    turns: [
      'Which plants survive an office without windows?',
      'A ZZ plant or a snake plant, if a lamp is on for eight hours. Nothing survives real darkness.',
    ],
  },
  {
    name: 'Incident summary',
    turns: [
      'Summarise this incident for people who are not engineers.',
      'For 14 minutes on Tuesday some customers could not log in. No data was lost. A setting was wrong; it is now checked.',
      'Make clear that nobody has to do anything.',
      'Added as the last sentence: "You do not need to do anything."',
    ],
  },
];

/** Questions and answers for chats that are longer than their topic. */
export const FOLLOW_UPS: readonly { readonly user: string; readonly assistant: string }[] = [
  { user: 'Could you make that shorter?', assistant: 'Here it is in two sentences; the example is gone.' },
  { user: 'Why do you think so?', assistant: 'Because of the second point above: it is the only one that changes.' },
  { user: 'And in a table?', assistant: '| what | when |\n|---|---|\n| draft | today |\n| review | tomorrow |' },
  { user: 'What would you do next?', assistant: 'Try it with one small case, then decide about the rest.' },
  { user: 'Thanks, that helps.', assistant: 'Glad to hear it. Come back if anything is unclear.' },
  { user: 'Is there a risk I overlook?', assistant: 'One: nobody has tested it with an empty list.' },
];

export const PEOPLE: readonly string[] = [
  'Ada Fictional',
  'Bruno Beispiel',
  'Chiara Esempio',
  'Dmitri Primerov',
  'Elif Örnek',
  'Farid Mithal',
  'Grace Placeholder',
  'Haruto Kakuu',
  'Inés Ejemplo',
  'Jonas Exempel',
  'Kavita Udaharan',
  'Liam Sample',
];
