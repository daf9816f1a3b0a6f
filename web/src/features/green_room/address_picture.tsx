/** Where the browser keeps its switches: the sign at the start of the address. */
export function AddressPicture({
  cameraLabel,
  microphoneLabel,
}: {
  cameraLabel: string;
  microphoneLabel: string;
}) {
  return (
    <div className="address-picture" aria-hidden="true">
      <div className="address">
        <svg className="sign" viewBox="0 0 40 40">
          <circle cx="20" cy="20" r="18" className="halo" />
          <g fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round">
            <path d="M10 15h9M25 15h5M10 25h5M21 25h9" />
            <circle cx="22" cy="15" r="2.8" />
            <circle cx="18" cy="25" r="2.8" />
          </g>
        </svg>
        <span>{window.location.host}</span>
      </div>
      <div className="switches">
        {[cameraLabel, microphoneLabel].map((label) => (
          <span key={label}>
            {label}
            <i />
          </span>
        ))}
      </div>
    </div>
  );
}
