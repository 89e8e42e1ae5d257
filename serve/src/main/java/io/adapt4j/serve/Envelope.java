package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;

/**
 * Fields common to all chunks of an answer.
 *
 * @param sendsUsage whether chunks have a usage field, which is null except in the last one
 */
record Envelope(String id, long created, String model, boolean sendsUsage) {

  static Envelope of(String prefix, String model, boolean sendsUsage) {
    String id = prefix + UUID.randomUUID().toString().replace("-", "");
    return new Envelope(id, Instant.now().getEpochSecond(), model, sendsUsage);
  }

  ObjectNode json(String object) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  /** A chunk of a stream with one choice, to which the caller adds. */
  ObjectNode chunk(String object) {
    ObjectNode chunk = json(object);
    if (sendsUsage) {
      chunk.putNull("usage");
    }
    return chunk;
  }

  ObjectNode usage(String object, Usage usage) {
    ObjectNode chunk = json(object);
    chunk.putArray("choices");
    chunk.set("usage", usage.json());
    return chunk;
  }
}
