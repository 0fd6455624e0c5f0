/** Questions that SmolLM2 135M answers well: each was tried with the site's settings. */
export const QUESTIONS = [
  "What is a black hole?",
  "Give me three tips for better sleep.",
  "Write a short poem about the sea.",
  "What is the capital of Japan?",
  "Suggest a name for a friendly robot and say why.",
];

/** Beginnings, for models that go on with a text. */
export const BEGINNINGS = ["Once upon a time", "The capital of France is", "def fibonacci(n):\n    "];
