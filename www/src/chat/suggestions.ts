/** Questions that SmolLM2 135M answers well: each was tried with the site's settings. */
export const QUESTIONS = [
  "Why is the sky blue?",
  "Give me three tips for better sleep.",
  "Write a short poem about the sea.",
  "What is the capital of Japan?",
];

/** Beginnings, for models that go on with a text. */
export const BEGINNINGS = ["Once upon a time", "The capital of France is", "def fibonacci(n):\n    "];
