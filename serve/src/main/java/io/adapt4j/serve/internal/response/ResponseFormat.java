package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Reply;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Fields of a {@code response} object except its output. */
record ResponseFormat(
    String id,
    long created,
    String model,
    GenerationOptions options,
    ObjectNode asked,
    Optional<Logprobs> logprobs) {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  static ResponseFormat of(
      String model, GenerationOptions options, Parameters parameters, Optional<Logprobs> logprobs) {
    ObjectNode asked = JSON.objectNode();
    asked.putNull("instructions").put("parallel_tool_calls", true).put("tool_choice", "auto");
    asked.putArray("tools");
    asked.putObject("metadata");
    asked.putObject("text").putObject("format").put("type", "text");
    for (String name : List.of("instructions", "parallel_tool_calls", "tool_choice", "tools")) {
      parameters.value(name).ifPresent(value -> asked.set(name, value));
    }
    parameters.value("metadata").ifPresent(value -> asked.set("metadata", value));
    parameters
        .value("text")
        .filter(text -> text.has("format"))
        .ifPresent(text -> asked.set("text", text));
    return new ResponseFormat(
        "resp_" + ResponseItem.random(),
        Instant.now().getEpochSecond(),
        model,
        options,
        asked,
        logprobs);
  }

  /** The response before there is an answer. */
  ObjectNode begun(ArrayNode output) {
    return json("in_progress", null, output, JSON.objectNode());
  }

  ObjectNode complete(Generation answer, ArrayNode output, Usage usage) {
    return json(status(answer), incompleteReason(answer), output, usage(usage));
  }

  static String status(Generation answer) {
    return Reply.finishReason(answer).equals("stop") ? "completed" : "incomplete";
  }

  private static @Nullable String incompleteReason(Generation answer) {
    return switch (Reply.finishReason(answer)) {
      case "length" -> "max_output_tokens";
      case "content_filter" -> "content_filter";
      default -> null;
    };
  }

  private ObjectNode json(
      String status, @Nullable String incomplete, ArrayNode output, ObjectNode usage) {
    ObjectNode json = JSON.objectNode();
    json.put("id", id).put("object", "response").put("created_at", created).put("status", status);
    json.put("background", false).putNull("error");
    if (incomplete == null) {
      json.putNull("incomplete_details");
    } else {
      json.putObject("incomplete_details").put("reason", incomplete);
    }
    json.put("max_output_tokens", options.maxNewTokens()).put("model", model);
    json.set("output", output);
    json.putNull("previous_response_id");
    json.putObject("reasoning").putNull("effort").putNull("summary");
    json.put("store", false).put("temperature", options.temperature());
    json.put("top_logprobs", options.logprobs().orElse(0)).put("top_p", options.topP());
    json.put("truncation", "disabled");
    json.set("usage", usage.isEmpty() ? JSON.nullNode() : usage);
    json.putNull("user");
    json.setAll(asked);
    return json;
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode json = JSON.objectNode().put("input_tokens", usage.promptTokens());
    json.putObject("input_tokens_details").put("cached_tokens", usage.cachedTokens());
    json.put("output_tokens", usage.newTokens());
    json.putObject("output_tokens_details").put("reasoning_tokens", 0);
    return json.put("total_tokens", usage.promptTokens() + usage.newTokens());
  }
}
