package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Recording;
import io.adapt4j.serve.internal.answer.Sampling;
import io.adapt4j.serve.internal.answer.Shadows;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import io.adapt4j.tools.ToolRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Answers conversations: {@code /v1/chat/completions}. */
public record ChatEndpoint(
    Models models,
    AnswerPool answering,
    Limits limits,
    Shadows shadows,
    Optional<AnswerRecorder> recorder)
    implements Endpoint {

  private static final String MESSAGES = "messages";

  @Override
  public Parameters read(Call call, Limits usual) throws IOException {
    return PictureParts.body(call, models, usual);
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    LanguageModel model = models.chatModel(call, parameters);
    PictureParts pictures = PictureParts.of(models, call);
    List<ChatMessage> messages = Messages.read(parameters, pictures);
    try (Conversation conversation = new Conversation(model, messages, pictures)) {
      // Rows of training have no pictures, so that such answers are not recorded.
      answer(call, parameters, conversation, pictures.isEmpty() ? recorder : Optional.empty());
    }
  }

  private void answer(
      Call call,
      Parameters parameters,
      Conversation conversation,
      Optional<AnswerRecorder> recording)
      throws IOException {
    LanguageModel model = conversation.model();
    List<ChatMessage> messages = conversation.messages();
    ToolFields fields = ToolFields.read(parameters);
    TextShape text = TextShape.read(parameters);
    refuse(parameters);
    Recording recorded = Recording.read(recording, call, choice -> messages, parameters);
    int tokens =
        Sampling.tokens(
            parameters, limits.newTokens(), limits, "max_completion_tokens", "max_tokens");
    Sampling sampling = Sampling.read(call, parameters, tokens, limits, ChatEndpoint::logprobs);
    parameters.requireNoOthers();
    answering.requireFew(sampling.choices());
    conversation.download(call, answering, sampling.streams());
    boolean inTurn = call.hasTurn();
    ToolPrompt prepared =
        answering.prepare(
            call,
            sampling.streams(),
            (onText, cancellation) ->
                fields.prompt(
                    conversation, text, sampling.options(), MESSAGES, inTurn, cancellation),
            MESSAGES);
    ToolRequest request = prepared.request();
    ModelPrompts.Prepared prompt = prepared.prompt();
    List<AnswerPool.Job<Generation>> jobs = new ArrayList<>();
    for (int i = 0; i < sampling.choices(); i++) {
      GenerationOptions options =
          prompt.options().toBuilder().seed(sampling.options(i).seed()).build();
      jobs.add(
          (onText, cancellation) ->
              model.generate(prompt.tokenIds(), options, onText, cancellation));
    }
    Envelope envelope = Envelope.of("chatcmpl-", call, sampling.sendsUsage());
    Optional<Logprobs> logprobs = Logprobs.of(model, sampling.options());
    ChatReply reply = new ChatReply(call, envelope, logprobs, request, sampling, recorded);
    answering.answer(call, jobs, 1, reply, MESSAGES);
    Shadows.Copying copying =
        (version, onText, cancellation) -> {
          ToolPrompt copy =
              fields.prompt(
                  new Conversation(version.model(), messages, PictureParts.none()),
                  text,
                  sampling.options(),
                  MESSAGES,
                  false,
                  cancellation);
          Generation answer = copy.generate(version.model(), onText, cancellation);
          return reply.takeShadow(version.name(), copy.request(), answer);
        };
    models.shadow(call).ifPresent(version -> shadows.offer(version, copying));
  }

  /** Reads a flag and the number of alternatives. */
  private static OptionalInt logprobs(Parameters parameters) {
    boolean wanted = parameters.flag("logprobs");
    int top = parameters.integer("top_logprobs", 0, Logprobs.MOST).orElse(0);
    if (top > 0 && !wanted) {
      throw Fault.parameter("top_logprobs", "expected only with \"logprobs\": true");
    }
    return wanted ? OptionalInt.of(top) : OptionalInt.empty();
  }

  private static void refuse(Parameters parameters) {
    parameters.refuse("functions", JsonNode::isEmpty);
    parameters.refuse("function_call", choice -> List.of("none", "auto").contains(choice.asText()));
    parameters.refuse("modalities", kinds -> kinds.toString().equals("[\"text\"]"));
    parameters.refuse("audio", audio -> false);
    parameters.refuse("prediction", prediction -> false);
    parameters.refuse("reasoning_effort", effort -> effort.asText().equals("none"));
    parameters.refuse("verbosity", verbosity -> verbosity.asText().equals("medium"));
    parameters.refuse("web_search_options", options -> false);
  }
}
