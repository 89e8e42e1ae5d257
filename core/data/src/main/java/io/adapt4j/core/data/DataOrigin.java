package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Origin of a dataset: a description from which a run can open it again, or the reason why there is
 * none. Immutable.
 */
public final class DataOrigin {

  /** Keys of the processing steps after the source, in execution order. */
  private static final List<String> STEPS = List.of("take", "split", "balance");

  /** Null if the data cannot be described. */
  private final @Nullable ObjectNode description;

  private final String reason;
  private final List<Source> sources;

  /**
   * A source file.
   *
   * @param file the file
   * @param rows its number of rows
   */
  public record Source(Path file, int rows) {}

  private DataOrigin(@Nullable ObjectNode description, String reason, List<Source> sources) {
    this.description = description;
    this.reason = reason;
    this.sources = List.copyOf(sources);
  }

  static DataOrigin of(ObjectNode description, List<Source> sources) {
    return new DataOrigin(description.deepCopy(), "", sources);
  }

  /**
   * Returns the origin of data that cannot be described.
   *
   * @param reason the reason, such as {@code rows in memory}
   * @return the origin
   */
  public static DataOrigin omitted(String reason) {
    return new DataOrigin(null, Objects.requireNonNull(reason, "reason"), List.of());
  }

  /**
   * Returns the description.
   *
   * @return JSON text; empty if the data cannot be described
   */
  public Optional<String> description() {
    return tree().map(Json::compact);
  }

  /** Returns a copy of the description. */
  Optional<ObjectNode> tree() {
    return Optional.ofNullable(description).map(ObjectNode::deepCopy);
  }

  /**
   * Returns why there is no description.
   *
   * @return a few words; empty if there is one
   */
  public String reason() {
    return reason;
  }

  /**
   * Returns the files.
   *
   * @return the known files, one entry for each time a file was opened
   */
  public List<Source> sources() {
    return sources;
  }

  /** Returns the origin after a processing step. */
  DataOrigin then(String step, JsonNode options) {
    if (description == null) {
      return this;
    }
    boolean follows =
        STEPS.subList(STEPS.indexOf(step), STEPS.size()).stream().noneMatch(description::has);
    ObjectNode before =
        follows
            ? description.deepCopy()
            : JsonNodeFactory.instance.objectNode().set("of", description);
    before.set(step, options);
    return new DataOrigin(before, "", sources);
  }

  /** Returns an origin with the same files but without a description. */
  DataOrigin thenOmitted(String why) {
    return new DataOrigin(null, description == null ? reason : why, sources);
  }
}
