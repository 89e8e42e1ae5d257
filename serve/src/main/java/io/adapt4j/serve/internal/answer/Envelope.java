package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Usage;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Fields common to all chunks of an answer.
 *
 * @param sendsUsage whether chunks have a usage field, which is null except in the last one
 */
public record Envelope(
    String id, long created, String model, Optional<String> version, boolean sendsUsage) {

  public static Envelope of(String prefix, Call call, boolean sendsUsage) {
    String id = prefix + UUID.randomUUID().toString().replace("-", "");
    String model = call.model().orElseThrow();
    return new Envelope(id, Instant.now().getEpochSecond(), model, call.version(), sendsUsage);
  }

  public ObjectNode json(String object) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", id)
            .put("object", object)
            .put("created", created)
            .put("model", model);
    version.ifPresent(name -> json.put("system_fingerprint", name));
    return json;
  }

  /** A chunk of a stream with one choice, to which the caller adds. */
  public ObjectNode chunk(String object) {
    ObjectNode chunk = json(object);
    if (sendsUsage) {
      chunk.putNull("usage");
    }
    return chunk;
  }

  public ObjectNode usage(String object, Usage usage) {
    ObjectNode chunk = json(object);
    chunk.putArray("choices");
    chunk.set("usage", usage.json());
    return chunk;
  }
}
