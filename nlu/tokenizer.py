"""Words of all fourteen languages, with their exact places in the text."""

from __future__ import annotations

from typing import Any

import regex
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

# Scripts written without spaces are cut into what a reader sees as one sign (`\X`, a letter
# with its marks); everything else into runs of letters, marks and digits.
_TOKEN = regex.compile(
    r"(?=[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Khmer}\p{Myanmar}])\X"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Khmer}\p{Myanmar}])[\p{L}\p{M}\p{N}])+"
    r"(?:[’'](?=\p{L})\p{L}+)?"
    r"|\p{So}"
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class UnicodeTokenizer(Tokenizer):
    """Cuts text at Unicode word boundaries, whatever the language."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text: str = message.get(attribute)
        tokens = [Token(found.group(), found.start()) for found in _TOKEN.finditer(text)]
        # Featurizers need one token even of a message that has no word ("?!").
        return tokens or [Token(text, 0)]
