/// <reference lib="esnext.disposable" preserve="true" />
export { Engine } from "./engine.js";
export { type ErrorCode, type PackageErrorCode, WgslmError } from "./errors.js";
export { type Generation } from "./generation.js";
export type {
  Activations,
  AdapterInfo,
  ChatMessage,
  EmbedOptions,
  FinishReason,
  GeneratedToken,
  GenerateOptions,
  GenerationResult,
  GpuOptions,
  KvFormat,
  LoadOptions,
  LoadProgress,
  MemoryUse,
  ModelInfo,
  ModelSource,
  ModelTask,
  Prompt,
  Quantize,
  QuantizeKind,
  QuantizePolicy,
  Support,
  SupportOptions,
  SupportReport,
  Timings,
  TokenizeOptions,
  WorkerOptions,
} from "./types.js";
