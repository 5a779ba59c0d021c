"""The same hands on real interfaces: pcscd with a virtual reader, an IPP server, a serial line."""

from __future__ import annotations

from pathlib import Path

from drivers.card.virtual import VirtualCard
from drivers.card.vpcd import VpcdSlot
from drivers.printer.escpos_simulator import EscPosSimulator
from drivers.printer.ippeveprinter import EvePrinter
from terminal.demo.line import Line
from terminal.demo.rig_simulated import SimulatedRig
from terminal.devices import Devices


class VirtualRig(SimulatedRig):
    """Card, paper and receipts cross the interfaces a real terminal has; the rest stays in memory."""

    def __init__(
        self,
        devices: Devices,
        cards: Path,
        line: Line,
        slot: VpcdSlot,
        printer: EvePrinter,
        receipts: EscPosSimulator,
    ) -> None:
        self._vpcd = slot
        super().__init__(devices, cards, line, paper=printer, slot=receipts)

    async def _put(self, card: VirtualCard) -> None:
        await self._vpcd.insert(card)

    async def _pull(self) -> None:
        await self._vpcd.remove()
