import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** @returns {Promise<number | undefined>} the port bound (0 asks for any), undefined where it is taken */
const tryTcp = (port, host) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const bound = server.address().port;
      server.close(() => resolve(bound));
    });
  });

const tryUdp = (port, host) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: host, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });

/** Whether nobody listens on the TCP port. */
export const isFree = async (port, host = '127.0.0.1') => (await tryTcp(port, host)) !== undefined;

/**
 * `preferred` where it is free, else any free port.
 * @param {{ preferred?: number, host?: string, udp?: boolean, except?: number[] }} [options]
 * @returns {Promise<number>}
 */
export async function freePort({ preferred, host = '127.0.0.1', udp = false, except = [] } = {}) {
  const attempt = udp ? tryUdp : tryTcp;
  if (preferred !== undefined && !except.includes(preferred) && (await attempt(preferred, host)) !== undefined) return preferred;
  for (let tries = 0; tries < 50; tries++) {
    const port = await attempt(0, host);
    if (port !== undefined && !except.includes(port)) return port;
  }
  throw new Error(`no free ${udp ? 'UDP' : 'TCP'} port on ${host}`);
}

/** The ports of one LiveKit server: signalling, media over TCP, media over UDP. */
export async function livekitPorts({ signal, tcp, udp } = {}) {
  const signalPort = await freePort({ preferred: signal });
  const tcpPort = await freePort({ preferred: tcp, except: [signalPort] });
  return { signalPort, tcpPort, udpPort: await freePort({ preferred: udp, udp: true, except: [signalPort, tcpPort] }) };
}
