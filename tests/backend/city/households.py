"""Fictional households beside the personas: one for every way a rule can go."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.city.registry.records import Domicile, Foreign, Household, Member, Standing

DOMICILE = Domicile(registered_domicile="朝霧県白樺町七番地の二", registered_head="試験　筆頭")
MOVING_ON = date(2026, 12, 10)


def member(resident: str, **changes: Any) -> Member:
    """An ordinary adult; ``changes`` says what is not ordinary."""
    plain: dict[str, Any] = {
        "id": resident,
        "name": "試験　太郎",
        "birth": date(1990, 4, 1),
        "sex": "男",
        "relationship": "世帯主",
        "became_resident_on": date(2015, 4, 1),
        "address_since": date(2018, 10, 15),
        "notified_on": date(2018, 10, 22),
        "my_number": "111122223333",
        "resident_code": "98765432101",
        "furigana": "シケン　タロウ",
        "previous_address": "東雲県鳴沢市試験町一番地",
        "domicile": DOMICILE,
    }
    return Member(**plain | changes)


def household(code: str, *members: Member, city: str = "wakabano") -> Household:
    return Household(
        id=f"t-{code}",
        city=city,
        address=f"朝霧県若葉野市試験通り{len(code)}番地",
        head=members[0].id,
        members=members,
    )


FOREIGN = Foreign(
    nationality="ブラジル",
    status_art30_45="特別永住者",
    residence_status="特別永住",
    residence_period="無期限",
    residence_card_number="YY99887766YY",
)
FLAGS = {
    "guardianship": Standing(under_guardianship=True),
    "restricted": Standing(restricted=True),
    "support": Standing(support_measures=True),
    "transit": Standing(in_transit_by_birth=True),
    "deceased": Standing(deceased_on=date(2026, 11, 1)),
    "moving": Standing(moving_out_on=MOVING_ON),
    "gone": Standing(moving_out_on=date(2026, 11, 1)),
}

HOUSEHOLDS = (
    *(household(flag, member(f"t-{flag}", standing=FLAGS[flag])) for flag in FLAGS),
    *(
        household(
            f"with-{flag}",
            member(f"t-beside-{flag}"),
            member(f"t-with-{flag}", name="試験　花子", standing=FLAGS[flag], relationship="妻"),
        )
        for flag in FLAGS
    ),
    *(
        # The head is who cannot be on a sheet: what the head is called must not be on one, either.
        household(
            f"under-{flag}",
            member(f"t-under-{flag}-head", name="別人　巌", standing=FLAGS[flag]),
            member(f"t-under-{flag}", name="試験　花子", relationship="妻"),
        )
        for flag in ("deceased", "restricted", "support", "transit", "gone")
    ),
    household(
        "five",
        *(member(f"t-five-{n}", name=f"試験　{kanji}郎") for n, kanji in enumerate("一二三四五")),
    ),
    household(
        "mixed",
        member("t-mixed-1"),
        member(
            "t-mixed-2", name="SILVA MARIA", furigana="", domicile=None, foreign=FOREIGN, sex="女"
        ),
    ),
    household("long", member("t-long", name="試験" * 25, furigana="シケン" * 20)),
    household("too-long", member("t-too-long", name="長" * 199)),
    household("unbreakable", member("t-unbreakable", name="W" * 60, furigana="")),
    household("selector", member("t-selector", name="渡邊\U000e01ef　未知")),
    household("diacritic", member("t-diacritic", name="NGUYỄN", furigana="")),
)
