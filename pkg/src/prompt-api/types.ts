// The types of the browser's Prompt API, as https://webmachinelearning.github.io/prompt-api has them.
import type { LanguageModelToolCall, LanguageModelToolError, LanguageModelToolSuccess } from "./tools.js";

/** The answer to whether sessions can be created: at once, after a download, or not at all. */
export type Availability = "available" | "downloadable" | "downloading" | "unavailable";

/** The freedom of answers, from always the likeliest token to surprising ones. */
export type LanguageModelSamplingMode = "most-predictable" | "predictable" | "balanced" | "creative" | "most-creative";

/** The kind of a piece of content. Images and audio are part of the API, and refused with a `NotSupportedError`. */
export type LanguageModelMessageType = "text" | "image" | "audio" | "tool-call" | "tool-response";

/** A piece of a message. */
export interface LanguageModelMessageContent {
  /** Its kind. */
  type: LanguageModelMessageType;
  /** A string for text, otherwise what its kind takes. */
  value: string | LanguageModelToolCall | LanguageModelToolSuccess | LanguageModelToolError | object;
}

/** A message. */
export interface LanguageModelMessage {
  /** The speaker. A system's message has to be the first of a session. */
  role: "system" | "user" | "assistant";
  /** The text, or its pieces. */
  content: string | readonly LanguageModelMessageContent[];
  /** True for the beginning of the answer, which goes on from there; only the last message may have it. */
  prefix?: boolean;
}

/** Messages, or the text of one by the user. */
export type LanguageModelPrompt = string | readonly LanguageModelMessage[];

/** A tool that the model may call. */
export interface LanguageModelTool {
  /** Its name, by which the model calls it. */
  name: string;
  /** The purpose, for the model. */
  description: string;
  /** The JSON Schema of its argument, an object. */
  inputSchema: object;
  /** Runs the tool; its result goes back to the model. Without it, `prompt` gives the call to its caller. */
  execute?: (input: never) => Promise<string> | string;
}

/** Contents that a session is going to take or give. */
export interface LanguageModelExpected {
  /** Their kind. */
  type: LanguageModelMessageType;
  /** Their languages as BCP 47 tags. Any are taken: nothing depends on them. */
  languages?: readonly string[];
}

/** Options of `availability`, and of `create` among others. */
export interface LanguageModelCreateCoreOptions {
  /** The likeliest tokens to draw from. */
  topK?: number;
  /** The temperature of the draw; 0 takes the likeliest token. */
  temperature?: number;
  /** The freedom of answers, in place of numbers. */
  samplingMode?: LanguageModelSamplingMode;
  /** Contents that the session is going to take. */
  expectedInputs?: readonly LanguageModelExpected[];
  /** Contents that the session is going to give. */
  expectedOutputs?: readonly LanguageModelExpected[];
  /** Tools that the model may call. */
  tools?: readonly LanguageModelTool[];
}

/** The progress of a download: `loaded` goes from 0 to 1. */
export class DownloadProgressEvent extends Event {
  /** The most that `loaded` becomes. */
  readonly total = 1;
  /** True, since the total is known. */
  readonly lengthComputable = true;

  constructor(
    /** The part that is there, from 0 to 1. */
    readonly loaded: number,
  ) {
    super("downloadprogress");
  }
}

/** Receives the events of a download, named `downloadprogress`. */
export interface CreateMonitor extends EventTarget {
  addEventListener(
    type: "downloadprogress",
    listener: (event: DownloadProgressEvent) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

/** Options of `create`. */
export interface LanguageModelCreateOptions extends LanguageModelCreateCoreOptions {
  /** Aborting it ends the creation, or destroys the session. */
  signal?: AbortSignal;
  /** Called with the target of the download's events. */
  monitor?: (monitor: CreateMonitor) => void;
  /** The messages that the session begins with, which it never drops. */
  initialPrompts?: readonly LanguageModelMessage[];
}

/** Options of a call that takes no others. */
export interface LanguageModelSignalOptions {
  /** Aborting it ends the call, which rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `prompt`, `promptStreaming` and `measureContextUsage`. */
export interface LanguageModelPromptOptions extends LanguageModelSignalOptions {
  /** A JSON Schema or a regular expression that the answer follows as a whole. */
  responseConstraint?: object | RegExp;
  /** Accepted as in the browser; the constraint is never part of the prompt. */
  omitResponseConstraintInput?: boolean;
}

/** The answer to a prompt: its text or, where it calls tools without `execute`, its pieces. */
export type LanguageModelAnswer = string | LanguageModelMessageContent[];

/** The ranges of the sampling parameters. */
export interface LanguageModelParams {
  /** `topK` where none is given. */
  readonly defaultTopK: number;
  /** The largest `topK`. */
  readonly maxTopK: number;
  /** `temperature` where none is given. */
  readonly defaultTemperature: number;
  /** The largest `temperature`. */
  readonly maxTemperature: number;
}
