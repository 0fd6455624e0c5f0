/// <reference lib="esnext.disposable" preserve="true" />
export type { CachedFile, CacheTarget, CacheUsage, ModelCache } from "./cache/model-cache.js";
export { type Chat } from "./chat.js";
export type { SavedSession, SavedSessions } from "./cache/saved-sessions.js";
export { Engine } from "./engine.js";
export { type ErrorCode, type ErrorDetails, type PackageErrorCode, WgslmError } from "./errors.js";
export { type Generation, type Generations } from "./generation.js";
export { MODELS, type NamedModel } from "./models.js";
export type { ChatCompletions } from "./openai/chat.js";
export type { Completions } from "./openai/completions.js";
export type { EmbeddingsApi } from "./openai/embeddings.js";
export type { ResponseStream } from "./openai/response.js";
export type * from "./openai/types.js";
export { type Session } from "./session.js";
export type * from "./types.js";
