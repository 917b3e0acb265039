#!/usr/bin/python3
"""The demonstration's server of mail: takes whatever comes on loopback and writes it, decoded, into a folder, a file a letter.

Usage: mail.py FOLDER; the port is written into FOLDER/port.
"""
import asyncio
import email
import email.policy
import sys
from pathlib import Path

folder, taken = Path(sys.argv[1]), 0


def keep(content):
    global taken
    message = email.message_from_bytes(content, policy=email.policy.default)
    headers = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted"))
    taken += 1
    beside = folder / "new"
    beside.write_text(headers + "\n" + message.get_body(("plain",)).get_content().replace("\r\n", "\n"), encoding="utf-8")
    beside.rename(folder / f"{taken:04}.txt")


async def converse(reader, writer):
    async def say(text):
        writer.write(f"{text}\r\n".encode())
        await writer.drain()

    await say("220 demo")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            await say("354 go on")
            lines = []
            while (line := await reader.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b".") else line)
            keep(b"".join(lines))
        await say("221 bye" if verb == b"QUIT" else "250 demo")
        if verb == b"QUIT":
            break
    writer.close()


async def main():
    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.new").rename(folder / "port")
    async with server:
        await server.serve_forever()


asyncio.run(main())
