"""For every rule somebody whom it keeps back, and somebody just like that whom it does not.

Days are counted from the day on which the people are made: 0 is today, -1 yesterday. So the twins of a
rule about time stand on its two sides on whatever day somebody tries them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from backend.city.registry.records import Foreign


@dataclass(frozen=True, slots=True)
class Plan:
    """A persona to be grown. ``rule``: the row it is about; ``passes``: whether it keeps nothing back.

    ``mate`` is the relationship of a second person in the household, on whom ``mate_*`` bear.
    """

    id: str
    city: str
    rule: str
    passes: bool
    note_ja: str
    note_en: str
    size: int = 1
    born_before_days: int | None = None  # 15 years and so many days ago
    became_days: int | None = None
    card_days: int | None = None
    continued_days: int | None = None
    pin_changed_days: int | None = None
    flags: frozenset[str] = frozenset()
    mate_flags: frozenset[str] = frozenset()
    moving_days: int | None = None
    mate_moving_days: int | None = None
    mate_deceased_days: int | None = None
    seal: Literal["yes", "none", "abolished"] = "yes"
    declared: bool = True
    hold_days: tuple[int, int] | None = None
    domicile: Literal["here", "other", "elsewhere"] = "here"
    notice_days: tuple[int, int | None] | None = None
    withheld: Literal["", "self", "mate"] = ""
    name: tuple[str, str] | None = None
    foreign: Foreign | None = None
    alias: str = ""
    kana_alias: str = ""
    remarks: str = ""
    card: dict[str, object] = field(default_factory=dict)


def _foreign(nationality: str, number: str) -> Foreign:
    return Foreign(
        nationality=nationality,
        status_art30_45="中長期在留者",
        residence_status="永住者",
        residence_period="無期限",
        residence_card_number=number,
    )


W, S = "wakabano", "shiomi"
_flag = frozenset

PLANS = (
    # R16–R21: what there is to be had
    Plan(
        "two-adults",
        W,
        "R16",
        True,
        "二人世帯。すべて発行できます。",
        "Two adults: everything.",
        size=2,
    ),
    Plan("three-generations", S, "R16", True, "五人世帯。", "Household of five.", size=5),
    Plan("no-seal", W, "R17", False, "印鑑登録がありません。", "No registered seal.", seal="none"),
    Plan(
        "seal-abolished",
        W,
        "R17",
        False,
        "今日、印鑑登録を廃止しました。",
        "Abolished the seal today.",
        seal="abolished",
    ),
    Plan("seal-registered", W, "R17", True, "印鑑登録があります。", "Has a registered seal."),
    Plan(
        "taxed-elsewhere",
        W,
        "R18",
        False,
        "1月1日には別の市に住んでいました。",
        "Lived in another city on 1 January.",
        became_days=-40,
    ),
    Plan(
        "taxed-here",
        S,
        "R18",
        True,
        "1月1日も市内に住んでいました。",
        "Lived here on 1 January, too.",
    ),
    Plan(
        "family-of-four",
        W,
        "R20",
        True,
        "四人の戸籍。抄本は人を選べます。",
        "A register of four: an extract of whomever is chosen.",
        size=4,
    ),
    # R25: 本籍 and 住民票, the cells a card can be in
    Plan(
        "domicile-elsewhere",
        W,
        "R25",
        False,
        "本籍が別の県にあります。",
        "The family register is kept in another prefecture.",
        domicile="elsewhere",
    ),
    Plan(
        "domicile-in-the-other-city",
        S,
        "R25",
        False,
        "本籍が若葉野市にあります。",
        "The family register is kept in the other sample city.",
        domicile="other",
    ),
    Plan(
        "domicile-here",
        S,
        "R25",
        True,
        "本籍も住所も汐見市です。",
        "Register and residence both here.",
    ),
    # R31: the dead
    Plan(
        "widowed",
        W,
        "R31",
        True,
        "配偶者が亡くなりました。本人の分は発行できます。",
        "The spouse has died; what is one's own can be issued.",
        size=2,
        mate_deceased_days=-20,
    ),
    # R33, and names in other letters
    Plan(
        "silva-maria",
        S,
        "R33",
        True,
        "併記名の登録がない外国人住民。",
        "Foreign resident without a kana name.",
        name=("SILVA MARIA", ""),
        foreign=_foreign("ブラジル", "YY99887766YY"),
    ),
    Plan(
        "nguyen-diacritics",
        W,
        "characters",
        True,
        "声調記号のある氏名。第二の書体で印刷されます。",
        "A name with diacritics, set in the second font.",
        name=("NGUYỄN THỊ ÁNH", ""),
        foreign=_foreign("ベトナム", "QX10293847QX"),
        kana_alias="グエン　ティ　アイン",
    ),
    Plan(
        "kim-hangul",
        S,
        "characters",
        True,
        "ハングルの氏名。",
        "A name in hangul.",
        name=("김민수", ""),
        foreign=_foreign("韓国", "KR55443322KR"),
    ),
    Plan(
        "no-such-glyph",
        W,
        "characters",
        False,
        "どの書体にもない文字がある氏名。",
        "A name with a letter that neither font has.",
        name=("ᚠᚢᚦ", ""),
        foreign=_foreign("アイスランド", "IS12121212IS"),
    ),
    Plan(
        "no-such-variant",
        S,
        "characters",
        False,
        "書体にない異体字がある氏名。",
        "A name with a variant that the font lacks.",
        name=("渡邊\U000e01ef　晃", "ワタナベ　アキラ"),
    ),
    Plan(
        "variant",
        S,
        "characters",
        True,
        "異体字のある氏名。",
        "A name with a variant character.",
        name=("葛\U000e0102城　晃", "カツラギ　アキラ"),
    ),
    Plan(
        "long-name",
        W,
        "too long",
        True,
        "長い氏名。小さい文字で印刷されます。",
        "A long name, set in smaller letters.",
        name=("MARTINEZ DE LA CRUZ GUADALUPE CONCEPCION", ""),
        foreign=_foreign("メキシコ", "MX77777777MX"),
    ),
    Plan(
        "too-long-name",
        W,
        "too long",
        False,
        "様式に収まらない氏名。",
        "A name that no form has room for.",
        name=("長" * 90 + "　" + "永" * 90, "ナガ" * 15 + "　" + "ナガ" * 15),
    ),
    # R34: in transit by birth
    Plan(
        "in-transit",
        S,
        "R34",
        False,
        "出生による経過滞在者。",
        "In transit by birth.",
        flags=_flag({"in_transit_by_birth"}),
        name=("PARK SORA", ""),
        foreign=_foreign("韓国", "ZZ00000001ZZ"),
    ),
    Plan(
        "in-transit-mate",
        S,
        "R34",
        True,
        "経過滞在者と同じ世帯。本人の分は発行できます。",
        "Lives with somebody in transit; the rest can be issued.",
        size=2,
        mate_flags=_flag({"in_transit_by_birth"}),
    ),
    # R37, R38: taxes
    Plan(
        "undeclared",
        W,
        "R37",
        False,
        "被扶養者で、所得の申告がありません。",
        "A dependent who declared nothing.",
        declared=False,
    ),
    Plan("declared", W, "R37", True, "所得の申告があります。", "Has declared."),
    Plan(
        "amended",
        S,
        "R38",
        False,
        "修正申告の処理中です。",
        "An amended declaration is worked in.",
        hold_days=(-3, 10),
    ),
    Plan(
        "amended-last-day",
        W,
        "R38",
        False,
        "修正申告の処理が今日まで続きます。",
        "The amended declaration is worked in until today.",
        hold_days=(-10, 0),
    ),
    Plan(
        "amended-done",
        W,
        "R38",
        True,
        "修正申告の処理が昨日終わりました。",
        "The amended declaration was worked in until yesterday.",
        hold_days=(-10, -1),
    ),
    # R40 and its kin
    Plan(
        "card-yesterday",
        W,
        "R40",
        True,
        "昨日カードを受け取りました。",
        "Received the card yesterday.",
        card_days=-1,
    ),
    Plan(
        "card-yesterday-shiomi",
        S,
        "R40",
        False,
        "昨日カードを受け取りました。汐見市では翌々日から使えます。",
        "Received the card yesterday; here it is usable from the day after tomorrow on.",
        card_days=-1,
    ),
    Plan(
        "continued-today",
        W,
        "R40",
        False,
        "今日、継続利用の手続きをしました。",
        "Had the card's use continued today.",
        continued_days=0,
    ),
    Plan(
        "continued-yesterday",
        W,
        "R40",
        True,
        "昨日、継続利用の手続きをしました。",
        "Had the card's use continued yesterday.",
        continued_days=-1,
    ),
    Plan(
        "pin-changed-today",
        W,
        "R40",
        False,
        "今日、窓口で暗証番号を変更しました。",
        "Changed the PIN at the counter today.",
        pin_changed_days=0,
    ),
    Plan(
        "pin-changed-today-shiomi",
        S,
        "R40",
        True,
        "今日、窓口で暗証番号を変更しました。汐見市では当日から使えます。",
        "Changed the PIN today; here it is usable at once.",
        pin_changed_days=0,
    ),
    Plan(
        "moved-in-today", W, "R40", False, "今日、転入しました。", "Moved in today.", became_days=0
    ),
    Plan(
        "moved-in-yesterday",
        W,
        "R40",
        True,
        "昨日、転入しました。",
        "Moved in yesterday.",
        became_days=-1,
    ),
    # R48: age
    Plan(
        "fifteen-tomorrow",
        W,
        "R48",
        False,
        "明日15歳になります。",
        "Is fifteen tomorrow.",
        born_before_days=-1,
    ),
    Plan(
        "fifteen-today",
        W,
        "R48",
        True,
        "今日15歳になりました。",
        "Is fifteen today.",
        born_before_days=0,
    ),
    Plan(
        "fifteen-tomorrow-shiomi",
        S,
        "R48",
        True,
        "明日15歳になります。汐見市では誕生日の前日から使えます。",
        "Is fifteen tomorrow; here that counts from the eve.",
        born_before_days=-1,
    ),
    # R49, R50: never told why
    Plan(
        "ward",
        W,
        "R49",
        False,
        "窓口でのお手続きになります。",
        "Is asked to come to the counter.",
        flags=_flag({"under_guardianship"}),
    ),
    Plan(
        "ward-mate",
        W,
        "R49",
        True,
        "すべて発行できます。",
        "Everything can be issued.",
        size=2,
        mate_flags=_flag({"under_guardianship"}),
    ),
    Plan(
        "restricted",
        W,
        "R50",
        False,
        "窓口でのお手続きになります。",
        "Is asked to come to the counter.",
        flags=_flag({"restricted"}),
    ),
    Plan(
        "protected",
        S,
        "R50",
        False,
        "窓口でのお手続きになります。",
        "Is asked to come to the counter.",
        flags=_flag({"support_measures"}),
    ),
    Plan(
        "protected-mate",
        S,
        "R50",
        True,
        "同じ世帯の一人を除いて発行できます。戸籍謄本は窓口です。",
        "All but one of the household, and all but the whole register, can be issued.",
        size=3,
        mate_flags=_flag({"support_measures"}),
    ),
    Plan(
        "withheld-in-register",
        W,
        "R50",
        False,
        "戸籍の証明書は窓口でのお手続きになります。",
        "For register certificates, is asked to come to the counter.",
        size=2,
        withheld="mate",
    ),
    # R51–R53: moves
    Plan(
        "moving-out",
        W,
        "R51",
        False,
        "転出の届出をしました。",
        "Has announced a move.",
        moving_days=14,
    ),
    Plan(
        "moving-mate",
        W,
        "R52",
        False,
        "家族が転出の届出をしました。",
        "Somebody of the household has announced a move.",
        size=3,
        mate_moving_days=5,
    ),
    Plan(
        "moving-mate-today",
        W,
        "R53",
        False,
        "家族の異動日が今日です。",
        "The household member's move is today.",
        size=3,
        mate_moving_days=0,
    ),
    Plan(
        "moving-mate-today-shiomi",
        S,
        "R53",
        True,
        "家族の異動日が今日です。汐見市では当日から使えます。",
        "The household member's move is today; here that is enough.",
        size=3,
        mate_moving_days=0,
    ),
    Plan(
        "moved-mate",
        W,
        "R53",
        True,
        "家族が昨日転出しました。",
        "The household member moved yesterday.",
        size=3,
        mate_moving_days=-1,
    ),
    # R54: notifications to the register
    Plan(
        "just-married",
        W,
        "R54",
        False,
        "婚姻届を出したばかりです。",
        "Has just notified a marriage.",
        size=2,
        notice_days=(-3, None),
    ),
    Plan(
        "marriage-written",
        W,
        "R54",
        True,
        "婚姻が戸籍に記載されました。",
        "The marriage is in the register.",
        size=2,
        notice_days=(-20, -1),
    ),
    Plan(
        "notice-overdue",
        S,
        "R54",
        False,
        "届出から日がたっていますが、まだ記載されていません。",
        "Notified long ago, and still not in the register.",
        size=2,
        notice_days=(-40, None),
    ),
    # R15, R44, R45: the card's own
    Plan(
        "no-certificate",
        W,
        "R15",
        False,
        "電子証明書が載っていないカード。",
        "A card without the certificate.",
        card={"has_auth_certificate": False},
    ),
    Plan(
        "one-try-left",
        S,
        "R45",
        True,
        "暗証番号の残り回数が1回。",
        "One try left for the PIN.",
        card={"tries_left": 1},
    ),
)
