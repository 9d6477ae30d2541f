// The jack field of the sign-in page: a grid of 68, five cords, each ending in jacks, no
// cord through a plug. Drawn for its own sake, and only here.
const step = 68;
const cords = [
  { colour: "signal", d: "M190 254C238.96 704 549.04 704 598 594", ends: [[190, 254], [598, 594]] },
  { colour: "paper", d: "M394 118C434.8 412 693.2 412 734 322", ends: [[394, 118], [734, 322]] },
  { colour: "fern", d: "M122 594C154.64 888 361.36 888 394 798", ends: [[122, 594], [394, 798]] },
  { colour: "petrol", d: "M462 730C486.48 830 641.52 830 666 594", ends: [[462, 730], [666, 594]] },
  { colour: "ochre", d: "M326 390C366.8 540 625.2 540 666 186", ends: [[326, 390], [666, 186]] },
] as const;

export function GateArt() {
  return (
    <svg class="gate-art" viewBox="0 0 760 900" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <defs>
        <filter id="cord-shadow">
          <feGaussianBlur stdDeviation="6" />
        </filter>
        <radialGradient id="field-light" cx=".2" cy=".05" r="1.1">
          <stop class="light" offset="0" />
          <stop class="shade" offset="1" />
        </radialGradient>
        <pattern id="jacks" x={54 - step / 2} y={50 - step / 2} width={step} height={step} patternUnits="userSpaceOnUse">
          <circle class="jack" cx={step / 2} cy={step / 2} r="13" />
        </pattern>
      </defs>
      <rect x="-760" y="-900" width="2280" height="2700" fill="url(#jacks)" />
      {cords.map((c) => (
        <g key={c.colour} class={`art-cord ${c.colour}`}>
          <path class="shadow" d={c.d} transform="translate(5 12)" filter="url(#cord-shadow)" />
          <path class="cord" d={c.d} />
          {c.ends.map(([x, y]) => (
            <g key={x}>
              <circle class="plug" cx={x} cy={y} r="13" />
              <circle class="hole" cx={x} cy={y} r="5.5" />
            </g>
          ))}
        </g>
      ))}
      <rect x="-760" y="-900" width="2280" height="2700" fill="url(#field-light)" />
    </svg>
  );
}
