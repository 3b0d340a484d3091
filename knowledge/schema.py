"""What a record of the knowledge base may hold.

Every record under `knowledge/base/` is decoded into these structs.  They are
frozen: the base is read once and never changed.  `knowledge/base.py` reads
them and checks what one record alone cannot know (that a fact or source named
in it exists).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
import yaml

FactKind = Literal[
    "bool", "choice", "number", "duration", "date", "money", "country", "status", "text"
]
Outcome = Literal["eligible", "not_eligible", "depends", "needs_more_info"]
Level = Literal["emergency", "high", "normal", "low"]
Signal = Literal["asked_for_person", "misunderstood", "anger", "fear", "danger", "out_of_base"]
NoteKind = Literal["rule", "procedure", "penalty", "exemption", "duration", "benefit", "caution"]
OPERATORS = ("equals", "one_of", "at_least", "at_most", "more_than", "less_than")


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The ground of every struct here: frozen, and strict about unknown fields."""


class Citation(Record, frozen=True):
    """Where a statement is from: a source of the register and the place in it."""

    source: str
    section: str
    note: str | None = None


class Claim(Record, frozen=True):
    """What one source says where sources disagree.

    `test` is this source's version of a condition, `amount_krw` of a fee,
    `period` of a deadline: whichever the item around it is about.
    """

    says: str
    cite: tuple[Citation, ...]
    test: Condition | None = None
    amount_krw: int | None = None
    period: str | None = None


class Condition(Record, frozen=True):
    """A node of a rule tree.  Exactly one of the forms below is used.

    - `all`, `any`, `not`, `at_least_of` (with `of`): over other conditions;
    - `fact` with one operator; `measure` says what of a date is compared: the
      time since it (`ago`) or until it (`ahead`);
    - `claims`, each with a `test`: sources disagree, and `safe` is what a
      careful counsellor says;
    - `office_decides: true`: the sources leave it to the office.

    A node with an `id` and a `text` is shown to people as a requirement, and
    then must say where it is from (`cite`).
    """

    id: str | None = None
    text: str | None = None
    cite: tuple[Citation, ...] = ()
    carries: tuple[str, ...] = ()
    unlock: str | None = None

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    not_: Condition | None = msgspec.field(default=None, name="not")
    at_least_of: int | None = None
    of: tuple[Condition, ...] = ()

    fact: str | None = None
    measure: Literal["value", "ago", "ahead"] = "value"
    equals: bool | str | int | float | None = None
    one_of: tuple[str | int, ...] = ()
    at_least: str | int | float | None = None
    at_most: str | int | float | None = None
    more_than: str | int | float | None = None
    less_than: str | int | float | None = None

    claims: tuple[Claim, ...] = ()
    safe: str | None = None
    office_decides: bool = False

    def __post_init__(self) -> None:
        forms = [
            name
            for name, used in (
                ("all", self.all),
                ("any", self.any),
                ("not", self.not_),
                ("at_least_of", self.at_least_of is not None),
                ("fact", self.fact),
                ("claims", self.claims),
                ("office_decides", self.office_decides),
            )
            if used
        ]
        if len(forms) != 1:
            found = " and ".join(forms) or "none"
            raise ValueError(
                "a condition has exactly one of all, any, not, at_least_of, fact, claims, "
                f"office_decides; found {found}"
            )
        operators = [o for o in OPERATORS if getattr(self, o) not in (None, ())]
        if (len(operators) == 1) != bool(self.fact):
            raise ValueError(
                f"a condition on a fact has exactly one of {', '.join(OPERATORS)}; "
                f"found {' and '.join(operators) or 'none'}"
            )
        if bool(self.at_least_of) != bool(self.of):
            raise ValueError("`at_least_of` and `of` belong together")
        if self.claims:
            if len(self.claims) < 2 or any(claim.test is None for claim in self.claims):
                raise ValueError("`claims` of a condition are two or more, each with a `test`")
            if not self.safe:
                raise ValueError("where sources disagree, `safe` says what a careful person does")
        if (self.id is None) != (self.text is None):
            raise ValueError("`id` and `text` belong together: what is shown has both")
        if self.unlock and not self.id:
            raise ValueError("`unlock` is shown with its requirement: give it an `id` and a `text`")
        if self.id and not self.cite and not self.claims:
            raise ValueError("a requirement that is shown says where it is from: `cite`")

    @property
    def children(self) -> tuple[Condition, ...]:
        return self.all or self.any or self.of or ((self.not_,) if self.not_ else ())


class Item(Record, frozen=True):
    """A statement of a service with its source; `when` says to whom it applies.

    `if_text` says that condition in words ("if you are divorced"), for people
    about whom it is not yet known.
    """

    id: str
    text: str
    cite: tuple[Citation, ...] = ()
    when: Condition | None = None
    if_text: str | None = None
    carries: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    safe: str | None = None

    def __post_init__(self) -> None:
        if not self.cite and not self.claims:
            raise ValueError("every item says where it is from: `cite`")
        if bool(self.claims) != bool(self.safe):
            raise ValueError("`claims` and `safe` belong together")
        if self.when is not None and not self.if_text:
            raise ValueError("an item with `when` says that condition in words: `if_text`")


class Document(Item, frozen=True):
    """A paper to bring."""


class Fee(Item, frozen=True, kw_only=True):
    """A sum in won as it stood on `as_of` (None: the source bears no date).

    Where `claims` name several sums, `amount_krw` is the safe one to plan for.
    """

    amount_krw: int
    as_of: str | None = None


class Deadline(Item, frozen=True, kw_only=True):
    """A time limit.  `counted_from` (a date fact) plus `period` gives its date.

    The date is the last day, or with `opens` the first.
    """

    counted_from: str | None = None
    period: str | None = None
    opens: bool = False


class Office(Item, frozen=True):
    """Where to go; `contact` names an entry of contacts.yml."""

    contact: str | None = None


class Step(Item, frozen=True):
    """One thing to do, in the order of the list."""


class Note(Item, frozen=True, kw_only=True):
    """Anything else a person asks about; `kind` finds it for the question."""

    kind: NoteKind


class Service(Record, frozen=True):
    """One procedure or offer, whole.  `id` is the file's name without `.yml`.

    `requires` is absent where there is nothing to be assessed (a telephone
    service).  `statuses` are held by those whom it is for, and `leads_to` are
    the statuses that it can end in: "F-6" in a message is the one or the other.
    `outcomes` words the decision where the general sentence would be wrong for
    this service.  `checked_on` is the day somebody last held the record against
    its sources; after `review_by` its answers say that they are due for a check.
    """

    id: str
    title: str
    summary: str
    cite: tuple[Citation, ...]
    checked_on: date
    review_by: date
    requires: Condition | None = None
    outcomes: dict[Outcome, str] = msgspec.field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    fees: tuple[Fee, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    offices: tuple[Office, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    related: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All statements below the requirements."""
        return (
            *self.documents,
            *self.fees,
            *self.deadlines,
            *self.offices,
            *self.steps,
            *self.notes,
        )


class Choice(Record, frozen=True):
    """An answer to choose.

    Who names the `status` that it comes with has told it.  `told_if` is a
    condition on other facts: where a service asks for this choice, who tells
    them has told it as well (two years abroad are a long trip).
    """

    value: str
    label: str
    status: str | None = None
    told_if: Condition | None = None


class Fact(Record, frozen=True):
    """Something a person can be asked about themselves.

    `unit` is what a bare number means (`months`, `days`, `points`, ...).
    `fixed` facts (where one was born) never change, so nothing that hangs on
    them is offered as a way out.  `find_out` tells who does not know the answer
    where it stands.  `lies` says on which side of today a date is, so that "two
    weeks" can be read as an answer to "when did you move?".  `asks: done` is for
    questions whether something has happened yet, which some languages answer
    with words of their own.  `none_is_zero`: who answers "no" or "not yet" to
    such a quantity has none of it.
    """

    id: str
    kind: FactKind
    question: str
    why: str
    find_out: str
    label: str
    unit: str | None = None
    choices: tuple[Choice, ...] = ()
    fixed: bool = False
    lies: Literal["past", "future"] | None = None
    asks: Literal["done"] | None = None
    none_is_zero: bool = False

    def __post_init__(self) -> None:
        if (self.kind == "date") != bool(self.lies):
            raise ValueError("`lies: past` or `future` belongs to a date, and only there")
        if self.asks and self.kind != "bool":
            raise ValueError("`asks: done` belongs to a fact of kind bool, and only there")
        if self.none_is_zero and self.kind not in ("duration", "number", "money"):
            raise ValueError(
                "`none_is_zero` belongs to a duration, number or money, and only there"
            )
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("`choices` belong to a fact of kind choice, and only there")
        if (self.kind in ("duration", "number")) != bool(self.unit):
            raise ValueError("`unit` belongs to a fact of kind duration or number, and only there")


class Source(Record, frozen=True):
    """A document the base rests on.

    `as_of` is the date its content stands for, as printed (a year, a month or
    a day; None where it bears none).  `outside` marks what is not one of the
    documents this base was made from: a cross-check, named with its place.
    """

    id: str
    title: str
    publisher: str
    language: str
    checked_on: date
    reliability: Literal["official", "support_centre", "press", "personal", "outside"]
    as_of: str | None = None
    file: str | None = None
    where: str | None = None


class Contact(Record, frozen=True):
    """Whom to call: `languages` are ISO 639 codes, `hours` is a sentence.

    `calls_for` names the kinds of emergency it is given for.
    """

    id: str
    name: str
    phone: str
    hours: str
    languages: tuple[str, ...]
    cite: tuple[Citation, ...]
    calls_for: tuple[str, ...] = ()


class TriageRule(Record, frozen=True):
    """What makes a person's situation how urgent; the gravest stand first in the file.

    Exactly one of: `when`, a condition on facts; `verdict`, how what they asked
    came out; `signal`, what showed in the conversation.  `kind` finds contacts
    and steps for it, and is needed where it is `high` or `emergency` by facts.
    `offers` says that the desk offers a counsellor when the rule comes to hold.
    """

    id: str
    level: Level
    why: str
    kind: str | None = None
    when: Condition | None = None
    verdict: Literal["disputed", "depends", "unsure"] | None = None
    signal: Signal | None = None
    offers: bool = False

    def __post_init__(self) -> None:
        if sum(source is not None for source in (self.when, self.verdict, self.signal)) != 1:
            raise ValueError("a triage rule has exactly one of when, verdict, signal")
        if self.when is not None and self.level in ("emergency", "high") and not self.kind:
            raise ValueError("an urgent rule needs a `kind`: it finds whom to call")


class Phrase(Record, frozen=True):
    """A sentence of the desk; `{names}` in it are filled in when it is said."""

    id: str
    text: str


def from_yaml(text: bytes, kind: Any) -> Any:
    """`text` decoded into `kind`; yaml.YAMLError or msgspec.ValidationError otherwise."""
    return msgspec.convert(yaml.load(text, yaml.CSafeLoader), kind)
