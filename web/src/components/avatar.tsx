import { initials } from "../call/person";

export function Avatar({ name, tone, isSmall = false }: { name: string; tone: string; isSmall?: boolean }) {
  return (
    <span className={isSmall ? "av sm" : "av"} data-tone={tone} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
