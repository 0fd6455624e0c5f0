"""The official client of OpenAI's API for Python, on the server at WGSLM_URL."""

import json
import os
import unittest

import openai

BASE = f"{os.environ['WGSLM_URL']}/v1"
KEY = "sk-right"
MESSAGES = [{"role": "user", "content": "Roll!"}]
SIDES = {"type": "object", "properties": {"sides": {"enum": [6, 20]}}, "required": ["sides"], "additionalProperties": False}
# More than an answer in the form or a call needs.
ROOM = 400
# The model has no sense, and would reason without end: without the letter h it can't begin to think.
SENSIBLE = {"logit_bias": {"104": -100}, "parallel_tool_calls": False}

client = openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0)


def text(part):
    return (part.content or "") + (getattr(part, "reasoning_content", None) or "")


class Clients(unittest.TestCase):
    def test_chats_whole_and_in_pieces(self):
        request = {"model": "chat", "messages": MESSAGES, "max_tokens": 8, "temperature": 0}
        whole = client.chat.completions.create(**request)
        chunks = list(client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}))
        pieces = [text(chunk.choices[0].delta) for chunk in chunks if chunk.choices]
        self.assertEqual("".join(pieces), text(whole.choices[0].message))
        self.assertEqual(chunks[-1].usage.total_tokens, whole.usage.total_tokens)

    def test_answers_follow_a_schema(self):
        form = {"type": "json_schema", "json_schema": {"name": "roll", "strict": True, "schema": SIDES}}
        answer = client.chat.completions.create(model="chat", messages=MESSAGES, max_tokens=ROOM, temperature=0, response_format=form)
        self.assertIn(json.loads(answer.choices[0].message.content)["sides"], [6, 20])

    def test_tools_are_called_whole_and_in_pieces(self):
        tools = [{"type": "function", "function": {"name": "roll", "parameters": SIDES}}]
        request = {"model": "chat", "messages": MESSAGES, "max_tokens": ROOM, "temperature": 0, "tools": tools, "tool_choice": "required", **SENSIBLE}
        [call] = client.chat.completions.create(**request).choices[0].message.tool_calls
        self.assertIn(json.loads(call.function.arguments)["sides"], [6, 20])
        with client.chat.completions.stream(**request) as stream:
            [streamed] = stream.get_final_completion().choices[0].message.tool_calls
        self.assertEqual(streamed.function.arguments, call.function.arguments)

    def test_continues_prompts(self):
        request = {"model": "chat", "prompt": "once", "max_tokens": 8, "temperature": 0}
        whole = client.completions.create(**request).choices[0].text
        self.assertEqual("".join(chunk.choices[0].text for chunk in client.completions.create(**request, stream=True)), whole)

    def test_responds_whole_and_in_pieces(self):
        request = {"model": "chat", "input": "Roll!", "max_output_tokens": 8, "temperature": 0}
        whole = client.responses.create(**request)
        events = list(client.responses.create(**request, stream=True))
        pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        self.assertEqual("".join(pieces), whole.output_text)

    def test_embeds(self):
        packed = client.embeddings.create(model="embed", input=["the quick fox", "a dog"])
        numbers = client.embeddings.create(model="embed", input=["the quick fox", "a dog"], encoding_format="float")
        for one, other in zip(packed.data, numbers.data, strict=True):
            for left, right in zip(one.embedding, other.embedding, strict=True):
                self.assertAlmostEqual(left, right, places=6)

    def test_lists_models(self):
        self.assertEqual([model.id for model in client.models.list()], ["chat", "embed", "rank"])
        self.assertEqual(client.models.retrieve("rank").id, "rank")

    def test_errors_have_types_of_their_own(self):
        with self.assertRaises(openai.BadRequestError) as wrong:
            client.chat.completions.create(model="chat", messages=MESSAGES, n=0)
        self.assertEqual((wrong.exception.param, wrong.exception.code), ("n", "invalid_value"))
        with self.assertRaises(openai.NotFoundError):
            client.models.retrieve("other")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=BASE, api_key="sk-wrong", max_retries=0).models.list()

    def test_a_full_queue_is_a_rate_limit_error(self):
        small = openai.OpenAI(base_url=f"{os.environ['WGSLM_SMALL_URL']}/v1", api_key="none", max_retries=0)
        endless = {"model": "chat", "prompt": "a", "max_tokens": 4000, "logit_bias": {"257": -100}}
        with small.completions.create(**endless, seed=1, stream=True), small.completions.create(**endless, seed=2, stream=True):
            with self.assertRaises(openai.RateLimitError) as full:
                small.completions.create(model="chat", prompt="b", max_tokens=1)
        self.assertGreaterEqual(int(full.exception.response.headers["retry-after"]), 1)


if __name__ == "__main__":
    unittest.main()
