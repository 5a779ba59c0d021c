"""One hand-made view for each kind of screen. The names are of nobody."""

from __future__ import annotations

from terminal.panel.view import PanelChoice, PanelKey, PanelProgress, PanelView

LANGUAGES = (("ja", "日本語"), ("en", "English"))
LABELS = {
    "ok": "確認",
    "back": "戻る",
    "cancel": "取消",
    "clear": "訂正",
    "more_time": "時間をのばす",
    "language": "English",
}
TIME_LEFT = "あと {seconds}秒で終了します。続けるときは「時間をのばす」を押してください。"
MANY_KEYS = ("ok", "back", "cancel", "more_time", "language")


def keys(*names: str, **labels: str) -> tuple[PanelKey, ...]:
    return tuple(PanelKey(key=name, label=labels.get(name, LABELS[name])) for name in names)


def sample(screen: str, title: str, *lines: str, **fields: object) -> PanelView:
    """A view with the frame that every screen has."""
    frame: dict[str, object] = {
        "language": "ja",
        "languages": LANGUAGES,
        "clock": "10:42",
        "terminal": "さくら市 中央窓口 1号機",
        "time_left": TIME_LEFT,
    }
    return PanelView(screen=screen, title=title, lines=lines, **{**frame, **fields})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


IDLE = sample(
    "idle",
    "証明書の交付",
    "ご利用になるサービスの番号を押してください。",
    choices=(
        PanelChoice(
            number=1,
            value="services",
            label="行政サービス",
            detail="マイナンバーカードで証明書を受け取る",
        ),
        PanelChoice(
            number=2,
            value="guide",
            label="ご利用案内",
            detail="必要なもの、暗証番号、カードの紛失など",
        ),
    ),
    keys=keys("language"),
    picture="welcome",
)
GUIDE = sample(
    "guide",
    "ご利用案内",
    "ご利用にはマイナンバーカードが必要です。カードは、申請書の二次元コードからスマートフォンで、"
    "パソコンで、まちなかの証明用写真機で、または郵送で申請できます。",
    "暗証番号は、カードの交付のときに決めた「利用者証明用電子証明書」の4桁の数字です。",
    "3回続けて間違えるとロックされます。解除は、ご本人がカードを持って市役所の窓口でお手続きください。",
    "カードをなくしたときは、マイナンバー総合フリーダイヤル（24時間365日）で利用を止められます。",
    "住民基本台帳カードや市独自のカードは、この端末では使えません。",
    "年末年始（12月29日から1月3日）と保守点検の時間はご利用いただけません。",
    keys=keys("back", "language"),
)
AWAITING_CARD = sample(
    "awaiting_card",
    "マイナンバーカードを置いてください",
    "カードを読み取り機に平らに置いてください。",
    "「カードをお取りください」と表示されるまで、動かさないでください。",
    keys=keys("cancel", "more_time", "language"),
    guide="card_reader",
    picture="card_on_reader",
    remaining_s=60.0,
)
PIN = sample(
    "entering_pin",
    "暗証番号を入力してください",
    "あと3回まちがえるとロックされます。",
    "利用者証明用電子証明書の4桁の数字です。",
    keys=keys("clear", "cancel", "more_time", "language"),
    pin_length=2,
    guide="keypad",
    picture="pin",
    remaining_s=30.0,
)
PIN_WRONG = sample(
    "entering_pin",
    "暗証番号を入力してください",
    "暗証番号がちがいます。",
    "あと2回まちがえるとロックされます。",
    "利用者証明用電子証明書の4桁の数字です。",
    keys=keys("ok", "clear", "cancel", "more_time", "language"),
    pin_length=4,
    tone="attention",
    guide="keypad",
    picture="pin",
    remaining_s=30.0,
)
CERTIFICATES = sample(
    "choosing_certificate",
    "さくら市　証明書をお選びください",
    "カードは置いたままにしてください。",
    choices=(
        PanelChoice(number=1, value="residence", label="住民票の写し", detail="1通 250円"),
        PanelChoice(
            number=2,
            value="seal_registration",
            label="印鑑登録証明書",
            detail="ご利用いただけません（理由を見る）",
        ),
    ),
    keys=keys("cancel", "more_time", "language"),
    picture="document",
    remaining_s=60.0,
)
PEOPLE = sample(
    "choosing_people",
    "どなたの分が必要ですか",
    "必要な方をすべて選んでください。",
    "カードは置いたままにしてください。",
    choices=(
        *(
            PanelChoice(number=number, value=f"p{number}", label=name, detail=detail, selected=on)
            for number, name, detail, on in (
                (1, "見本　太郎", "ご本人", True),
                (2, "見本　花子", None, True),
                (3, "見本　一郎", None, False),
                (4, "ミホン　マリアクリスティーナ　フェルナンデス", None, False),
                (5, "見本　櫻子", None, False),
                (6, "見本　葛󠄀之助", None, False),
                (7, "見本　梅", None, False),
            )
        ),
        PanelChoice(number=8, value="everyone", label="世帯全員", selected=False),
        PanelChoice(number=9, value="next", label="次の方を表示"),
    ),
    keys=keys(*MANY_KEYS),
    remaining_s=60.0,
)
ITEMS = sample(
    "choosing_items",
    "記載する項目をお選びください",
    "選ばない項目は記載されません。提出先に必要な項目をご確認ください。",
    "カードは置いたままにしてください。",
    choices=(
        PanelChoice(
            number=1,
            value="head_and_relationship",
            label="世帯主の氏名・続柄",
            detail="世帯主と、世帯主との関係",
            selected=True,
        ),
        PanelChoice(
            number=2,
            value="registered_domicile",
            label="本籍・筆頭者",
            detail="戸籍のある場所と筆頭者の氏名",
            selected=False,
        ),
        PanelChoice(
            number=3,
            value="my_number",
            label="マイナンバー（個人番号）",
            detail="提出先が法律で限られています",
            selected=False,
        ),
    ),
    keys=keys(*MANY_KEYS, ok="この内容で進む"),
    remaining_s=60.0,
)
NOTICE = sample(
    "notice",
    "マイナンバー入りの住民票について",
    "マイナンバー入りの住民票は、法律により、提出先が行政機関、地方公共団体、独立行政法人と、"
    "社会保障・税・災害対策の手続きを行う民間事業者に限られます。",
    "ほかの用途には使えません。提出先をもう一度お確かめください。",
    keys=keys(*MANY_KEYS, ok="確認しました"),
    picture="notice",
    remaining_s=60.0,
)
CONFIRMING = sample(
    "confirming",
    "内容をご確認ください",
    "証明書：住民票の写し",
    "記載する方：見本　太郎、見本　花子",
    "記載する項目：世帯主の氏名・続柄",
    "手数料：250円 × 2通 ＝ 500円",
    "交付後の返品・交換・返金はできません。",
    choices=(
        PanelChoice(number=1, value="more", label="部数を増やす"),
        PanelChoice(number=2, value="fewer", label="部数を減らす", enabled=False),
    ),
    keys=keys(*MANY_KEYS, ok="この内容で申し込む"),
    remaining_s=60.0,
)
TAKE_CARD = sample(
    "returning_card",
    "カードをお取りください",
    "マイナンバーカードを読み取り機からお取りください。",
    "このあと、手数料 250円をお支払いいただきます。",
    keys=keys("cancel"),
    tone="attention",
    guide="card_reader",
    picture="take_card",
    attention=("カードをお取りください。", "係員をお呼びしています。"),
)
PAYING = sample(
    "paying",
    "250円をお入れください",
    "投入金額：100円",
    "残り：150円",
    "交付後の返品・交換・返金はできません。",
    keys=keys("cancel", "more_time", "language"),
    progress=PanelProgress(done=100, total=250),
    guide="payment",
    picture="money",
    remaining_s=18.0,
    warning=True,
)
PRINTING = sample(
    "printing",
    "印刷しています",
    "全3枚のうち 1枚",
    "印刷が終わるまで、この場をはなれないでください。",
    progress=PanelProgress(done=1, total=3),
    guide="printer_tray",
    picture="printing",
)
TAKE_PAPER = sample(
    "handing_over",
    "証明書をお取りください　全3枚",
    "全3枚です。枚数とページ番号をお確かめください。",
    "証明書をお取りください。",
    "領収書をお取りください。",
    "証明書はホチキス留めされません。",
    tone="attention",
    guide="printer_tray",
    picture="take_paper",
)
REFUSED = sample(
    "refused",
    "お取り扱いできません",
    "暗証番号がロックされています。",
    "ご本人がカードを持って、市役所の窓口でロック解除の手続きをしてください。",
    "カードの紛失・盗難は、マイナンバー総合フリーダイヤルへ（24時間365日）。",
    "お問い合わせ：さくら市市民課　00-0000-0000",
    keys=keys("ok", "language", ok="終わる"),
    tone="attention",
    picture="counter",
    remaining_s=60.0,
)
OUT_OF_SERVICE = sample(
    "out_of_service",
    "休止中です",
    "用紙がありません。",
    "ご迷惑をおかけします。ほかの端末か市役所の窓口をご利用ください。",
    keys=keys("language"),
    tone="fault",
    picture="out_of_service",
)
FAREWELL = sample(
    "farewell",
    "ご利用ありがとうございました",
    "お忘れ物のないよう、お気をつけください。",
    picture="farewell",
)

KINDS: dict[str, PanelView] = {
    "idle": IDLE,
    "guide": GUIDE,
    "awaiting_card": AWAITING_CARD,
    "pin": PIN,
    "pin_wrong": PIN_WRONG,
    "certificates": CERTIFICATES,
    "people": PEOPLE,
    "items": ITEMS,
    "notice": NOTICE,
    "confirming": CONFIRMING,
    "take_card": TAKE_CARD,
    "paying": PAYING,
    "printing": PRINTING,
    "take_paper": TAKE_PAPER,
    "refused": REFUSED,
    "out_of_service": OUT_OF_SERVICE,
    "farewell": FAREWELL,
}
