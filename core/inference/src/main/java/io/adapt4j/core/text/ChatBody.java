package io.adapt4j.core.text;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.PlainJson;
import java.util.List;
import java.util.TreeMap;

/** The body of a request for a chat completion. */
final class ChatBody {

  private ChatBody() {}

  static ObjectNode of(
      ChatSettings settings,
      List<ChatMessage> messages,
      GenerationOptions options,
      boolean streaming) {
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("messages must be at least one, found none");
    }
    if (!options.stopIds().isEmpty()) {
      throw new IllegalArgumentException(
          "stopIds must be empty for a server, found "
              + options.stopIds()
              + "; use stopStrings instead");
    }
    if (options.constraint().isPresent()) {
      throw new IllegalArgumentException(
          "constraint must be absent for a server, found "
              + options.constraint().get()
              + "; ask for JSON with the server's own field, such as response_format");
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", settings.model());
    body.set("messages", PlainJson.tree(messages.stream().map(ChatMessage::fields).toList()));
    body.put(settings.limitName(), options.maxNewTokens());
    body.put("temperature", options.temperature());
    body.put("seed", options.seed());
    add(body, options);
    if (streaming) {
      body.put("stream", true);
      body.putObject("stream_options").put("include_usage", true);
    }
    settings
        .body()
        .forEach(
            (field, value) -> {
              if (value == null) {
                body.remove(field);
              } else {
                body.set(field, PlainJson.tree(value));
              }
            });
    return body;
  }

  private static void add(ObjectNode body, GenerationOptions options) {
    if (options.topP() < 1) {
      body.put("top_p", options.topP());
    }
    if (!options.stopStrings().isEmpty()) {
      body.set("stop", PlainJson.tree(options.stopStrings()));
    }
    if (options.topK() > 0) {
      body.put("top_k", options.topK());
    }
    if (options.minP() > 0) {
      body.put("min_p", options.minP());
    }
    if (options.repetitionPenalty() != 1) {
      body.put("repetition_penalty", options.repetitionPenalty());
    }
    if (options.frequencyPenalty() != 0) {
      body.put("frequency_penalty", options.frequencyPenalty());
    }
    if (options.presencePenalty() != 0) {
      body.put("presence_penalty", options.presencePenalty());
    }
    if (!options.logitBias().isEmpty()) {
      ObjectNode biases = body.putObject("logit_bias");
      new TreeMap<>(options.logitBias()).forEach((id, bias) -> biases.put(id.toString(), bias));
    }
    if (options.ignoreEos()) {
      body.put("ignore_eos", true);
    }
  }
}
