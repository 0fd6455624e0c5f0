// Arithmetic without eval: what a model writes is never run.

/** The value of an expression of numbers, + - * / ^ % and parentheses. */
export function calculate(expression: string): number {
  const tokens = expression.replaceAll(",", "").match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|\S/gi) ?? [];
  let at = 0;

  const sum = (depth: number): number => {
    let value = product(depth);
    while (tokens[at] === "+" || tokens[at] === "-") value = tokens[at++] === "+" ? value + product(depth) : value - product(depth);
    return value;
  };
  const product = (depth: number): number => {
    let value = signed(depth);
    for (let operator; (operator = tokens[at]) === "*" || operator === "/" || operator === "%"; ) {
      at += 1;
      const right = signed(depth);
      value = operator === "*" ? value * right : operator === "/" ? value / right : value % right;
    }
    return value;
  };
  const signed = (depth: number): number => {
    if (depth > 100) throw new Error("the expression is nested too deeply");
    if (tokens[at] === "-" || tokens[at] === "+") return tokens[at++] === "-" ? -signed(depth + 1) : signed(depth + 1);
    return power(depth);
  };
  const power = (depth: number): number => {
    const base = atom(depth);
    if (tokens[at] !== "^") return base;
    at += 1;
    return base ** signed(depth + 1);
  };
  const atom = (depth: number): number => {
    const token = tokens[at++];
    if (token === "(") {
      const value = sum(depth + 1);
      if (tokens[at++] !== ")") throw new Error("a parenthesis is not closed");
      return value;
    }
    const value = Number(token);
    if (token === undefined || Number.isNaN(value)) throw new Error(`${token ?? "the end"} is no number`);
    return value;
  };

  const value = sum(0);
  if (at < tokens.length) throw new Error(`${tokens[at]} is not understood`);
  return value;
}
