/** A few choices side by side, of which one is taken. */
export function Segments<Value extends string>({
  legend,
  name,
  value,
  options,
  onChange,
}: {
  legend: string;
  name: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}) {
  return (
    <div class="segments" role="radiogroup" aria-label={legend}>
      {options.map(([each, label]) => (
        <label key={each}>
          <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
          {label}
        </label>
      ))}
    </div>
  );
}
