// What happens when the verifier contradicts an engine: no verdict can stand on either, so nothing is caught on the way up. Whoever
// judged names the history that is kept, and the command ends with the exit code of a crash.

/** The certificate of a verdict does not stand up to the verifier: Minos is broken. */
export class CertificateMismatch extends Error {
  override readonly name = "CertificateMismatch";

  /** The same, saying where the history is kept. */
  keptAt(path: string): CertificateMismatch {
    return new CertificateMismatch(`${this.message}; the history is kept in ${path}`, { cause: this });
  }
}
