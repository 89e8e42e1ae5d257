package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Continues texts: {@code /v1/completions}. */
final class CompletionEndpoint implements Endpoint {

  private static final String PROMPT = "prompt";

  /** OpenAI's number of tokens where nothing is said. */
  private static final int DEFAULT_TOKENS = 16;

  private final Models models;
  private final Answering answering;
  private final ServerLimits limits;

  CompletionEndpoint(Models models, Answering answering, ServerLimits limits) {
    this.models = models;
    this.answering = answering;
    this.limits = limits;
  }

  /** What to continue. */
  private interface Prompt {

    Generation continued(
        LanguageModel model,
        GenerationOptions options,
        Consumer<String> onText,
        CancellationToken cancellation);
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    LanguageModel model = models.languageModel(name);
    call.asks(name);
    List<Prompt> prompts = prompts(parameters.required(PROMPT));
    parameters.refuse("echo", Sampling::isFalse);
    parameters.refuse("logprobs", Sampling::isFalse);
    parameters.refuse("suffix", suffix -> suffix.isTextual() && suffix.textValue().isEmpty());
    int tokens = Sampling.tokens(parameters, DEFAULT_TOKENS, limits, "max_tokens");
    Sampling sampling = Sampling.read(parameters, tokens, limits);
    parameters.requireNoOthers();
    List<AnswerPool.Job> jobs = new ArrayList<>();
    for (Prompt prompt : prompts) {
      for (int i = 0; i < sampling.choices(); i++) {
        GenerationOptions options = sampling.options(i);
        jobs.add((onText, cancellation) -> prompt.continued(model, options, onText, cancellation));
      }
    }
    Envelope envelope = Envelope.of("cmpl-", name, sampling.sendsUsage());
    answering.answer(call, jobs, prompts.size(), sampling, new CompletionFormat(envelope), PROMPT);
  }

  private List<Prompt> prompts(JsonNode json) {
    if (!json.isArray()) {
      return List.of(prompt(json));
    }
    if (json.isEmpty()) {
      throw Fault.parameter(PROMPT, "expected a text, token ids or several of these, found none");
    }
    if (json.get(0).isNumber()) {
      return List.of(prompt(json));
    }
    if (json.size() > limits.answers()) {
      throw Fault.parameter(
          PROMPT, "expected at most %d, found %d".formatted(limits.answers(), json.size()));
    }
    List<Prompt> prompts = new ArrayList<>();
    json.forEach(prompt -> prompts.add(prompt(prompt)));
    return prompts;
  }

  private static Prompt prompt(JsonNode json) {
    if (json.isTextual()) {
      String text = json.textValue();
      return (model, options, onText, cancellation) ->
          model.generate(text, options, onText, cancellation);
    }
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(
          PROMPT, "expected a text or an array of token ids, found " + Parameters.kind(json));
    }
    int[] ids = new int[json.size()];
    for (int i = 0; i < ids.length; i++) {
      if (!json.get(i).isInt()) {
        throw Fault.parameter(
            PROMPT, "expected token ids, found " + Parameters.kind(json.get(i)) + " among them");
      }
      ids[i] = json.get(i).intValue();
    }
    return (model, options, onText, cancellation) ->
        model.generate(ids, options, onText, cancellation);
  }
}
