package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.util.Optional;

/** Metadata keys for pooling and classification heads. */
public final class EmbeddingKeys {

  /** Suffix after the architecture: the pooling type. */
  public static final String POOLING = ".pooling_type";

  /**
   * Settings of a Sentence Transformers folder that have no standard key: the fields of its files,
   * and {@value #NORMALIZE}.
   */
  public static final String SETTINGS = "adapt4j.sentence_transformers";

  /** Field of {@link #SETTINGS}: whether vectors are L2-normalized. Defaults to true. */
  public static final String NORMALIZE = "normalize";

  /** Suffix after the architecture and a dot: the class labels. */
  public static final String LABELS = "classifier.output_labels";

  /** The weight of the classification head. */
  public static final String CLASSIFIER = "cls.output.weight";

  /** The weight of the first Dense layer after pooling. */
  public static final String FIRST_DENSE = "dense_2.weight";

  public static final String SECOND_DENSE = "dense_3.weight";

  /** Mean pooling. */
  public static final int MEAN = 1;

  /** Pooling by the first token (CLS). */
  public static final int FIRST = 2;

  /** Pooling by the last token. */
  public static final int LAST = 3;

  /** Class scores instead of a pooled vector. */
  public static final int RANK = 4;

  private EmbeddingKeys() {}

  /** Parses a JSON value; empty if it is malformed. */
  public static Optional<JsonNode> parse(String text) {
    try {
      return Optional.of(Json.parse(text)).filter(JsonNode::isObject);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
