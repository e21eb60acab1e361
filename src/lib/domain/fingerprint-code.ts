/** A status of HTTP, or a reply of SMTP, that says that something went wrong. */
export function isStatus(text: string): boolean {
  if (!/^[45]\d\d$/.test(text)) return false;
  const status = Number(text);
  return (
    status <= 431 ||
    (status >= 440 && status <= 460) ||
    status === 471 ||
    (status >= 494 && status <= 511) ||
    (status >= 520 && status <= 557) ||
    status === 571 ||
    status === 598 ||
    status === 599
  );
}

/** Codes of databases and of others that number their errors: `ORA-00942`, `E11000`, `P2002`, `AADSTS700016`, `TS2304`. */
export function isVendorCode(text: string): boolean {
  return (
    /^(?:ORA|NJS|DPI|TNS|PLS|SQL|JET|AMQ|CWE|MY|JS|GPG|KTA|UND|FST|GL|WT|TC|SAP|CRS|IRN)-?\d{3,5}[A-Z]?$/.test(
      text,
    ) ||
    /^(?:E1\d{4}|P[1-6]\d{3}|AADSTS\d{5,8}|TS\d{4,5}|CS\d{4}|N\d{4}C?|HY\w{3}|XX\d{3}|SQLSTATE)$/.test(text)
  );
}
