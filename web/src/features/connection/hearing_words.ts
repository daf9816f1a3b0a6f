import type { Hearing } from "../../call/connection/hearing";
import type { Translate } from "../../text/translate";

/** What there is to say of it: the fact, and what it means. */
export function hearingWords(t: Translate, hearing: Hearing): { fact: string; meaning: string } {
  const fact = t(`hearing.${hearing.kind}`);
  switch (hearing.kind) {
    case "on":
      return {
        fact,
        meaning: hearing.others > 0 ? t("hearing.on.body", { count: hearing.others }) : t("hearing.on.alone"),
      };
    case "some":
      return { fact, meaning: t("hearing.some.body", { heard: hearing.heardBy, count: hearing.others }) };
    case "all":
      return { fact, meaning: t("hearing.all.body", { count: hearing.others }) };
    default:
      return { fact, meaning: t(`hearing.${hearing.kind}.body`) };
  }
}
