// Why a message was not taken, or a file not sent, in words.
import type { TextKey } from "../../../text/translate";

const REFUSALS: Readonly<Record<string, TextKey>> = {
  switched_off: "chat.refused.off",
  not_allowed: "chat.refused.off",
  message_too_long: "chat.refused.long",
  participant_not_found: "chat.refused.gone",
  message_not_found: "chat.refused.answer",
  file_not_found: "chat.refused.file",
};
export const refusalKey = (code: string): TextKey => REFUSALS[code] ?? "chat.refused.other";

const FILE_PROBLEMS: Readonly<Record<string, TextKey>> = {
  file_too_large: "chat.file.tooLarge",
  meeting_quota: "chat.file.meetingQuota",
  person_quota: "chat.file.personQuota",
  too_many_uploads: "chat.file.tooMany",
  storage_full: "chat.file.full",
  upload_type: "chat.file.type",
  network: "chat.file.network",
  unavailable: "chat.file.network",
  meeting_not_found: "chat.file.notAllowed",
  not_allowed: "chat.file.notAllowed",
  switched_off: "chat.file.notAllowed",
};
export const fileProblemKey = (code: string): TextKey => FILE_PROBLEMS[code] ?? "chat.file.other";
