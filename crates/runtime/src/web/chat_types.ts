/** One message of a conversation, as OpenAI's API has it. A chat template may use more fields, which are passed to it. */
export interface ChatMessage {
    /** The role of the speaker. */
    readonly role: "system" | "developer" | "user" | "assistant" | "tool" | (string & {});
    /** The text, or parts of it; absent or null where an assistant only calls tools. */
    readonly content?: string | readonly ChatPart[] | null;
    /** The reasoning that led an assistant to its content or its calls. */
    readonly reasoning_content?: string | null;
    /** The tool calls of an assistant. */
    readonly tool_calls?: readonly ToolCall[] | null;
    /** The id of the call that a message of the role `tool` answers. */
    readonly tool_call_id?: string;
    /** The name of the speaker, or of the tool whose result this is. */
    readonly name?: string;
}

/** A part of a message's content. Parts of other kinds than text are refused with the code `unsupported-content`. */
export interface ChatPart {
    readonly type: "text" | (string & {});
    readonly text?: string;
}

/** A call of a tool by an assistant. */
export interface ToolCall {
    /** The id that the tool's result refers to. */
    id: string;
    type: "function";
    function: {
        /** The name of the tool. */
        name: string;
        /** The arguments: a JSON object as text. */
        arguments: string;
    };
}

/** A tool that the model may call. */
export interface Tool {
    readonly type: "function";
    readonly function: {
        readonly name: string;
        readonly description?: string;
        /** The JSON Schema of its arguments. */
        readonly parameters?: object;
        readonly strict?: boolean | null;
    };
}

/** The tools that an answer may or must call. */
export type ToolChoice = "auto" | "none" | "required" | { readonly type: "function"; readonly function: { readonly name: string } };

/** A conversation, and everything else that a chat template may use. */
export interface Conversation {
    /** The messages so far. */
    readonly messages: readonly ChatMessage[];
    /** The tools that the model may call. */
    readonly tools?: readonly Tool[];
    /** The documents that the answer may draw on. */
    readonly documents?: readonly object[];
    /** The tools that the answer may or must call; by default the model decides. */
    readonly tool_choice?: ToolChoice;
    /** False if an answer may call at most one tool. */
    readonly parallel_tool_calls?: boolean;
    /** True if the model should reason before it answers, false if not. */
    readonly enable_thinking?: boolean;
    /** The effort of reasoning, such as `low`. */
    readonly reasoning_effort?: string;
    /** More variables of the template, which take precedence over all others. */
    readonly chat_template_kwargs?: Readonly<Record<string, unknown>>;
    /** False if the prompt ends with the last message, rather than where the assistant's answer begins. */
    readonly add_generation_prompt?: boolean;
}

/** A piece of an answer, as OpenAI's API has it. The end of a tool call is an empty one. */
export interface ChatDelta {
    /** Text of the answer. */
    content?: string;
    /** Text of the reasoning. */
    reasoning_content?: string;
    /** A tool call that begins, or a piece of the arguments of one. */
    tool_calls?: ToolCallDelta[];
}

/** A piece of a tool call. */
export interface ToolCallDelta {
    /** The number of calls before it. */
    index: number;
    /** Its id, where it begins. */
    id?: string;
    type?: "function";
    function: {
        /** The name of the tool, where the call begins. */
        name?: string;
        /** The next piece of the arguments. */
        arguments: string;
    };
}

/** The message of an answer. */
export interface AssistantMessage {
    role: "assistant";
    content: string | null;
    reasoning_content?: string;
    tool_calls?: ToolCall[];
}

/** The reason that an answer in a chat ended: the model or a stop sequence, a limit, or that it called tools. */
export type ChatFinishReason = "stop" | "length" | "tool_calls";
