import { connect, createServer, type Server, type Socket } from "node:net";

/** A network between browser and server that can be cut. */
export class Wire {
  private server: Server | null = null;
  private toBrowser = "";
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly to: number,
    private port: number,
  ) {}

  static async lay(to: number): Promise<Wire> {
    const wire = new Wire(to, 0);
    await wire.mend();
    return wire;
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async mend(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.to, "127.0.0.1");
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      far.on("data", (chunk: Buffer) => (this.toBrowser += chunk.toString("latin1")));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("no address");
    this.port = address.port;
    this.server = server;
  }

  /** Whether this has passed on its way to the browser. */
  passed(text: string): boolean {
    return this.toBrowser.includes(text);
  }

  /** Nothing passes any more, and whoever tries is told so. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Nothing passes any more, and nobody is told. */
  freeze(): void {
    for (const socket of this.sockets) {
      socket.pause();
      socket.unpipe();
    }
  }
}
