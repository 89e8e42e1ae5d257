package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Recording;
import io.adapt4j.serve.internal.answer.Sampling;
import io.adapt4j.serve.internal.answer.Shadows;
import io.adapt4j.serve.internal.chat.Conversation;
import io.adapt4j.serve.internal.chat.PictureParts;
import io.adapt4j.serve.internal.chat.TextShape;
import io.adapt4j.serve.internal.chat.ToolFields;
import io.adapt4j.serve.internal.chat.ToolPrompt;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Answers in OpenAI's newer format: {@code /v1/responses}. */
public record ResponsesEndpoint(
    Models models,
    AnswerPool answering,
    Limits limits,
    Shadows shadows,
    Optional<AnswerRecorder> recorder,
    Conversations conversations)
    implements Endpoint {

  private static final String LOGPROBS = "message.output_text.logprobs";

  /** Asked for by clients that send reasoning back, which has its text here. */
  private static final String REASONING = "reasoning.encrypted_content";

  @Override
  public Parameters read(Call call, Limits usual) throws IOException {
    return PictureParts.body(call, models, usual);
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    LanguageModel model = models.chatModel(call, parameters);
    PictureParts pictures = PictureParts.of(models, call);
    ResponseContext context = ResponseContext.read(conversations, call, parameters, pictures);
    try (Conversation conversation = new Conversation(model, context.messages(), pictures)) {
      answer(model, conversation, context, parameters, !pictures.isEmpty());
    }
  }

  private void answer(
      LanguageModel model,
      Conversation conversation,
      ResponseContext context,
      Parameters parameters,
      boolean hasPictures)
      throws IOException {
    Call call = context.call();
    List<ChatMessage> messages = context.messages();
    ToolFields fields = ToolFields.readFlat(parameters);
    TextShape text = TextShape.readText(parameters);
    refuse(parameters);
    Recording recording =
        Recording.read(
            // Rows of training have no pictures, so that such answers are not recorded.
            hasPictures ? Optional.empty() : recorder,
            call,
            choice -> messages,
            parameters,
            context.mayBeStored());
    int tokens = Sampling.tokens(parameters, limits.newTokens(), limits, "max_output_tokens");
    GenerationOptions.Builder asked = Sampling.options(call, parameters, tokens, limits);
    logprobs(parameters, asked);
    boolean streams = parameters.flag("stream");
    ignoreStreamOptions(parameters);
    parameters.requireNoOthers();
    GenerationOptions options = asked.build();
    conversation.download(call, answering, streams);
    boolean inTurn = call.hasTurn();
    ToolPrompt prepared =
        answering.prepare(
            call,
            streams,
            (onText, cancellation) ->
                fields.prompt(
                    conversation, text, options, ResponseInput.NAME, inTurn, cancellation),
            ResponseInput.NAME);
    AnswerPool.Job<Generation> job =
        (onText, cancellation) -> prepared.generate(model, onText, cancellation);
    ResponseFormat format =
        ResponseFormat.of(
            call.model().orElseThrow(), options, parameters, Logprobs.of(model, options));
    context.describe(format.asked());
    ResponseReply reply =
        new ResponseReply(call, format, prepared.request(), streams, recording, context::keep);
    answering.answer(call, List.of(job), 1, reply, ResponseInput.NAME);
    Shadows.Copying copying =
        (version, onText, cancellation) -> {
          ToolPrompt copy =
              fields.prompt(
                  new Conversation(version.model(), messages, PictureParts.none()),
                  text,
                  options,
                  ResponseInput.NAME,
                  false,
                  cancellation);
          Generation answer = copy.generate(version.model(), onText, cancellation);
          return reply.takeShadow(version.name(), copy.request(), answer);
        };
    models.shadow(call).ifPresent(version -> shadows.offer(version, copying));
  }

  private static void logprobs(Parameters parameters, GenerationOptions.Builder options) {
    int top = parameters.integer("top_logprobs", 0, Logprobs.MOST).orElse(0);
    List<String> include = parameters.strings("include");
    for (String what : include) {
      if (!what.equals(LOGPROBS) && !what.equals(REASONING)) {
        throw Fault.unsupported("include", "this server includes " + LOGPROBS + " alone");
      }
    }
    if (include.contains(LOGPROBS)) {
      options.logprobs(top);
    } else if (top > 0) {
      throw Fault.parameter("top_logprobs", "expected only with " + LOGPROBS + " in include");
    }
  }

  /** Reasoning is returned as a whole, so a summary may be asked for, but no effort. */
  private static boolean asksForNothing(JsonNode reasoning) {
    JsonNode effort = reasoning.path("effort");
    return reasoning.isObject()
        && reasoning.properties().stream()
            .allMatch(f -> List.of("effort", "summary", "generate_summary").contains(f.getKey()))
        && (effort.isMissingNode() || effort.isNull());
  }

  private static void ignoreStreamOptions(Parameters parameters) {
    Optional<JsonNode> options = parameters.value("stream_options");
    if (options.isPresent()) {
      Parameters fields = new Parameters(options.get());
      fields.ignore("include_obfuscation");
      fields.requireNoOthers();
    }
  }

  private static void refuse(Parameters parameters) {
    parameters.refuse("background", Sampling::isFalse);
    parameters.refuse("prompt", prompt -> false);
    parameters.refuse("reasoning", ResponsesEndpoint::asksForNothing);
    parameters.refuse("truncation", way -> way.asText().equals("disabled"));
    // Options of tools that a server runs itself, of which there are none.
    parameters.ignore("max_tool_calls", "prompt_cache_retention");
  }
}
