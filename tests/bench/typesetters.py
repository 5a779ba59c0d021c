"""The same sheet by two other typesetters; runs in an environment of its own, started by ``forms``.

Each gets the figures that the city's form has, in the same cells, sizes and font, and answers how many
sheets a second one core makes of them: one process, fonts loaded and templates parsed beforehand.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import time
from collections.abc import Callable
from html import escape
from typing import Any

FONT_FILE, SECONDS = sys.argv[1], float(sys.argv[2])
LABEL, WIDTH = 40.0, 180.0  # mm
# Label, field, height in mm, size in points: the lines of the city's one-person form.
LINES = (
    ("フリガナ", "furigana", 7.0, 9),
    ("氏名", "name", 20.0, 17),
    ("旧氏", "former_name", 11.6, 12),
    ("生年月日", "birth", 11.6, 12),
    ("性別", "sex", 11.6, 12),
    ("住所", "address", 20.0, 12),
    ("住民となった年月日", "became_resident_on", 11.6, 12),
    ("住所を定めた年月日", "address_since", 11.6, 12),
    ("届出年月日", "notified_on", 11.6, 12),
    ("転入前住所", "previous_address", 20.0, 12),
    ("世帯主の氏名", "head", 11.6, 12),
    ("世帯主との続柄", "relationship", 11.6, 12),
    ("本籍", "registered_domicile", 20.0, 12),
    ("筆頭者の氏名", "registered_head", 11.6, 12),
    ("個人番号", "my_number", 11.6, 12),
    ("備考", "remarks", 9.2, 10),
)


def shown(sheet: dict[str, Any], field: str) -> str:
    value = sheet["people"][0].get(field, sheet.get(field))
    return "（省略）" if value is None else value or "＊＊＊"


def by_weasyprint(sheets: list[dict[str, Any]]) -> Callable[[int], bytes]:
    from weasyprint import CSS, HTML  # type: ignore[import-not-found,unused-ignore]
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-not-found,unused-ignore]

    fonts = FontConfiguration()
    css = CSS(
        string="""
        @page { size: A4; margin: 11mm 15mm 10mm }
        body { font-family: IPAmjMincho; font-size: 10pt; line-height: 1.2; line-break: strict }
        h1 { font-size: 19pt; font-weight: normal; letter-spacing: 9pt; text-align: center; margin: 0 }
        .mark { position: absolute; top: 80mm; left: 10mm; font-size: 150pt; color: #eee;
                transform: rotate(-38deg); z-index: -1 }
        table { border-collapse: collapse; width: 180mm; border: 0.7pt solid }
        td { border: 0.35pt solid; padding: 0 1.6mm }
        td:first-child { width: 40mm; font-size: 9pt; text-align: center }
        .seal { position: absolute; right: 0; bottom: 0; width: 24mm; image-rendering: pixelated }
        .stamp { position: absolute; right: 66mm; bottom: 6mm; border: 1.8pt solid; padding: 2mm }
        """,
        font_config=fonts,
    )

    def make(number: int) -> bytes:
        sheet = sheets[number % len(sheets)]
        rows = "".join(
            f'<tr style="height:{height}mm"><td>{label}</td>'
            f'<td style="font-size:{size}pt">{escape(shown(sheet, field))}</td></tr>'
            for label, field, height, size in LINES
        )
        html = (
            f'<div class="mark">見本</div><h1>住民票</h1><p>の写し　{escape(sheet["scope"])}　1/1</p>'
            f"<table>{rows}</table><p>{escape(sheet['statement'])}</p>"
            f"<p>発行年月日　{sheet['issue_date']}</p><p>{escape(sheet['mayor'])}</p>"
            f'<div class="stamp">{"<br>".join(sheet["stamp"]["columns"])}</div>'
            f"<p>証明書固有番号　{sheet['serial']}</p>"
            f'<img class="seal" src="data:image/png;base64,{picture(sheet)}">'
        )
        return HTML(string=html).write_pdf(stylesheets=[css], font_config=fonts)  # type: ignore[no-any-return,unused-ignore]

    return make


def by_reportlab(sheets: list[dict[str, Any]]) -> Callable[[int], bytes]:
    from reportlab.lib.pagesizes import A4  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.lib.units import mm  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.lib.utils import ImageReader  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from reportlab.platypus import Paragraph  # type: ignore[import-not-found,import-untyped,unused-ignore]

    pdfmetrics.registerFont(TTFont("IPAmj", FONT_FILE, shapable=True))
    styles = {
        size: ParagraphStyle(
            str(size),
            fontName="IPAmj",
            fontSize=size,
            leading=1.2 * size,
            wordWrap="CJK",
            shaping=1,
        )
        for size in (9, 10, 11, 12, 17, 19)
    }

    def write(canvas: Any, text: str, size: int, x: float, y: float, width: float) -> None:
        paragraph = Paragraph(escape(text), styles[size])
        _, height = paragraph.wrap(width * mm, 100 * mm)
        paragraph.drawOn(canvas, x * mm, y * mm - height / 2)

    def make(number: int) -> bytes:
        sheet = sheets[number % len(sheets)]
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=A4)
        write(canvas, "住　民　票　の写し　1/1", 19, 70, 280, 100)
        y = 272.0
        canvas.setLineWidth(0.7)
        canvas.rect(15 * mm, 272 * mm, WIDTH * mm, -sum(line[2] for line in LINES) * mm)
        canvas.setLineWidth(0.35)
        canvas.line((15 + LABEL) * mm, 272 * mm, (15 + LABEL) * mm, 60 * mm)
        for label, field, height, size in LINES:
            canvas.line(15 * mm, y * mm, (15 + WIDTH) * mm, y * mm)
            write(canvas, label, 9, 17, y - height / 2, LABEL - 4)
            write(canvas, shown(sheet, field), size, 57, y - height / 2, WIDTH - LABEL - 4)
            y -= height
        for line, size in (
            (sheet["statement"], 11),
            (f"発行年月日　{sheet['issue_date']}", 11),
            (sheet["mayor"], 12),
            (f"証明書固有番号　{sheet['serial']}", 9),
        ):
            y -= 8
            write(canvas, line, size, 20, y, 120)
        for column in sheet["stamp"]["columns"]:
            write(canvas, column, 12, 130, y, 30)
        seal = ImageReader(io.BytesIO(bytes(sheet["seal"]["picture"])))
        canvas.drawImage(seal, 170 * mm, 12 * mm, 24 * mm, 24 * mm)
        canvas.save()
        return file.getvalue()

    return make


def picture(sheet: dict[str, Any]) -> str:
    """The page's seal, ready made, as everything of the peers'."""
    return base64.b64encode(bytes(sheet["seal"]["picture"])).decode()


def per_second(make: Callable[[int], bytes]) -> float:
    assert make(0).startswith(b"%PDF")
    made, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        made += 1
        make(made)
    return made / (time.perf_counter() - begun)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    found = {
        "weasyprint": per_second(by_weasyprint(given)),
        "reportlab": per_second(by_reportlab(given)),
    }
    json.dump(found, sys.stdout)
