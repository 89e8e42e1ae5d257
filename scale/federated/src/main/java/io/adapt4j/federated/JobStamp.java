package io.adapt4j.federated;

import java.io.Serializable;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Identity of a job. A result carries the stamp of the job it answers, so that results of another
 * site, round or base, and replayed ones, are rejected.
 *
 * @param round number of the round; 0 for the job that creates the initial adapter
 */
record JobStamp(String site, int round, String base, String nonce) implements Serializable {

  private static final int NONCE_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  static JobStamp of(String site, int round, String base) {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return new JobStamp(site, round, base, HexFormat.of().formatHex(nonce));
  }

  /** Returns why a result with another stamp does not answer this job; empty if it does. */
  Optional<String> difference(@Nullable JobStamp other) {
    if (other == null) {
      return Optional.of("its result does not say which job it answers");
    }
    if (!site.equals(other.site)) {
      return Optional.of("its result is of another site");
    }
    if (round != other.round) {
      return Optional.of("its result is of round %d, not %d".formatted(other.round, round));
    }
    if (!base.equals(other.base)) {
      return Optional.of("its result is for another base");
    }
    return nonce.equals(other.nonce)
        ? Optional.empty()
        : Optional.of("its result answers another job of this round, or of an earlier run");
  }
}
