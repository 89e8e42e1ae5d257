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
 * Where a dataset comes from: a description that the description of a run makes it of again, or why
 * there is none. Immutable.
 */
public final class DataOrigin {

  /** What follows the source in a description, in the order in which it is done. */
  private static final List<String> STEPS = List.of("take", "split", "balance");

  /** Null where the data cannot be made again. */
  private final @Nullable ObjectNode description;

  private final String reason;
  private final List<Source> sources;

  /**
   * A file that rows are read from.
   *
   * @param file the file
   * @param rows how many rows it has
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
   * Says that data cannot be made again from a description.
   *
   * @param reason why, such as {@code rows in memory}
   * @return the origin
   */
  public static DataOrigin omitted(String reason) {
    return new DataOrigin(null, Objects.requireNonNull(reason, "reason"), List.of());
  }

  /**
   * Returns the description.
   *
   * @return JSON text; empty if the data cannot be made again
   */
  public Optional<String> description() {
    return tree().map(Json::compact);
  }

  /** A copy of the description. */
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
   * @return those that are known, each once for every time it was opened
   */
  public List<Source> sources() {
    return sources;
  }

  /** The origin of what a step makes of this data. */
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

  /** The same files, but made into something that no description tells. */
  DataOrigin thenOmitted(String why) {
    return new DataOrigin(null, description == null ? reason : why, sources);
  }
}
