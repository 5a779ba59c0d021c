"""The same hands on real interfaces: pcscd with a virtual reader, an IPP server, a serial line."""

from __future__ import annotations

from pathlib import Path

from drivers.card.foreign import ForeignCard
from drivers.card.kinds import CardKind
from drivers.card.software import SoftwareCard
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
        slots: tuple[VpcdSlot, VpcdSlot],
        printer: EvePrinter,
        receipts: EscPosSimulator,
    ) -> None:
        self._slot_of_card, self._slot_beside = slots
        super().__init__(devices, cards, line, paper=printer, slot=receipts)

    async def _put(self, card: SoftwareCard) -> None:
        await self._slot_of_card.insert(card)

    async def _put_mute(self) -> None:
        await self._slot_of_card.insert_mute()

    async def _put_another(self) -> None:
        """On the reader's other face: a virtual one holds one card each."""
        await self._slot_beside.insert(ForeignCard(CardKind.OTHER))

    async def _pull(self) -> None:
        await self._slot_beside.close()
        await self._slot_of_card.remove()
