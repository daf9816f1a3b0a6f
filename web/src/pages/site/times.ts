// <time datetime="2026-03-02T09:00:00Z" data-form="date-time">: the server writes UTC, the reader wants their own clock.

const FORMS: Record<string, Intl.DateTimeFormatOptions> = {
  "date-time": { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
  time: { hour: "numeric", minute: "2-digit" },
  date: { day: "numeric", month: "long", year: "numeric" },
};

/** Rewrite every time of the page in the reader's time zone and in the page's language. */
export function showLocalTimes(page: Document): void {
  const language = page.documentElement.lang || undefined;
  for (const time of page.querySelectorAll<HTMLTimeElement>("time[data-form]")) {
    const moment = new Date(time.dateTime);
    const form = FORMS[time.dataset["form"] ?? ""];
    if (form !== undefined && !Number.isNaN(moment.getTime())) {
      time.textContent = new Intl.DateTimeFormat(language, form).format(moment);
      time.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(moment);
    }
  }
}
