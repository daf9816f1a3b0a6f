import { Crown, Seats } from "../../components/brand";

/** The mark as a picture of waiting: the crown sways, and the seat at the side is yours. */
export function DoorTree() {
  return (
    <svg className="lobbytree" viewBox="0 0 64 64" fill="currentColor" aria-hidden="true">
      <g className="crown">
        <Crown />
      </g>
      <Seats second="you" />
    </svg>
  );
}
