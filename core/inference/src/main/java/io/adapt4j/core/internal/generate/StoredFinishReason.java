package io.adapt4j.core.internal.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.FinishReason;

/** Reads and writes the finish reason in JSON, including the format of earlier versions. */
public final class StoredFinishReason {

  private static final String KEY = "finishReason";

  /** Key in earlier versions, which also used different values. */
  private static final String FORMER_KEY = "ending";

  private StoredFinishReason() {}

  /** Writes a reason. */
  public static void put(ObjectNode json, FinishReason reason) {
    json.put(KEY, reason.name());
  }

  /** Reads a reason. */
  public static FinishReason of(JsonNode json) {
    if (json.has(KEY)) {
      return FinishReason.valueOf(json.path(KEY).asText());
    }
    String former = json.path(FORMER_KEY).asText();
    return switch (former) {
      case "COMPLETE" -> FinishReason.STOP;
      case "FILTERED" -> FinishReason.CONTENT_FILTER;
      default -> FinishReason.valueOf(former);
    };
  }
}
