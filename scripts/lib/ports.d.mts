export function isFree(port: number, host?: string): Promise<boolean>;
export function freePort(options?: { preferred?: number; host?: string; udp?: boolean; except?: number[] }): Promise<number>;
/** The ports of one LiveKit server; each as asked for where that is free, else any. */
export function livekitPorts(preferred?: {
  signal?: number;
  tcp?: number;
  udp?: number;
}): Promise<{ signalPort: number; tcpPort: number; udpPort: number }>;
