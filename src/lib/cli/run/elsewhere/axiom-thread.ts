import { fileURLToPath } from 'node:url';

/** Where the transport to Axiom is. */
export const axiomThread = fileURLToPath(new URL('./axiom-transport.js', import.meta.url));
