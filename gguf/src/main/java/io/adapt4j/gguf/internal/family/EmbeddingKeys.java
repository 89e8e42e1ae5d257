package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.util.Optional;

/** Keys by which files say how a text becomes a vector or a score. */
public final class EmbeddingKeys {

  /** After the architecture: the number of what is made of a text's tokens. */
  public static final String POOLING = ".pooling_type";

  /**
   * What a folder of Sentence Transformers says and other programs have no keys for: the fields of
   * its files, and {@value #NORMALIZE}.
   */
  public static final String SETTINGS = "adapt4j.sentence_transformers";

  /** In {@link #SETTINGS}: whether vectors have length 1. True where it is not stated. */
  public static final String NORMALIZE = "normalize";

  /** After the architecture and a dot: the names of classes. */
  public static final String LABELS = "classifier.output_labels";

  /** The weight that makes scores of classes. */
  public static final String CLASSIFIER = "cls.output.weight";

  /** The weight of the first Dense layer after pooling. */
  public static final String FIRST_DENSE = "dense_2.weight";

  /** The weight of the second one. */
  public static final String SECOND_DENSE = "dense_3.weight";

  /** The mean over tokens. */
  public static final int MEAN = 1;

  /** The first token. */
  public static final int FIRST = 2;

  /** The last token. */
  public static final int LAST = 3;

  /** Scores of classes. */
  public static final int RANK = 4;

  private EmbeddingKeys() {}

  /** Parses a value that is JSON. */
  public static Optional<JsonNode> parse(String text) {
    try {
      return Optional.of(Json.parse(text)).filter(JsonNode::isObject);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
