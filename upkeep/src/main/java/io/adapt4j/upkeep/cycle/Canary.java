package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Assignment of requests to the version in production and to the challenger. A key, such as a
 * customer, always gets the same version while these two and the share do not change; with a larger
 * share, keys only move to the challenger. Immutable, thread-safe.
 */
public final class Canary {

  private final ModelVersion production;
  private final Optional<ModelVersion> challenger;
  private final double share;

  private Canary(ModelVersion production, Optional<ModelVersion> challenger, double share) {
    this.production = production;
    this.challenger = challenger;
    this.share = share;
  }

  /**
   * Reads both aliases of a model once.
   *
   * @param registry its registry
   * @param name the model
   * @param share share of the keys that get the challenger, from 0 to 1
   * @return the assignment; all keys get the version in production if there is no challenger
   */
  public static Canary of(Registry registry, String name, double share) {
    return of(registry, name, Registry.PRODUCTION, Optional.of(share));
  }

  /** Reads an alias in place of production's, and the challenger unless there is no share. */
  static Canary of(Registry registry, String name, String alias, Optional<Double> share) {
    share.ifPresent(Canary::requireShare);
    ModelVersion production = registry.resolve(name + "@" + alias);
    Optional<ModelVersion> challenger =
        share.isPresent() && registry.aliases(name).containsKey(Registry.CHALLENGER)
            ? Optional.of(registry.resolve(name + "@" + Registry.CHALLENGER))
                .filter(one -> one.number() != production.number())
            : Optional.empty();
    return new Canary(production, challenger, share.orElse(0.0));
  }

  static double requireShare(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("share: expected from 0 to 1, found " + share);
    }
    return share;
  }

  ModelVersion production() {
    return production;
  }

  Optional<ModelVersion> challenger() {
    return challenger;
  }

  Canary withoutChallenger() {
    return new Canary(production, Optional.empty(), share);
  }

  /**
   * Chooses the version for a key.
   *
   * @param key identity of a customer, session, or conversation
   * @return the version
   */
  public ModelVersion version(String key) {
    return challenger.filter(one -> position(one, key) < share).orElse(production);
  }

  /** Returns a number in [0, 1), uniform over keys and independent between challengers. */
  private static double position(ModelVersion challenger, String key) {
    byte[] hash =
        FileDigest.sha256()
            .digest((challenger.digest() + "\n" + key).getBytes(StandardCharsets.UTF_8));
    return (ByteBuffer.wrap(hash).getLong() >>> 11) * 0x1.0p-53;
  }
}
