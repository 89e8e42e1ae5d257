package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An answer as a {@code response} object and its parts. */
record ResponseFormat(
    String id,
    String messageId,
    long created,
    String model,
    GenerationOptions options,
    Optional<String> instructions,
    Optional<JsonNode> metadata,
    Optional<Logprobs> logprobs) {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  static ResponseFormat of(
      String model,
      GenerationOptions options,
      Optional<String> instructions,
      Optional<JsonNode> metadata,
      Optional<Logprobs> logprobs) {
    return new ResponseFormat(
        "resp_" + random(),
        "msg_" + random(),
        Instant.now().getEpochSecond(),
        model,
        options,
        instructions,
        metadata,
        logprobs);
  }

  private static String random() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  /** The response before there is text. */
  ObjectNode begun() {
    return json("in_progress", null, null);
  }

  ObjectNode complete(Generation answer, Usage usage) {
    ObjectNode json = json(status(answer), incompleteReason(answer), usage);
    ((ArrayNode) json.get("output")).add(message(answer));
    return json;
  }

  static boolean isComplete(Generation answer) {
    return AnswerFormat.finishReason(answer).equals("stop");
  }

  private static String status(Generation answer) {
    return isComplete(answer) ? "completed" : "incomplete";
  }

  private static @Nullable String incompleteReason(Generation answer) {
    return switch (AnswerFormat.finishReason(answer)) {
      case "length" -> "max_output_tokens";
      case "content_filter" -> "content_filter";
      default -> null;
    };
  }

  private ObjectNode json(String status, @Nullable String incomplete, @Nullable Usage usage) {
    ObjectNode json = JSON.objectNode();
    json.put("id", id).put("object", "response").put("created_at", created).put("status", status);
    json.put("background", false).putNull("error");
    if (incomplete == null) {
      json.putNull("incomplete_details");
    } else {
      json.putObject("incomplete_details").put("reason", incomplete);
    }
    json.put("instructions", instructions.orElse(null));
    json.put("max_output_tokens", options.maxNewTokens()).put("model", model);
    json.putArray("output");
    json.put("parallel_tool_calls", true).putNull("previous_response_id");
    json.putObject("reasoning").putNull("effort").putNull("summary");
    json.put("store", false).put("temperature", options.temperature());
    json.putObject("text").putObject("format").put("type", "text");
    json.put("tool_choice", "auto").putArray("tools");
    json.put("top_logprobs", options.logprobs().orElse(0)).put("top_p", options.topP());
    json.put("truncation", "disabled");
    json.set("usage", usage == null ? JSON.nullNode() : usage(usage));
    json.putNull("user");
    json.set("metadata", metadata.orElse(JSON.objectNode()));
    return json;
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode json = JSON.objectNode().put("input_tokens", usage.promptTokens());
    json.putObject("input_tokens_details").put("cached_tokens", 0);
    json.put("output_tokens", usage.newTokens());
    json.putObject("output_tokens_details").put("reasoning_tokens", 0);
    return json.put("total_tokens", usage.promptTokens() + usage.newTokens());
  }

  /** The message before there is text. */
  ObjectNode begunMessage() {
    return message("in_progress");
  }

  ObjectNode message(Generation answer) {
    ObjectNode json = message(status(answer));
    ((ArrayNode) json.get("content")).add(part(answer.text(), Logprobs.shown(answer)));
    return json;
  }

  private ObjectNode message(String status) {
    ObjectNode json = JSON.objectNode();
    json.put("id", messageId).put("type", "message").put("status", status);
    json.put("role", "assistant").putArray("content");
    return json;
  }

  ObjectNode part(String text, List<TokenLogprobs> tokens) {
    ObjectNode json = JSON.objectNode().put("type", "output_text").put("text", text);
    json.putArray("annotations");
    json.set("logprobs", array(tokens));
    return json;
  }

  ArrayNode array(List<TokenLogprobs> tokens) {
    return logprobs.map(form -> form.array(tokens)).orElse(JSON.arrayNode());
  }
}
