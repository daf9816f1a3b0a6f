// Who it is when no camera shows it: the picture they chose, or their initials.
import { useState } from "react";
import { initials } from "../call/person";

export interface AvatarProps {
  name: string;
  tone: string;
  url?: string | null;
  isSmall?: boolean;
}

export function Avatar({ name, tone, url = null, isSmall = false }: AvatarProps) {
  return (
    <span className={isSmall ? "av sm" : "av"} data-tone={tone} aria-hidden="true">
      <Face name={name} url={url} />
    </span>
  );
}

/** Initials also stand in for a picture that does not come. */
export function Face({ name, url }: { name: string; url: string | null }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (url === null || url === failed) return initials(name);
  return <img className="photo" src={url} alt="" onError={() => setFailed(url)} />;
}
