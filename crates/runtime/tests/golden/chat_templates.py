"""Writes chat_templates.json: what Python's Jinja, set up as Hugging Face does it, makes of conversations.

    pip install jinja2 && python3 chat_templates.py FOLDER > chat_templates.json

FOLDER is `models/templates` of llama.cpp's repository. A date stands in the text as `{{ strftime_now('FORMAT') }}`.
"""

import json
import pathlib
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = [
    "Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407",
    "HuggingFaceTB-SmolLM3-3B", "openai-gpt-oss-120b", "google-gemma-2-2b-it", "meta-llama-Llama-3.1-8B-Instruct",
    "meta-llama-Llama-3.2-3B-Instruct", "ibm-granite-granite-3.3-2B-Instruct", "LFM2-8B-A1B",
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
]
USER = {"role": "user", "content": "Hi, <b>who</b> are you?"}
CONVERSATIONS = [
    [USER],
    [{"role": "system", "content": " Be brief. "}, USER],
    [USER, {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nI'm \"it\"."}, {"role": "user", "content": "  And\nnow?  "}],
    [USER, USER],
]


def raise_exception(message):
    raise jinja2.TemplateError(message)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda format: "{{ strftime_now('" + format + "') }}"

rows = []
for name in TEMPLATES:
    template = environment.from_string((pathlib.Path(sys.argv[1]) / f"{name}.jinja").read_text())
    for messages in CONVERSATIONS:
        row = {"template": name, "messages": messages}
        try:
            row["text"] = template.render(
                messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>", tools=None, documents=None
            )
        except jinja2.TemplateError as error:
            row["error"] = str(error)
        rows.append(row)
print(json.dumps(rows, ensure_ascii=False, indent=1))
