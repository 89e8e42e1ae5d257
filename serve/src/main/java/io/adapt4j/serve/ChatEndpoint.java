package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.GenerationOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Answers conversations: {@code /v1/chat/completions}. */
final class ChatEndpoint implements Endpoint {

  private final Models models;
  private final Answering answering;
  private final ServerLimits limits;

  ChatEndpoint(Models models, Answering answering, ServerLimits limits) {
    this.models = models;
    this.answering = answering;
    this.limits = limits;
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    LanguageModel model = models.languageModel(name);
    call.asks(name);
    if (!model.hasChatTemplate()) {
      throw Fault.invalid(
          400,
          "model",
          "chat_template",
          "The model '%s' has no chat template. Ask /v1/completions, or give it one where it is served."
              .formatted(name));
    }
    List<ChatMessage> messages = Messages.read(parameters);
    refuse(parameters);
    int tokens =
        Sampling.tokens(
            parameters, limits.newTokens(), limits, "max_completion_tokens", "max_tokens");
    Sampling sampling = Sampling.read(parameters, tokens, limits);
    parameters.requireNoOthers();
    List<AnswerPool.Job> jobs = new ArrayList<>();
    for (int i = 0; i < sampling.choices(); i++) {
      GenerationOptions options = sampling.options(i);
      jobs.add(
          (onText, cancellation) ->
              model.chat(messages, ChatOptions.defaults(), options, onText, cancellation));
    }
    Envelope envelope = Envelope.of("chatcmpl-", name, sampling.sendsUsage());
    answering.answer(call, jobs, 1, sampling, new ChatFormat(envelope), "messages");
  }

  private static void refuse(Parameters parameters) {
    parameters.refuse("logprobs", Sampling::isFalse);
    parameters.refuse("top_logprobs", Sampling::isZero);
    parameters.refuse("response_format", format -> format.path("type").asText().equals("text"));
    parameters.refuse("tools", JsonNode::isEmpty);
    parameters.refuse("tool_choice", choice -> List.of("none", "auto").contains(choice.asText()));
    parameters.refuse("functions", JsonNode::isEmpty);
    parameters.refuse("function_call", choice -> List.of("none", "auto").contains(choice.asText()));
    parameters.refuse("modalities", kinds -> kinds.toString().equals("[\"text\"]"));
    parameters.refuse("audio", audio -> false);
    parameters.refuse("prediction", prediction -> false);
    parameters.refuse("reasoning_effort", effort -> effort.asText().equals("none"));
    parameters.refuse("verbosity", verbosity -> verbosity.asText().equals("medium"));
    parameters.refuse("web_search_options", options -> false);
    parameters.refuse("store", Sampling::isFalse);
    parameters.ignore("parallel_tool_calls");
  }
}
