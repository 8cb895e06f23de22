// SPDX-License-Identifier: MIT
// Differentiated system description table (ACPI 1.0b): the 440FX and PIIX machine. `make -C bios acpi` compiles it into
// dsdt_aml.h, which is committed.
DefinitionBlock ("dsdt.aml", "DSDT", 1, "LATHE ", "LATHEPC ", 1)
{
    // PIIX4 SLP_TYP values (82371AB, 7.2.3): 0 is soft off. S0 is the working state's own code.
    Name (\_S0, Package () {5, 5, 0, 0})
    Name (\_S5, Package () {0, 0, 0, 0})

    // Patched by POST. Bits: 0 COM1, 1 COM2, 2 floppy controller, 3 mouse, 4 LPT1.
    Name (\HAVE, 0x5a5a5a5a)
    Method (\HERE, 1)
    {
        ShiftRight (HAVE, Arg0, Local0)
        If (And (Local0, 1)) {Return (0x0f)}
        Return (0)
    }

    Scope (\_SB)
    {
        // A PIRQ register: bit 7 off, low bits the ISA interrupt.
        Method (PSTA, 1)
        {
            If (And (Arg0, 0x80)) {Return (9)}
            Return (0x0b)
        }
        Method (PCRS, 1, Serialized)
        {
            Name (BUFF, ResourceTemplate () {IRQ (Level, ActiveLow, Shared) {}})
            CreateWordField (BUFF, 1, MASK)
            If (And (Arg0, 0x80)) {Store (0, MASK)}
            Else {ShiftLeft (1, And (Arg0, 0x0f), MASK)}
            Return (BUFF)
        }

        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_ADR, 0)
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xff, 0, 0x100)
                IO (Decode16, 0xcf8, 0xcf8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0xcf7, 0, 0xcf8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0xd00, 0xffff, 0, 0xf300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite, 0, 0xa0000, 0xbffff,
                             0, 0x20000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite, 0, 0xe0000000,
                             0xfebfffff, 0, 0x1ec00000)
            })
            Name (_PRT, Package ()
            {
                Package () {0x0001ffff, 0, 0, 9}, // power management: wired to IRQ 9
                Package () {0x0001ffff, 1, LNKB, 0},
                Package () {0x0001ffff, 2, LNKC, 0},
                Package () {0x0001ffff, 3, LNKD, 0},
                Package () {0x0002ffff, 0, LNKB, 0},
                Package () {0x0002ffff, 1, LNKC, 0},
                Package () {0x0002ffff, 2, LNKD, 0},
                Package () {0x0002ffff, 3, LNKA, 0},
                Package () {0x0003ffff, 0, LNKC, 0},
                Package () {0x0003ffff, 1, LNKD, 0},
                Package () {0x0003ffff, 2, LNKA, 0},
                Package () {0x0003ffff, 3, LNKB, 0},
                Package () {0x0004ffff, 0, LNKD, 0},
                Package () {0x0004ffff, 1, LNKA, 0},
                Package () {0x0004ffff, 2, LNKB, 0},
                Package () {0x0004ffff, 3, LNKC, 0},
                Package () {0x0005ffff, 0, LNKA, 0},
                Package () {0x0005ffff, 1, LNKB, 0},
                Package () {0x0005ffff, 2, LNKC, 0},
                Package () {0x0005ffff, 3, LNKD, 0},
                Package () {0x0006ffff, 0, LNKB, 0},
                Package () {0x0006ffff, 1, LNKC, 0},
                Package () {0x0006ffff, 2, LNKD, 0},
                Package () {0x0006ffff, 3, LNKA, 0},
                Package () {0x0007ffff, 0, LNKC, 0},
                Package () {0x0007ffff, 1, LNKD, 0},
                Package () {0x0007ffff, 2, LNKA, 0},
                Package () {0x0007ffff, 3, LNKB, 0},
                Package () {0x0008ffff, 0, LNKD, 0},
                Package () {0x0008ffff, 1, LNKA, 0},
                Package () {0x0008ffff, 2, LNKB, 0},
                Package () {0x0008ffff, 3, LNKC, 0},
                Package () {0x0009ffff, 0, LNKA, 0},
                Package () {0x0009ffff, 1, LNKB, 0},
                Package () {0x0009ffff, 2, LNKC, 0},
                Package () {0x0009ffff, 3, LNKD, 0},
                Package () {0x000affff, 0, LNKB, 0},
                Package () {0x000affff, 1, LNKC, 0},
                Package () {0x000affff, 2, LNKD, 0},
                Package () {0x000affff, 3, LNKA, 0},
                Package () {0x000bffff, 0, LNKC, 0},
                Package () {0x000bffff, 1, LNKD, 0},
                Package () {0x000bffff, 2, LNKA, 0},
                Package () {0x000bffff, 3, LNKB, 0},
                Package () {0x000cffff, 0, LNKD, 0},
                Package () {0x000cffff, 1, LNKA, 0},
                Package () {0x000cffff, 2, LNKB, 0},
                Package () {0x000cffff, 3, LNKC, 0},
                Package () {0x000dffff, 0, LNKA, 0},
                Package () {0x000dffff, 1, LNKB, 0},
                Package () {0x000dffff, 2, LNKC, 0},
                Package () {0x000dffff, 3, LNKD, 0},
                Package () {0x000effff, 0, LNKB, 0},
                Package () {0x000effff, 1, LNKC, 0},
                Package () {0x000effff, 2, LNKD, 0},
                Package () {0x000effff, 3, LNKA, 0},
                Package () {0x000fffff, 0, LNKC, 0},
                Package () {0x000fffff, 1, LNKD, 0},
                Package () {0x000fffff, 2, LNKA, 0},
                Package () {0x000fffff, 3, LNKB, 0},
                Package () {0x0010ffff, 0, LNKD, 0},
                Package () {0x0010ffff, 1, LNKA, 0},
                Package () {0x0010ffff, 2, LNKB, 0},
                Package () {0x0010ffff, 3, LNKC, 0},
                Package () {0x0011ffff, 0, LNKA, 0},
                Package () {0x0011ffff, 1, LNKB, 0},
                Package () {0x0011ffff, 2, LNKC, 0},
                Package () {0x0011ffff, 3, LNKD, 0},
                Package () {0x0012ffff, 0, LNKB, 0},
                Package () {0x0012ffff, 1, LNKC, 0},
                Package () {0x0012ffff, 2, LNKD, 0},
                Package () {0x0012ffff, 3, LNKA, 0},
                Package () {0x0013ffff, 0, LNKC, 0},
                Package () {0x0013ffff, 1, LNKD, 0},
                Package () {0x0013ffff, 2, LNKA, 0},
                Package () {0x0013ffff, 3, LNKB, 0},
                Package () {0x0014ffff, 0, LNKD, 0},
                Package () {0x0014ffff, 1, LNKA, 0},
                Package () {0x0014ffff, 2, LNKB, 0},
                Package () {0x0014ffff, 3, LNKC, 0},
                Package () {0x0015ffff, 0, LNKA, 0},
                Package () {0x0015ffff, 1, LNKB, 0},
                Package () {0x0015ffff, 2, LNKC, 0},
                Package () {0x0015ffff, 3, LNKD, 0},
                Package () {0x0016ffff, 0, LNKB, 0},
                Package () {0x0016ffff, 1, LNKC, 0},
                Package () {0x0016ffff, 2, LNKD, 0},
                Package () {0x0016ffff, 3, LNKA, 0},
                Package () {0x0017ffff, 0, LNKC, 0},
                Package () {0x0017ffff, 1, LNKD, 0},
                Package () {0x0017ffff, 2, LNKA, 0},
                Package () {0x0017ffff, 3, LNKB, 0},
                Package () {0x0018ffff, 0, LNKD, 0},
                Package () {0x0018ffff, 1, LNKA, 0},
                Package () {0x0018ffff, 2, LNKB, 0},
                Package () {0x0018ffff, 3, LNKC, 0},
                Package () {0x0019ffff, 0, LNKA, 0},
                Package () {0x0019ffff, 1, LNKB, 0},
                Package () {0x0019ffff, 2, LNKC, 0},
                Package () {0x0019ffff, 3, LNKD, 0},
                Package () {0x001affff, 0, LNKB, 0},
                Package () {0x001affff, 1, LNKC, 0},
                Package () {0x001affff, 2, LNKD, 0},
                Package () {0x001affff, 3, LNKA, 0},
                Package () {0x001bffff, 0, LNKC, 0},
                Package () {0x001bffff, 1, LNKD, 0},
                Package () {0x001bffff, 2, LNKA, 0},
                Package () {0x001bffff, 3, LNKB, 0},
                Package () {0x001cffff, 0, LNKD, 0},
                Package () {0x001cffff, 1, LNKA, 0},
                Package () {0x001cffff, 2, LNKB, 0},
                Package () {0x001cffff, 3, LNKC, 0},
                Package () {0x001dffff, 0, LNKA, 0},
                Package () {0x001dffff, 1, LNKB, 0},
                Package () {0x001dffff, 2, LNKC, 0},
                Package () {0x001dffff, 3, LNKD, 0},
                Package () {0x001effff, 0, LNKB, 0},
                Package () {0x001effff, 1, LNKC, 0},
                Package () {0x001effff, 2, LNKD, 0},
                Package () {0x001effff, 3, LNKA, 0},
                Package () {0x001fffff, 0, LNKC, 0},
                Package () {0x001fffff, 1, LNKD, 0},
                Package () {0x001fffff, 2, LNKA, 0},
                Package () {0x001fffff, 3, LNKB, 0}
            })

        Device (ISA)
        {
            Name (_ADR, 0x00010000)
            OperationRegion (PIRQ, PCI_Config, 0x60, 4)
            Field (PIRQ, ByteAcc, NoLock, Preserve) {PRQA, 8, PRQB, 8, PRQC, 8, PRQD, 8}

            Device (PIC)
            {
                Name (_HID, EisaId ("PNP0000"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x20, 0x20, 0, 2)
                    IO (Decode16, 0xa0, 0xa0, 0, 2)
                    IRQNoFlags () {2}
                })
            }

            Device (DMAC)
            {
                Name (_HID, EisaId ("PNP0200"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x00, 0x00, 0, 0x10)
                    IO (Decode16, 0x80, 0x80, 0, 0x10)
                    IO (Decode16, 0xc0, 0xc0, 0, 0x20)
                    DMA (Compatibility, NotBusMaster, Transfer8) {4}
                })
            }

            Device (TMR)
            {
                Name (_HID, EisaId ("PNP0100"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x40, 0x40, 0, 4)
                    IRQNoFlags () {0}
                })
            }

            Device (RTC)
            {
                Name (_HID, EisaId ("PNP0B00"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x70, 0x70, 0, 2)
                    IRQNoFlags () {8}
                })
            }

            Device (SPKR)
            {
                Name (_HID, EisaId ("PNP0800"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x61, 0x61, 0, 1)
                })
            }

            Device (FPU)
            {
                Name (_HID, EisaId ("PNP0C04"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0xf0, 0xf0, 0, 0x10)
                    IRQNoFlags () {13}
                })
            }

            Device (KBD)
            {
                Name (_HID, EisaId ("PNP0303"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x60, 0x60, 0, 1)
                    IO (Decode16, 0x64, 0x64, 0, 1)
                    IRQNoFlags () {1}
                })
            }

            Device (MOU)
            {
                Name (_HID, EisaId ("PNP0F13"))
                Method (_STA) {Return (HERE (3))}
                Name (_CRS, ResourceTemplate ()
                {
                    IRQNoFlags () {12}
                })
            }

            Device (FDC)
            {
                Name (_HID, EisaId ("PNP0700"))
                Method (_STA) {Return (HERE (2))}
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x3f2, 0x3f2, 0, 4)
                    IO (Decode16, 0x3f7, 0x3f7, 0, 1)
                    IRQNoFlags () {6}
                    DMA (Compatibility, NotBusMaster, Transfer8) {2}
                })
            }

            Device (COM1)
            {
                Name (_HID, EisaId ("PNP0501"))
                Name (_UID, 1)
                Method (_STA) {Return (HERE (0))}
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x3f8, 0x3f8, 0, 8)
                    IRQNoFlags () {4}
                })
            }

            Device (COM2)
            {
                Name (_HID, EisaId ("PNP0501"))
                Name (_UID, 2)
                Method (_STA) {Return (HERE (1))}
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x2f8, 0x2f8, 0, 8)
                    IRQNoFlags () {3}
                })
            }

            Device (LPT)
            {
                Name (_HID, EisaId ("PNP0400"))
                Method (_STA) {Return (HERE (4))}
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x378, 0x378, 0, 8)
                    IRQNoFlags () {7}
                })
            }

            Device (SYSR)
            {
                Name (_HID, EisaId ("PNP0C02"))
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x92, 0x92, 0, 1)
                    IO (Decode16, 0xb2, 0xb2, 0, 2)
                    IO (Decode16, 0x4d0, 0x4d0, 0, 2)
                    IO (Decode16, 0x600, 0x600, 0, 0x40)
                    IO (Decode16, 0x700, 0x700, 0, 0x10)
                })
            }
        }

        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 1)
            Name (_PRS, ResourceTemplate () {IRQ (Level, ActiveLow, Shared) {5, 10, 11}})
            Method (_STA) {Return (PSTA (^^ISA.PRQA))}
            Method (_DIS) {Or (^^ISA.PRQA, 0x80, ^^ISA.PRQA)}
            Method (_CRS) {Return (PCRS (^^ISA.PRQA))}
            Method (_SRS, 1)
            {
                CreateWordField (Arg0, 1, MASK)
                FindSetRightBit (MASK, Local0)
                Store (Decrement (Local0), ^^ISA.PRQA)
            }
        }

        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 2)
            Name (_PRS, ResourceTemplate () {IRQ (Level, ActiveLow, Shared) {5, 10, 11}})
            Method (_STA) {Return (PSTA (^^ISA.PRQB))}
            Method (_DIS) {Or (^^ISA.PRQB, 0x80, ^^ISA.PRQB)}
            Method (_CRS) {Return (PCRS (^^ISA.PRQB))}
            Method (_SRS, 1)
            {
                CreateWordField (Arg0, 1, MASK)
                FindSetRightBit (MASK, Local0)
                Store (Decrement (Local0), ^^ISA.PRQB)
            }
        }

        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 3)
            Name (_PRS, ResourceTemplate () {IRQ (Level, ActiveLow, Shared) {5, 10, 11}})
            Method (_STA) {Return (PSTA (^^ISA.PRQC))}
            Method (_DIS) {Or (^^ISA.PRQC, 0x80, ^^ISA.PRQC)}
            Method (_CRS) {Return (PCRS (^^ISA.PRQC))}
            Method (_SRS, 1)
            {
                CreateWordField (Arg0, 1, MASK)
                FindSetRightBit (MASK, Local0)
                Store (Decrement (Local0), ^^ISA.PRQC)
            }
        }

        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 4)
            Name (_PRS, ResourceTemplate () {IRQ (Level, ActiveLow, Shared) {5, 10, 11}})
            Method (_STA) {Return (PSTA (^^ISA.PRQD))}
            Method (_DIS) {Or (^^ISA.PRQD, 0x80, ^^ISA.PRQD)}
            Method (_CRS) {Return (PCRS (^^ISA.PRQD))}
            Method (_SRS, 1)
            {
                CreateWordField (Arg0, 1, MASK)
                FindSetRightBit (MASK, Local0)
                Store (Decrement (Local0), ^^ISA.PRQD)
            }
        }
        }
    }
}
