package io.adapt4j.serve.internal.completion;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
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
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Continues texts: {@code /v1/completions}. */
public record CompletionEndpoint(
    Models models,
    AnswerPool answering,
    Limits limits,
    Shadows shadows,
    Optional<AnswerRecorder> recorder)
    implements Endpoint {

  /** OpenAI's default number of tokens. */
  private static final int DEFAULT_TOKENS = 16;

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    LanguageModel model = models.languageModel(call, parameters);
    List<Prompt> prompts = Prompt.all(parameters, limits);
    parameters.refuse("suffix", suffix -> suffix.isTextual() && suffix.textValue().isEmpty());
    int tokens = Sampling.tokens(parameters, DEFAULT_TOKENS, limits, "max_tokens");
    Sampling sampling =
        Sampling.read(call, parameters, tokens, limits, CompletionEndpoint::logprobs);
    boolean echoes = echoes(parameters, sampling);
    boolean asIds = parameters.flag("return_tokens_as_token_ids");
    Recording recording =
        Recording.read(
            recorder,
            call,
            choice ->
                List.of(ChatMessage.user(prompts.get(choice / sampling.choices()).text(model))),
            parameters);
    parameters.requireNoOthers();
    answering.requireFew(prompts.size() * sampling.choices());
    List<ModelPrompts.Prepared> prepared =
        answering.prepare(
            call,
            sampling.streams(),
            (onText, cancellation) ->
                prompts.stream()
                    .map(prompt -> prompt.prepared(model, sampling.options(), cancellation))
                    .toList(),
            Prompt.NAME);
    List<AnswerPool.Job<Generation>> jobs = new ArrayList<>();
    List<String> before = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      ModelPrompts.Prepared prompt = prepared.get(p);
      for (int i = 0; i < sampling.choices(); i++) {
        GenerationOptions options = sampling.options(i);
        before.add(echoes ? prompts.get(p).text(model) : "");
        jobs.add(
            (onText, cancellation) -> {
              Generation answer = model.generate(prompt.tokenIds(), options, onText, cancellation);
              return echoes && options.logprobs().isPresent()
                  ? echoed(model, prompt.tokenIds(), options.logprobs().getAsInt(), answer)
                  : answer;
            });
      }
    }
    Envelope envelope = Envelope.of("cmpl-", call, sampling.sendsUsage());
    CompletionReply reply =
        new CompletionReply(
            call,
            envelope,
            Logprobs.of(model, sampling.options(), asIds),
            before,
            sampling,
            recording);
    answering.answer(call, jobs, prompts.size(), reply, Prompt.NAME);
    Shadows.Copying copying =
        (version, onText, cancellation) -> {
          LanguageModel other = version.model();
          ModelPrompts.Prepared copy =
              prompts.get(0).prepared(other, sampling.options(), cancellation);
          Generation answer =
              other.generate(copy.tokenIds(), sampling.options(0), onText, cancellation);
          return reply.takeShadow(version.name(), answer);
        };
    models.shadow(call).ifPresent(version -> shadows.offer(version, copying));
  }

  private static OptionalInt logprobs(Parameters parameters) {
    return parameters.integer("logprobs", 0, Logprobs.MOST);
  }

  /** Prepends the log probabilities of the prompt, of which the first token has none. */
  private static Generation echoed(
      LanguageModel model, int[] prompt, int alternatives, Generation answer) {
    List<TokenLogprobs> tokens = new ArrayList<>();
    tokens.add(new TokenLogprobs(prompt[0], Double.NaN, List.of()));
    tokens.addAll(model.predictions(prompt, alternatives));
    tokens.addAll(answer.logprobs());
    return new Generation(
        answer.text(),
        answer.tokenIds(),
        answer.finishReason(),
        answer.promptTokens(),
        tokens,
        answer.cachedTokens());
  }

  private static boolean echoes(Parameters parameters, Sampling sampling) {
    boolean echoes = parameters.flag("echo");
    if (echoes && sampling.streams() && sampling.options().logprobs().isPresent()) {
      throw Fault.unsupported("echo", "this server does not stream logprobs of the prompt");
    }
    return echoes;
  }
}
