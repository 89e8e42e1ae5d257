package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Token counts of a request; a prompt with several choices counts once. */
public record Usage(int promptTokens, int newTokens, int cachedTokens) {

  public Usage(int promptTokens, int newTokens) {
    this(promptTokens, newTokens, 0);
  }

  public ObjectNode json() {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("prompt_tokens", promptTokens)
            .put("completion_tokens", newTokens)
            .put("total_tokens", promptTokens + newTokens);
    json.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens);
    return json;
  }
}
