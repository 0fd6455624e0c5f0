// `wgslm/prompt-api`: models in the shape of the browser's Prompt API, https://webmachinelearning.github.io/prompt-api.
import { Engine } from "./engine.js";
import { checkPrompt } from "./prompt-api/messages.js";
import { exceptionOf } from "./prompt-api/errors.js";
import { LanguageModel } from "./prompt-api/language-model.js";
import { PARAMS, samplingOf } from "./prompt-api/sampling.js";
import { SharedEngine } from "./prompt-api/shared-engine.js";
import {
  type Availability,
  type CreateMonitor,
  DownloadProgressEvent,
  type LanguageModelCreateCoreOptions,
  type LanguageModelCreateOptions,
  type LanguageModelParams,
} from "./prompt-api/types.js";
import type { LoadOptions, ModelSource } from "./types.js";

export { LanguageModel };
export { LanguageModelToolCall, LanguageModelToolError, LanguageModelToolSuccess } from "./prompt-api/tools.js";
export * from "./prompt-api/types.js";

/** The static side of the browser's `LanguageModel`. */
export interface LanguageModelApi {
  /** Creates a session, with a download where the model isn't there yet. Sessions share the model. */
  create(options?: LanguageModelCreateOptions): Promise<LanguageModel>;
  /** Says whether a session with these options can be created. */
  availability(options?: LanguageModelCreateCoreOptions): Promise<Availability>;
  /** The ranges of the sampling parameters. */
  params(): Promise<LanguageModelParams>;
}

/**
 * A model as the browser's `LanguageModel`: `const LanguageModel = globalThis.LanguageModel ?? promptApi("hf:owner/name/file.gguf")`. It is
 * loaded with these options when the first session is created, unless it is an engine already.
 */
export function promptApi(model: Engine | ModelSource, options: LoadOptions = {}): LanguageModelApi {
  const shared = new SharedEngine(model, options);
  return {
    async create({ signal, monitor, ...core } = {}) {
      try {
        return await createSession(shared, { ...core, ...(signal && { signal }), ...(monitor && { monitor }) });
      } catch (error) {
        throw exceptionOf(error, "OperationError");
      }
    },
    async availability(core = {}) {
      samplingOf(core);
      return typesAreTaken(core) ? shared.availability() : "unavailable";
    },
    params: async () => PARAMS,
  };
}

async function createSession(shared: SharedEngine, options: LanguageModelCreateOptions): Promise<LanguageModel> {
  const { signal, monitor, initialPrompts = [], tools = [] } = options;
  const sampling = samplingOf(options);
  const { messages: initial, prefix } = initialPrompts.length > 0 ? checkPrompt(initialPrompts, true) : { messages: [], prefix: undefined };
  if (prefix !== undefined) throw new DOMException("initialPrompts can't end with a prefix", "SyntaxError");
  if (!typesAreTaken(options)) {
    throw new DOMException("this model takes and gives text; leave other types out of expectedInputs and expectedOutputs", "NotSupportedError");
  }
  signal?.throwIfAborted();
  const progress = new EventTarget();
  monitor?.(progress as CreateMonitor);
  let last = -1;
  const report = (loaded: number): void => {
    if (loaded > last && !signal?.aborted) progress.dispatchEvent(new DownloadProgressEvent((last = loaded)));
  };
  report(0);
  const engine = await shared.load(report, signal);
  report(1);
  const session = new LanguageModel({ engine, tools, sampling, initial }, engine.session());
  try {
    await session.begin(signal);
    signal?.throwIfAborted();
  } catch (error) {
    session.destroy();
    throw error;
  }
  signal?.addEventListener("abort", () => session.destroy(signal.reason), { once: true });
  return session;
}

function typesAreTaken({ expectedInputs = [], expectedOutputs = [] }: LanguageModelCreateCoreOptions): boolean {
  return [...expectedInputs, ...expectedOutputs].every(({ type }) => type === "text" || type === "tool-call" || type === "tool-response");
}
