package io.adapt4j.upkeep.registry;

import java.util.List;
import java.util.Map;

/**
 * A model version of an MLflow registry.
 *
 * @param name name of the registered model
 * @param version its number
 * @param source URI of its files
 * @param status such as {@code READY}
 * @param aliases aliases that point to it; only some requests tell them
 * @param tags its tags; {@link MlflowRegistry#publish} sets {@code adapt4j.version} and {@code
 *     adapt4j.digest}
 */
public record MlflowVersion(
    String name,
    String version,
    String source,
    String status,
    List<String> aliases,
    Map<String, String> tags) {

  /** Copies the collections. */
  public MlflowVersion {
    aliases = List.copyOf(aliases);
    tags = Map.copyOf(tags);
  }
}
